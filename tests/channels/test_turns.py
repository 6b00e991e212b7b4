"""Turns: what works with the assistant stopped, who has the floor, and that nothing is said twice or lost."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
import structlog

from channels.assistant import Assistant
from channels.outcome import Wording
from channels.replies import Replies
from channels.turns import Tools, Turns
from core import handover
from core.commands import Commands
from core.knowledge import Knowledge, Line
from core.languages import Identifier, LatinModel
from core.messages import Inbound
from core.responses import Responses
from core.risk import DangerCheck, Level
from core.store import Store, Tx, buttons, cases, jobs, messages, people, staff
from core.store.jobs import Priority
from core.words import Words

ADDRESS = "+97400000001"
ENGLISH = {
    ("fees", "How much?"): "In {country}: {cap}.",
    ("greet", "Hi"): "Hello",
    ("fallback", "f"): "I cannot look it up now.",
    ("fallback|sms", "f"): "Cannot look it up.",
    ("person_waiting", "w"): "A person was called.",
    ("person_already", "a"): "Still waiting.",
    ("person_delayed", "d"): "Nobody is free yet.",
    ("person_withdrawn", "p"): "Nobody will come.",
    ("danger_violence_now", "d"): "I am here. {numbers}",
    ("numbers_country", "n"): "Call {numbers} ({country}).",
    ("numbers_general", "g"): "Call 112 or 999.",
    ("emergency_fallback", "e"): "{numbers} Write PERSON.",
    ("stop_done", "s"): "No more messages. START brings me back.",
    ("start_done", "s"): "Welcome back.",
    ("help", "h"): "MENU, PERSON, STOP",
    ("menu", "m"): "Topics",
    ("panic", "x"): "Sunny, 31 degrees.",
    ("language_set", "l"): "English from now on.",
    ("language_not_offered", "c"): "Not in {language} yet, but in {languages}.",
    ("phone_safety", "p"): "You can set these.",
    ("panic_word_ask", "p"): "One word, please.",
    ("panic_word_set", "p"): "Noted.",
    ("panic_word_not", "p"): "Another word, please.",
    ("discreet_on", "p"): "Discreet from now on.",
    ("discreet_off", "p"): "As before.",
    ("discreet_line", "p"): "Cloudy.",
    ("delete_chat_sms", "p"): "Hold, delete.",
    ("wages", "w"): "Pay.\n\nYou worked. You get it.\n\n" + "Write down each day what you did, and for how long. " * 10,
    ("wages|sms", "w"): "Pay.",
    ("media", "m"): "I cannot see pictures.",
    ("location", "l"): "I cannot read maps.",
    ("empty", "e"): "No words came.",
    ("deleted", "d"): "All is deleted.",
}
SPANISH = {("danger_violence_now", "d"): "Estoy aqui. {numbers}", ("language_set", "l"): "Ahora en espanol."}


CHOICES = {"fallback": (("Talk to a person", "/talk_to_human"), ("Emergency numbers", "/emergency_numbers"))}


class FakeRasa:
    """Answers turns with what the test says; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self.answer: Callable[[], httpx.Response] = lambda: said("utter_greet")

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["X-Amana-Secret"] == "secret"
        if request.method == "DELETE":
            return self.answer()
        self.asked.append(json.loads(request.content))
        return marked(self.answer(), str(self.asked[-1]["turn_id"]))


def marked(answer: httpx.Response, turn_id: str) -> httpx.Response:
    """Put the mark of the turn into an answer that has none yet, as the assistant does."""
    if not answer.content.startswith(b'{"turn_id":"t"'):
        return answer
    return httpx.Response(answer.status_code, json={**answer.json(), "turn_id": turn_id})


def said(key: str, *titles: tuple[str, str], **arguments: object) -> httpx.Response:
    buttons = [{"title_key": title, "payload": payload} for title, payload in titles]
    say = {"say": key, "arguments": arguments, "buttons": buttons, "text": "?"}
    understood = {"intent": "greet", "confidence": 0.9, "flags": []}
    return httpx.Response(200, json={"turn_id": "t", "status": "ok", "said": [say], "understood": understood})


