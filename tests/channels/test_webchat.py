"""The web chat's API: a talk is a token, a message is counted once, and leaving is final."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from channels.http import HEADERS
from channels.page_words import KEYS, require
from channels.webchat import Webchat
from core.crypto import Vault
from core.errors import ConfigError, Forged, Malformed, Rejected
from core.messages import Hook, Inbound, Outbound
from core.store import Tx, messages, people
from core.words import Words
from tests.channels.harness import Answer, Gateway, Message, gateway, say


def script(message: Message) -> Answer | None:
    if message.text == "buttons":
        return Answer(text="Choose", choices=(("हो", "/affirm"), ("होइन", "/deny")))
    return None if message.text == "silence" else Answer(text=f"You said: {message.text}")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Gateway]:
    with gateway(tmp_path, script=script) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway for questions that change nothing that others look at."""
    with gateway(tmp_path_factory.mktemp("shared"), script=script) as opened:
        yield opened


class Talk:
    """A page's side of a talk."""

    def __init__(self, running: Gateway, language: str = "en") -> None:
        self.url = running.url
        self.language = language
        self.token = httpx.post(f"{self.url}/web/open").json()["token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def say(self, text: str, **more: object) -> httpx.Response:
        body = {"id": uuid.uuid4().hex, "text": text, "language": self.language} | more
        return httpx.post(f"{self.url}/web/say", headers=self.headers, json=body)

    def hear(self, count: int, after: int = 0) -> list[dict[str, object]]:
        heard: list[dict[str, object]] = []
        with httpx.stream(
            "GET", f"{self.url}/web/stream", params={"after": after}, headers=self.headers, timeout=10
        ) as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    heard.append(json.loads(line[6:]))
                if len(heard) == count:
                    return heard
        raise AssertionError(f"the stream ended after {len(heard)} messages")


def test_a_talk_from_opening_to_leaving(running: Gateway) -> None:
    talk = Talk(running, "ar")
    assert talk.say("buttons").status_code == 204
    (heard,) = talk.hear(1)
    assert (heard["author"], heard["text"]) == ("assistant", "Choose")
    buttons = heard["buttons"]
    assert isinstance(buttons, list)
    assert [one["title"] for one in buttons] == ["हो", "होइन"]

    assert talk.say("हो", button=buttons[0]["id"]).status_code == 204
    talk.hear(1, after=int(str(heard["seq"])))
    first, pressed = running.everything_in()
    who = running.store.read_now(lambda tx: people.get(tx, first.person_id))
    assert (who.language, who.channel, pressed.kind) == ("ar", "web", "button")
    assert running.store.read_now(lambda tx: messages.button_pressed(tx, who, pressed.id)) == buttons[0]["id"]

    assert httpx.post(f"{running.url}/web/leave", content=talk.token).status_code == 204
    assert talk.say("again").status_code == 403
    assert httpx.get(f"{running.url}/web/stream", headers=talk.headers).status_code == 403
    assert httpx.post(f"{running.url}/web/leave", content=talk.token).status_code == 204  # once more does no harm
    assert len(running.everything_in()) == 2


def test_a_message_that_is_sent_again_is_one_message(running: Gateway) -> None:
    talk = Talk(running)
    answers = [talk.say("hello", id="0" * 32).status_code for _ in range(5)]
    assert answers == [204] * 5
    assert len(talk.hear(1)) == 1
    assert [one.text for one in running.everything_in()] == ["hello"]


def test_two_talks_may_use_the_same_message_id(running: Gateway) -> None:
    for talk in (Talk(running), Talk(running)):
        assert talk.say("hello", id="0" * 32).status_code == 204
    assert len(running.everything_in()) == 2


def test_nobody_hears_what_was_said_to_another(shared: Gateway) -> None:
    mine, theirs = Talk(shared), Talk(shared)
    theirs.say("marker-of-theirs")
    theirs.hear(1)
    mine.say("hello")
    assert [one["text"] for one in mine.hear(1)] == ["You said: hello"]


def test_a_second_stream_goes_on_where_the_first_one_broke(shared: Gateway) -> None:
    talk = Talk(shared)
    talk.say("one")
    (first,) = talk.hear(1)
    talk.say("two")
    assert [one["text"] for one in talk.hear(1, after=int(str(first["seq"])))] == ["You said: two"]


def test_a_message_of_a_counsellor_in_another_process_is_heard_within_seconds(running: Gateway) -> None:
    talk = Talk(running)
    talk.say("silence")
    (message,) = running.everything_in()

    def write(tx: Tx) -> None:
        who = people.get(tx, message.person_id)
        messages.record_outbound(tx, who, author="counsellor", text="Namaste")  # without a hint to this process

    running.store.write_now(write)
    assert talk.hear(1)[0]["author"] == "counsellor"


def test_leaving_ends_the_streams_that_are_open(shared: Gateway) -> None:
    talk = Talk(shared)
    talk.say("silence")
    with httpx.stream("GET", f"{shared.url}/web/stream", headers=talk.headers, timeout=10) as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": hello"
        httpx.post(f"{shared.url}/web/leave", content=talk.token)
        assert list(lines) == [""]


def test_one_talk_may_not_hold_many_streams(shared: Gateway) -> None:
    talk = Talk(shared)
    talk.say("silence")
    with httpx.Client(headers=talk.headers, timeout=10) as client:
        streams = [client.send(client.build_request("GET", f"{shared.url}/web/stream"), stream=True) for _ in range(4)]
        assert [one.status_code for one in streams] == [200, 200, 200, 429]
        for one in streams:
            one.close()
        for _ in range(100):  # a stream that broke off is noticed
            with client.stream("GET", f"{shared.url}/web/stream") as again:
                if again.status_code == 200:
                    return
    raise AssertionError("closed streams still count")


def test_what_was_not_read_when_somebody_left_counts_as_not_sent(running: Gateway) -> None:
    talk = Talk(running)
    talk.say("silence")
    (message,) = running.everything_in()
    httpx.post(f"{running.url}/web/leave", content=talk.token)
    late = running.store.write_now(lambda tx: say(tx, message.person_id, Answer(text="too late")))
    for _ in range(100):
        found = running.store.read_now(lambda tx: messages.get(tx, late))
        if found.state != "queued":
            break
        httpx.get(f"{running.url}/health/ready")
    assert (found.state, found.error) == ("failed", "talk ended")


VAULT = Vault(b"m" * 32)
OTHER = Vault(b"n" * 32)


def new_token(vault: Vault) -> str:
    return Webchat(vault, lambda _: None).new_token()


TOKENS = {
    "nothing": "", "no scheme": new_token(VAULT), "empty": "Bearer ", "garbage": "Bearer x.y",
    "not ASCII": "Bearer é.ü", "no tag": "Bearer " + "a" * 43, "of another key": "Bearer " + new_token(OTHER),
    "another scheme": "Basic " + new_token(VAULT),
}  # fmt: skip


@pytest.mark.parametrize("header", TOKENS.values(), ids=TOKENS)
def test_a_token_that_we_did_not_make_is_forged(header: str) -> None:
    hook = Hook(method="POST", path="/web/say", query="", headers={"authorization": header}, body=b"{}")
    with pytest.raises(Forged):
        Webchat(VAULT, lambda _: None).verify(hook)


def rows(running: Gateway, table: str) -> int:
    query = f"SELECT count(*) FROM {table}"
    return int(running.store.read_now(lambda tx: tx.connection.exec_driver_sql(query).scalar_one()))


def test_who_never_writes_leaves_no_row_and_hears_nothing(running: Gateway) -> None:
    silent = [Talk(running) for _ in range(20)]
    for talk in silent[:3]:
        heard = httpx.get(f"{running.url}/web/stream", headers=talk.headers)
        coded = httpx.post(f"{running.url}/web/code", headers=talk.headers)
        assert [(answer.status_code, answer.content) for answer in (heard, coded)] == [(403, b"")] * 2
    assert [rows(running, table) for table in ("person", "message", "job")] == [0, 0, 0]
    assert rows(running, "mark WHERE name LIKE 'left:%'") == 0
    assert silent[-1].say("hello").status_code == 204
    assert rows(running, "person") == 1


def test_first_words_that_come_after_their_writer_has_fled_are_refused(running: Gateway) -> None:
    talk = Talk(running)
    assert httpx.post(f"{running.url}/web/leave", content=talk.token).status_code == 204
    assert talk.say("too late").status_code == 403
    assert running.everything_in() == []


# coming back with a code


def code_of(talk: Talk) -> str:
    answer = httpx.post(f"{talk.url}/web/code", headers=talk.headers)
    assert answer.status_code == 200
    return str(answer.json()["code"])


def resume(running: Gateway, code: str) -> httpx.Response:
    return httpx.post(f"{running.url}/web/resume", json={"code": code})


def test_only_the_code_leads_back_and_only_news_are_told(running: Gateway) -> None:
    talk = Talk(running)
    talk.say("first")
    talk.hear(1)
    talk.say("silence")
    code = code_of(talk)
    httpx.post(f"{running.url}/web/leave", content=talk.token)
    person = running.everything_in()[0].person_id
    running.store.write_now(lambda tx: say(tx, person, Answer(text="news of a counsellor")))

    grouped = f"{code[:4]} {code[4:8]}-{code[8:]}".translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    back = resume(running, grouped)
    assert back.status_code == 200
    again = Talk(running)
    again.token, again.headers = back.json()["token"], {"Authorization": f"Bearer {back.json()['token']}"}
    assert [one["text"] for one in again.hear(1, after=back.json()["after"])] == ["news of a counsellor"]
    assert again.say("I am back").status_code == 204
    assert {message.person_id for message in running.everything_in()} == {person}
    assert talk.say("the old page").status_code == 403


def test_coming_back_elsewhere_ends_the_talk_on_the_first_device(running: Gateway) -> None:
    talk = Talk(running)
    talk.say("first")
    assert resume(running, code_of(talk)).status_code == 200
    assert talk.say("the old page").status_code == 403
    assert httpx.get(f"{running.url}/web/stream", headers=talk.headers).status_code == 403


@pytest.mark.parametrize("code", ["", "1", "0" * 11, "0" * 12, "0" * 13, "x" * 5000, 7, None, {"a": 1}])
def test_another_code_leads_nowhere(shared: Gateway, code: object) -> None:
    answer = httpx.post(f"{shared.url}/web/resume", json={"code": code})
    # later ones meet the limit, which is as good
    assert (answer.status_code in (403, 429), answer.content) == (True, b"")


def test_a_new_code_replaces_the_one_before_and_nobody_can_read_either(running: Gateway) -> None:
    talk = Talk(running)
    talk.say("first")
    old, new = code_of(talk), code_of(talk)
    assert resume(running, old).status_code == 403
    kept = running.store.read_now(lambda tx: tx.connection.exec_driver_sql("SELECT * FROM person").all())
    assert old not in str(kept)
    assert new not in str(kept)
    assert resume(running, new).status_code == 200


def test_guessing_codes_is_slow(running: Gateway) -> None:
    answers = [resume(running, f"{number:012d}").status_code for number in range(20)]
    assert answers[:6] == [403] * 6
    assert set(answers[7:]) == {429}


BODIES = {
    "not JSON": b"{", "not an object": b"[1]", "no id": b'{"text": "a"}', "a short id": b'{"id": "1", "text": "a"}',
    "an id with signs": json.dumps({"id": "x" * 20 + "'", "text": "a"}).encode(),
    "text that is a number": json.dumps({"id": "0" * 32, "text": 1}).encode(),
    "a button of another kind": json.dumps({"id": "0" * 32, "button": "/restart"}).encode(),
    "half a character": b'{"id": "00000000000000000000000000000000", "text": "\\ud800"}',
    "deep": b"[" * 50_000,
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_message_that_makes_no_sense_is_malformed(body: bytes) -> None:
    webchat = Webchat(VAULT, lambda _: None)
    headers = {"authorization": f"Bearer {webchat.new_token()}"}
    hook = Hook(method="POST", path="/web/say", query="", headers=headers, body=body)
    webchat.verify(hook)
    with pytest.raises(Malformed):
        webchat.parse(hook)


@pytest.mark.parametrize(("text", "kind"), [("hello", "text"), ("", "other"), ("  ", "other"), ("🆘", "text")])
def test_what_the_page_sends_is_text_or_nothing(text: str, kind: str) -> None:
    webchat = Webchat(VAULT, lambda _: None)
    token = webchat.new_token()
    body = json.dumps({"id": "0" * 32, "text": text}).encode()
    headers = {"authorization": f"Bearer {token}"}
    (found,) = webchat.parse(Hook(method="POST", path="/web/say", query="", headers=headers, body=body))
    assert isinstance(found, Inbound)
    assert (found.address, found.kind, found.text) == (token, kind, text)


async def test_sending_hints_the_streams_of_that_talk_only() -> None:
    hinted: list[str] = []
    webchat = Webchat(VAULT, hinted.append)
    letter = Outbound(reference="r", channel="web", address="token", sender="web", text="x")
    assert await webchat.send(letter) == "r"
    assert hinted == ["token"]
    with pytest.raises(Rejected):
        await webchat.send(Outbound(reference="r", channel="web", address="", sender="web", text="x"))


def test_a_talk_that_floods_is_slowed_down_and_others_are_not(running: Gateway) -> None:
    loud, calm = Talk(running), Talk(running)
    answers = [loud.say("silence").status_code for _ in range(20)]
    assert answers[:12] == [204] * 12
    assert 429 in answers
    assert calm.say("hello").status_code == 204


def test_another_spelling_of_the_header_is_no_other_talk(shared: Gateway) -> None:
    talk = Talk(shared)
    statuses = []
    for number in range(20):
        headers = {"Authorization": "Bearer" + " " * (number + 1) + talk.token}
        said = {"id": f"{number:032x}", "text": "x"}
        statuses.append(httpx.post(f"{shared.url}/web/say", json=said, headers=headers).status_code)
    assert statuses.count(429) >= 6


def test_many_new_talks_from_one_address_are_slowed_down(running: Gateway) -> None:
    with httpx.Client() as client:
        answers = {client.post(f"{running.url}/web/open").status_code for _ in range(150)}
    assert answers == {200, 429}


@pytest.mark.parametrize("language", ["xx", 7, None, {"a": 1}, "en'; --"])
def test_a_language_that_we_do_not_have_is_the_default(shared: Gateway, language: object) -> None:
    Talk(shared).say("hello", language=language)
    newest = "SELECT language FROM person ORDER BY created_at DESC LIMIT 1"
    assert shared.store.read_now(lambda tx: tx.connection.exec_driver_sql(newest).scalar_one()) == "en"


@pytest.mark.parametrize("path", ["/", "/web/chat.js", "/web/chat.css", "/favicon.ico", "/web/words", "/nowhere"])
def test_every_answer_carries_the_headers_and_no_cookie(shared: Gateway, path: str) -> None:
    answer = httpx.get(shared.url + path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "set-cookie" not in answer.headers
    assert "server" not in answer.headers
    assert answer.status_code == (404 if path == "/nowhere" else 200)


def test_the_page_loads_nothing_from_elsewhere_and_holds_no_inline_code() -> None:
    page = Path("channels/static/chat.html").read_text()
    assert page.count("https://") == 2  # the neutral page behind the exit, and behind the hidden one
    assert "style=" not in page
    assert " on" not in page.split("<body>")[1].replace(" one", "")
    code = Path("channels/static/chat.js").read_text()
    for word in ("innerHTML", "localStorage", "sessionStorage", "document.cookie", "eval(", "indexedDB", "pushState"):
        assert word not in code


def test_the_pages_words_turn_around_for_arabic(shared: Gateway) -> None:
    arabic = httpx.get(f"{shared.url}/web/words", params={"language": "ar"}).json()
    assert (arabic["direction"], arabic["language"], arabic["words"]["exit"]) == ("rtl", "ar", "اخرج الآن")
    assert arabic["words"]["private"].startswith("No account")  # not translated in the tests' catalogue
    assert {one["code"] for one in arabic["languages"]} == {"en", "ar"}
    unknown = httpx.get(f"{shared.url}/web/words", params={"language": "../../etc"}).json()
    assert (unknown["language"], set(unknown["words"])) == ("en", set(KEYS))


def test_without_words_the_page_is_not_served() -> None:
    with pytest.raises(ConfigError, match="web_title"):
        require(Words({}))


def test_the_page_is_in_the_browsers_language_even_without_javascript(shared: Gateway) -> None:
    arabic = httpx.get(shared.url, headers={"Accept-Language": "ar-EG,ar;q=0.9"}).text
    assert '<html lang="ar" dir="rtl">' in arabic
    assert arabic.count("اخرج الآن</a>") == 2
    assert "$" not in arabic
    other = httpx.get(shared.url, headers={"Accept-Language": "<script>,x"}).text
    assert '<html lang="en" dir="ltr">' in other
    assert "<script>," not in other
