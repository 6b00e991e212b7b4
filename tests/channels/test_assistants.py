"""Several assistants: a conversation meets one, and all of them get their share."""

import json
from collections import Counter

import httpx
import pytest

from channels.assistant import Assistant
from channels.assistants import Assistants
from core.config import Settings
from core.crypto import new_id
from core.errors import TurnFailed
from ops import run


@pytest.fixture
def seen() -> list[tuple[str, str]]:
    return []


def made(count: int, seen: list[tuple[str, str]]) -> Assistants:
    def answer(request: httpx.Request) -> httpx.Response:
        conversation = request.url.path.rpartition("/")[2]
        seen.append((request.url.host, conversation))
        ready = not (request.url.host == "rasa-1" and request.method == "GET")
        return httpx.Response(200, json={"ready": ready})

    many = [Assistant(f"http://rasa-{n}", "secret", 8, transport=httpx.MockTransport(answer)) for n in range(count)]
    return Assistants(many)


async def test_a_conversation_always_meets_the_same_one_and_all_have_work(seen: list[tuple[str, str]]) -> None:
    several = made(3, seen)
    conversations = [new_id() for _ in range(300)]
    for conversation in conversations * 2:
        await several.forget(conversation)
    met: dict[str, set[str]] = {}
    for host, conversation in seen:
        met.setdefault(conversation, set()).add(host)
    assert all(len(hosts) == 1 for hosts in met.values())
    assert min(Counter(host for host, _ in seen).values()) > 100


async def test_they_are_ready_when_all_of_them_are(seen: list[tuple[str, str]]) -> None:
    assert await made(1, seen).answers()
    assert not await made(2, seen).answers()


def taking(host: str, broken: dict[str, Exception], seen: list[str]) -> Assistant:
    def answer(request: httpx.Request) -> httpx.Response:
        if host in broken:
            raise broken[host]
        seen.append(host)
        asked = json.loads(request.content)
        return httpx.Response(200, json={"turn_id": asked["turn_id"], "status": "ok", "said": [{"say": "utter_a"}]})

    return Assistant(f"http://{host}", "secret", 8, transport=httpx.MockTransport(answer))


async def test_while_one_is_not_there_another_takes_its_turns_and_gives_them_back() -> None:
    broken: dict[str, Exception] = {"rasa-0": httpx.ConnectError("refused")}
    hosts: list[str] = []
    several = Assistants([taking("rasa-0", broken, hosts), taking("rasa-1", broken, hosts)])
    mine = "0" * 32

    async def turn() -> None:
        await several.turn(turn_id=new_id(), conversation=mine, language="en", channel="sms", text="hello")

    for _ in range(5):  # the breaker opens meanwhile
        await turn()
    assert hosts == ["rasa-1"] * 5
    broken.clear()
    await turn()
    await turn()
    assert hosts[5:] == ["rasa-0"] * 2


async def test_one_that_may_still_be_at_work_is_not_replaced() -> None:
    broken: dict[str, Exception] = {"rasa-0": httpx.ReadTimeout("slow")}
    hosts: list[str] = []
    several = Assistants([taking("rasa-0", broken, hosts), taking("rasa-1", broken, hosts)])
    for _ in range(5):
        with pytest.raises(TurnFailed):
            await several.turn(turn_id=new_id(), conversation="0" * 32, language="en", channel="sms", text="hello")
    assert hosts == []


def test_each_is_started_on_a_port_of_its_own_and_waited_for() -> None:
    settings = Settings(rasa_processes=3, rasa_port=6000)
    started = run.side_by_side([run.Process("desk", "d"), run.Process("assistant", "cd bot && exec x")], settings)
    assert [one.name for one in started] == ["desk", "assistant", "assistant-1", "assistant-2"]
    assert started[-1].command == "export AMANA_RASA_PORT=6002; cd bot && exec x"
    assert ":6002/" in run.addresses(settings)["assistant-2"][0]