class Gateway:
    """Turns over a store, with a fake assistant."""

    def __init__(self, store: Store) -> None:
        self.store, self.rasa = store, FakeRasa()
        qatar = Line(
            country="QA", source="s", checked_on="2026-11-22", tellable=True, name="Police", numbers="999",
            kind="emergency", hours="", languages="",
        )  # fmt: skip
        danger = {"violence_now": {"phrases": ["beating me", "me esta pegando"]}}
        tools = Tools(
            store=store,
            assistant=Assistant("http://rasa", "secret", 8, transport=httpx.MockTransport(self.rasa)),
            wording=Wording(
                words=Words({"en": ENGLISH, "es": SPANISH}),
                text_limit=lambda _: 300,
                medium=lambda name: {"twilio": "sms"}.get(name, name),
            ),
            commands=Commands(
                {
                    "en": {
                        "stop": ["stop"],
                        "start": ["start"],
                        "person": ["person"],
                        "no": ["no"],
                        "panic": ["x"],
                        "menu": ["menu"],
                    }
                }
            ),
            danger=DangerCheck({"en": danger}),
            identifier=Identifier(
                LatinModel.train([("en", "please help me the boss is here"), ("es", "ayuda por favor me esta pegando")])
            ),
            replies=Replies(Responses(CHOICES, {}), Knowledge([], [], [qatar])),
            default_language="en",
            log=structlog.get_logger(),
        )
        self.turns = Turns(tools, lambda: None, count=1, seconds=8)
        self._count = 0

    def receive(self, text: str, **more: object) -> None:
        self._count += 1
        inbound = Inbound(
            channel="sms", address=ADDRESS, sender="+15005550006", provider_id=f"SM{self._count}", text=text
        )

        def work(tx: Tx) -> None:
            who = people.find_or_create(tx, inbound, "en")
            found = messages.record_inbound(tx, who, replace(inbound, **more))
            assert found
            jobs.put(tx, "turn", who.id, found[1], found[0], Priority.REPLY)

        self.store.write_now(work)

    async def handle(self) -> None:
        """Take every turn that is there, as a worker does."""
        while taken := await self.turns.workers._claim():
            for one in taken:
                self.turns.workers._busy += 1
                await self.turns.workers._take(one)

    async def ask(self, text: str, **more: object) -> list[str]:
        before = len(self.said())
        self.receive(text, **more)
        await self.handle()
        return self.said()[before:]

    def said(self) -> list[str]:
        return self.store.read_now(
            lambda tx: [m.text for m in messages.conversation(tx, person(tx), direction="out")] if person(tx) else []
        )

    def case(self) -> handover.Case | None:
        return self.store.read_now(lambda tx: cases.open_case(tx, person(tx).id))


def person(tx: Tx) -> people.Person:
    return people.find(tx, "sms", ADDRESS)  # type: ignore[return-value]


@pytest.fixture
def gateway(sqlite_store: Store) -> Gateway:
    return Gateway(sqlite_store)


def down() -> httpx.Response:
    raise httpx.ConnectError("down")


def hangs() -> httpx.Response:
    raise httpx.ReadTimeout("hangs")


def resets() -> httpx.Response:
    raise httpx.ReadError("connection reset")


async def test_the_assistants_keys_become_words_with_a_numbered_menu_by_sms(gateway: Gateway) -> None:
    gateway.rasa.answer = lambda: said(
        "utter_fees", ("Person", "/talk_to_human"), country={"country": "NP"}, cap={"money": 10000, "currency": "NPR"}
    )

    assert await gateway.ask("how much") == ["In Nepal: NPR 10,000.\n1 Person"]
    assert gateway.rasa.asked[0]["text"] == "how much"
    assert "payload" not in gateway.rasa.asked[0]


async def test_a_number_stands_for_the_choice_of_the_newest_menu_only(gateway: Gateway) -> None:
    gateway.rasa.answer = lambda: said("utter_greet", ("Yes", "/affirm"), ("No", "/deny"))
    await gateway.ask("hello")
    gateway.rasa.answer = lambda: said("utter_greet")
    await gateway.ask("२")
    await gateway.ask("2")

    assert [call.get("payload") or call.get("text") for call in gateway.rasa.asked] == ["hello", "/deny", "2"]


async def test_typed_payloads_reach_the_assistant_as_text_only(gateway: Gateway) -> None:
    await gateway.ask("/restart")
    assert gateway.rasa.asked[0]["text"] == "/restart"
    assert "payload" not in gateway.rasa.asked[0]


