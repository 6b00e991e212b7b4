"""Whoever holds the phone may be somebody else: the panic word, discreet answers, silence, and more on demand."""

import pytest
from sqlalchemy import update

from core.messages import Say
from core.segments import segments
from core.store import Store, cases, people
from core.store.tables import message
from tests.channels.test_turns import Gateway, person, said

WEATHER = ["Sunny, 31 degrees."]


@pytest.fixture
def gateway(sqlite_store: Store) -> Gateway:
    return Gateway(sqlite_store)


def press(gateway: Gateway, payload: str) -> None:
    """Let the assistant offer a choice, so that 1 presses it."""
    gateway.rasa.answer = lambda: said("utter_greet", ("Choice", payload))


async def choose(gateway: Gateway, payload: str) -> list[str]:
    press(gateway, payload)
    await gateway.ask("please help me the boss is here")
    return await gateway.ask("1")


def older(store: Store, seconds: float) -> None:
    """Make everything older that was written."""
    store.write_now(lambda tx: tx.connection.execute(update(message).values(created_at=message.c.created_at - seconds)))


async def test_after_the_panic_word_everything_is_weather_until_the_menu_is_asked_for(gateway: Gateway) -> None:
    await gateway.ask("hello")
    assert await gateway.ask("x") == WEATHER
    before = len(gateway.rasa.asked)
    for text in ("who is this", "1", "madam has my passport", "🙏"):
        assert await gateway.ask(text) == WEATHER
    assert len(gateway.rasa.asked) == before
    assert await gateway.ask("menu") == ["Topics"]
    await gateway.ask("hello")
    assert gateway.rasa.asked[-1]["quiet_at"]


async def test_the_way_out_of_danger_stays_open_behind_the_weather(gateway: Gateway) -> None:
    await gateway.ask("x")
    assert await gateway.ask("he is beating me") == ["I am here. Call 999 (Qatar)."]


async def test_an_hour_later_the_weather_is_over_and_the_talk_is_fresh(gateway: Gateway) -> None:
    await gateway.ask("x")
    older(gateway.store, 3700)
    assert await gateway.ask("hello") == ["Hello"]
    assert gateway.rasa.asked[-1]["quiet_at"]


async def test_an_hour_of_silence_is_told_to_the_assistant_once(gateway: Gateway) -> None:
    await gateway.ask("hello")
    assert gateway.rasa.asked[-1]["quiet_at"] is None
    older(gateway.store, 3700)
    await gateway.ask("hello")
    first = gateway.rasa.asked[-1]["quiet_at"]
    await gateway.ask("hello again")
    assert first
    assert gateway.rasa.asked[-1]["quiet_at"] == first


async def test_danger_leaves_what_was_being_asked(gateway: Gateway) -> None:
    await gateway.ask("hello")
    await gateway.ask("he is beating me")
    await gateway.ask("yes")
    assert gateway.rasa.asked[-1]["quiet_at"]


async def test_the_button_in_the_gate_is_an_emergency(gateway: Gateway) -> None:
    assert await choose(gateway, "/in_danger") == ["I am here. Call 999 (Qatar)."]
    case = gateway.case()
    assert case is not None
    assert case.reason == "violence_now"


async def test_the_panic_word_tells_the_counsellor_that_the_phone_may_be_seen(gateway: Gateway) -> None:
    await gateway.ask("person")
    await gateway.ask("x")
    brief = gateway.store.read_now(lambda tx: cases.brief_of(tx, cases.open_case(tx, person(tx).id)))
    assert brief.safe_to_write == "phone may be seen"


async def test_a_word_of_ones_own_does_the_same(gateway: Gateway) -> None:
    assert await choose(gateway, "/panic_word") == ["One word, please."]
    assert await gateway.ask("two words") == ["Another word, please."]
    assert await gateway.ask("Mango!") == ["Noted."]
    assert await gateway.ask("mango") == WEATHER
    assert await gateway.ask("menu") == ["Topics"]
    press(gateway, "/menu")
    assert await gateway.ask("a mango please") == ["Hello\n1 Choice"]


async def test_the_word_is_kept_as_a_tag_and_forgotten_with_the_rest(gateway: Gateway) -> None:
    await choose(gateway, "/panic_word")
    await gateway.ask("mango")
    assert gateway.store.read_now(lambda tx: people.is_panic_word(tx, person(tx), "mango"))
    assert not gateway.store.read_now(lambda tx: people.is_panic_word(tx, person(tx), "melon"))
    await choose(gateway, "/delete_my_data_yes")
    assert not gateway.store.read_now(lambda tx: people.is_panic_word(tx, person(tx), "mango"))


async def test_a_command_is_obeyed_and_not_taken_for_a_word(gateway: Gateway) -> None:
    await choose(gateway, "/panic_word")
    assert await gateway.ask("menu") == ["Topics"]


async def test_discreet_answers_begin_with_a_harmless_line(gateway: Gateway) -> None:
    assert await choose(gateway, "/discreet_on") == ["Cloudy.\nDiscreet from now on."]
    press(gateway, "/menu")
    assert await gateway.ask("hello") == ["Cloudy.\nHello\n1 Choice"]
    assert await choose(gateway, "/discreet_off") == ["As before."]


@pytest.mark.parametrize(
    ("payload", "answer"), [("/phone_safety", "You can set these."), ("/delete_chat", "Hold, delete.")]
)
async def test_what_the_phone_can_do_is_said_with_the_assistant_stopped(
    gateway: Gateway, payload: str, answer: str
) -> None:
    assert await choose(gateway, payload) == [answer]


async def test_by_sms_more_comes_piece_by_piece_when_asked_for(gateway: Gateway) -> None:
    gateway.rasa.answer = lambda: said("utter_wages", ("Complain", "/report_abuse"))
    assert await gateway.ask("my pay") == ["Pay.\n1 More\n2 Complain"]
    pieces = []
    for _ in range(5):
        piece = " ".join(await gateway.ask("1"))
        pieces.append(piece)
        if "1 More" not in piece:
            break
    assert pieces[0].startswith("You worked. You get it.")
    assert pieces[-1].endswith("\n1 Complain")
    assert all(segments(piece).count <= 3 for piece in pieces)
    assert " ".join(pieces).count("Write down") == 10


async def test_long_answers_by_sms_become_several_messages(gateway: Gateway) -> None:
    wordy = ("x" * 300 + ".",)
    pages = gateway.turns._tools.wording.words.pages(
        [said_as(text) for text in (*wordy, *wordy, "Choose:")], "en", "sms"
    )
    assert [len(page.text) for page in pages] == [301, 309]
    assert len(gateway.turns._tools.wording.words.pages([said_as("a"), said_as("b")], "en", "web")) == 1


def said_as(text: str) -> Say:
    """Return something said in final words."""
    return Say(key="utter_greet", arguments={}, text=text)