async def test_a_button_of_somebody_else_is_not_obeyed(gateway: Gateway) -> None:
    await gateway.ask("hello")
    other = gateway.store.write_now(
        lambda tx: buttons.issue(
            tx,
            people.find_or_create(
                tx, Inbound(channel="sms", address="+15005550099", sender="s", provider_id="o"), "en"
            ).id,
            ["/talk_to_human"],
        )
    )
    await gateway.ask("", button=other[0], kind="button")

    assert all("payload" not in call for call in gateway.rasa.asked)


@pytest.mark.parametrize(
    "answer",
    [
        down,
        lambda: httpx.Response(200, json=[]),
        lambda: httpx.Response(200, json={"status": "failed", "said": []}),
        lambda: httpx.Response(200, json={"status": "ok", "said": []}),
        lambda: httpx.Response(200, json={"status": "ok", "said": [{"arguments": {}}]}),
        lambda: httpx.Response(200, text="<html>"),
        lambda: httpx.Response(200, text="null"),
        lambda: httpx.Response(200, text=""),
        lambda: httpx.Response(500),
        hangs,
        resets,
    ],
)
async def test_a_failing_assistant_still_gives_one_coherent_answer(gateway: Gateway, answer: Callable) -> None:
    gateway.rasa.answer = answer
    assert await gateway.ask("how much may the agent take") == [
        "Cannot look it up.\n1 Talk to a person\n2 Emergency numbers"
    ]
    assert await gateway.ask("2") == ["Call 999 (Qatar). Write PERSON."]
    assert await gateway.ask("how much") == ["Cannot look it up.\n1 Talk to a person\n2 Emergency numbers"]
    assert await gateway.ask("1") == ["A person was called."]
    assert gateway.case() is not None


async def test_danger_is_answered_with_the_number_of_the_country_and_opens_an_urgent_case(gateway: Gateway) -> None:
    gateway.rasa.answer = down
    assert await gateway.ask("ayuda por favor me esta pegando") == ["Estoy aqui. Call 999 (Catar)."]
    opened = gateway.case()
    assert opened is not None
    assert (opened.risk, opened.reason, opened.language) == (Level.DANGER, "violence_now", "es")
    brief = gateway.store.read_now(lambda tx: cases.brief_of(tx, opened))
    assert brief.flags == (("violence_now", "me esta pegando"),)
    assert gateway.rasa.asked == []


async def test_the_assistant_is_silent_while_a_counsellor_has_the_floor_and_back_afterwards(gateway: Gateway) -> None:
    await gateway.ask("person")
    opened = gateway.case()
    assert opened is not None
    member = gateway.store.write_now(lambda tx: staff.add(tx, "Asha", "counsellor"))
    now = gateway.store.clock()
    step = gateway.store.write_now
    step(lambda tx: cases.change(tx, opened.id, member.id, "taken", lambda c: handover.take(c, member.id, now)))

    assert await gateway.ask("hello, are you there?") == []
    assert await gateway.ask("/restart") == []
    assert await gateway.ask("he is beating me") == []
    assert gateway.case().risk == Level.DANGER
    assert gateway.rasa.asked == []

    step(lambda tx: cases.change(tx, opened.id, member.id, "closed", lambda c: handover.close(c, member.id, now)))
    assert await gateway.ask("hello again") == ["Hello"]


async def test_no_after_a_person_was_called_withdraws_the_case(gateway: Gateway) -> None:
    await gateway.ask("person")
    assert await gateway.ask("No!") == ["Nobody will come."]
    assert gateway.case() is None
    await gateway.ask("no")
    assert gateway.rasa.asked[-1]["text"] == "no"


async def test_what_only_the_second_line_finds_is_answered_as_danger_too(gateway: Gateway) -> None:
    answer = json.loads(said("utter_greet").content)
    answer["understood"]["danger"] = {"code": "violence_now", "quote": "up the stairs", "confidence": 0.8}
    gateway.rasa.answer = lambda: httpx.Response(200, json=answer)

    (reply,) = await gateway.ask("he is coming up the stairs with the belt")

    opened = gateway.case()
    assert opened is not None
    assert (opened.risk, opened.reason) == (Level.DANGER, "violence_now")
    assert reply.startswith("I am here.")


async def test_an_unknown_danger_is_no_answer_to_rely_on(gateway: Gateway) -> None:
    answer = json.loads(said("utter_greet").content)
    answer["understood"]["danger"] = {"code": "bad_weather", "quote": "rain", "confidence": 0.8}
    gateway.rasa.answer = lambda: httpx.Response(200, json=answer)

    (reply,) = await gateway.ask("rain")

    assert reply.startswith("Cannot look it up.")
    assert gateway.case() is None


async def test_stop_ends_all_answers_but_never_the_way_out_of_danger(gateway: Gateway) -> None:
    assert await gateway.ask("STOP") == ["No more messages. START brings me back."]
    assert await gateway.ask("how much?") == ["No more messages. START brings me back."]
    assert await gateway.ask("he is beating me") == ["I am here. Call 999 (Qatar)."]
    assert await gateway.ask("start") == ["Welcome back."]
    assert await gateway.ask("hello") == ["Hello"]


async def test_a_chosen_language_stays_until_another_is_chosen(gateway: Gateway) -> None:
    assert await gateway.ask("Español") == ["Ahora en espanol."]
    await gateway.ask("please help me the boss is here please")
    assert gateway.rasa.asked[-1]["language"] == "es"
    assert await gateway.ask("english") == ["English from now on."]
    assert await gateway.ask("Amharic") == ["Not in Amharic yet, but in English, Español."]


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("media", "", "I cannot see pictures."),
        ("location", "", "I cannot read maps."),
        ("text", "   ", "No words came."),
        ("text", "🙏🙏", "No words came."),
    ],
)
async def test_messages_without_words_get_a_polite_answer(gateway: Gateway, kind: str, text: str, answer: str) -> None:
    assert await gateway.ask(text, kind=kind) == [answer]


async def test_the_panic_word_shows_nothing_but_weather(gateway: Gateway) -> None:
    assert await gateway.ask("X") == ["Sunny, 31 degrees."]


async def test_erasing_leaves_a_confirmation_and_then_nothing(gateway: Gateway) -> None:
    await gateway.ask("my secret is marmalade")
    gateway.rasa.answer = lambda: said("utter_greet", ("Yes, delete", "/delete_my_data_yes"))
    await gateway.ask("delete")
    assert await gateway.ask("1") == []
    assert gateway.said() == ["All is deleted."]
    texts = gateway.store.read_now(lambda tx: [m.text for m in messages.conversation(tx, person(tx))])
    assert texts == ["", "All is deleted."]


async def test_a_long_answer_is_cut_at_a_border_and_keeps_its_order(gateway: Gateway) -> None:
    sentence = "One sentence that is neither short nor long. "
    gateway.rasa.answer = lambda: said("utter_fees", country=sentence * 10, cap="0")
    parts = await gateway.ask("how much")
    assert all(len(part) <= 300 for part in parts)
    assert [part[-5:] for part in parts] == [f"({n}/{len(parts)})" for n in range(1, len(parts) + 1)]
    assert " ".join(part[:-6] for part in parts).split() == f"In {sentence * 10}: 0.".split()


async def test_a_turn_that_breaks_is_tried_again_and_then_answered_anyway(gateway: Gateway, clock) -> None:
    gateway.rasa.answer = lambda: said("utter_unknown_key")
    gateway.receive("hello")
    for _ in range(5):
        await gateway.handle()
        clock.forward(10)
    assert gateway.said() == ["Cannot look it up.\n1 Talk to a person\n2 Emergency numbers"]
    assert gateway.store.read_now(jobs.counts) == {("send", "ready"): 1}


async def test_two_workers_never_answer_one_message_twice(gateway: Gateway) -> None:
    gateway.receive("hello")
    await asyncio.gather(gateway.handle(), gateway.handle())
    assert gateway.said() == ["Hello"]


async def test_a_machine_on_the_other_side_does_not_keep_us_talking(gateway: Gateway) -> None:
    """It sends back whatever it gets, as a bot does that says "unknown command: ..." (R32)."""
    words, sent = "hello", 0
    for _ in range(100):
        answers = await gateway.ask(words)
        sent += len(answers)
        words = answers[-1] if answers else words
    assert sent <= 10
    assert await gateway.ask("now a person writes") == ["Hello"]


async def test_a_machine_that_always_says_the_same_does_not_keep_us_talking(gateway: Gateway) -> None:
    sent = sum([len(await gateway.ask("I am away until Monday.")) for _ in range(100)])
    assert sent <= 6
    assert await gateway.ask("he is beating me") == ["I am here. Call 999 (Qatar)."]
