"""Opt-out: every word of every language ends all sending at once, and whoever has the case learns of it (R31)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import structlog
import yaml

from channels.outbox import Outbox
from channels.turns import Turns
from core import commands
from core.commands import SILENCING
from core.config import ROOT
from core.handover import Brief, take
from core.messages import Inbound
from core.store import Store, Tx, cases, jobs, messages, people, staff
from core.store.jobs import Priority
from core.store.silence import end_silence, silence
from tests.channels.test_outbox import FakeChannel
from tests.channels.test_turns import Gateway, person
from tests.conftest import Clock

DATA = ROOT / "data"
STOPS = {
    path.parent.name: yaml.safe_load(path.read_text("utf-8"))["stop"] for path in sorted(DATA.glob("*/commands.yml"))
}
KNOWN = commands.load(DATA)
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str, "capitals": str.upper, "title": str.title, "with a stop": "{}.".format,
    "with marks": "{} !!!".format, "quoted": "«{}»".format, "spaces": "  {}\n".format,
    "begun in Spanish": "¡{}!".format, "with a hand": "{} 🙏".format,
    "unseen": lambda word: f"\u200b{word[:1]}\u200d{word[1:]}\ufeff", "from right to left": "\u202b{}\u202c".format,
}  # fmt: skip


class Talk(Gateway):
    """Turns with the real words of all languages, and a channel that remembers what it was given."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        tools = replace(self.turns._tools, commands=KNOWN)
        self.turns = Turns(tools, lambda: None, count=1, seconds=8)
        self.channel = FakeChannel()
        self.outbox = Outbox(store, {"sms": self.channel}, count=1, random=lambda: 0.5, log=structlog.get_logger())

    def queue(self, count: int) -> None:
        def work(tx: Tx) -> None:
            for number in range(count):
                found, seq = messages.record_outbound(tx, person(tx), author="counsellor", text=f"waits {number}")
                jobs.put(tx, "send", person(tx).id, seq, found, Priority.REPLY)

        self.store.write_now(work)

    async def send_all(self) -> list[str]:
        while taken := await self.outbox.workers._claim():
            for one in taken:
                self.outbox.workers._busy += 1
                await self.outbox.workers._take(one)
        return [message.text for message in self.channel.taken]

    def in_a_case(self, state: str) -> str:
        def work(tx: Tx) -> str:
            case, _ = cases.open_for(tx, person(tx), risk=0, reason="talk_to_human", brief=Brief())
            if state == "taken":
                asha = staff.add(tx, "Asha", "counsellor")
                cases.change(tx, case.id, asha.id, "case taken", lambda one: take(one, asha.id, tx.now))
            return case.id

        return self.store.write_now(work)

    def alert(self) -> tuple[str | None, tuple[tuple[str, str], ...]]:
        """What the counsellor sees of the only case, and its signs."""

        def work(tx: Tx) -> tuple[str | None, tuple[tuple[str, str], ...]]:
            (row,) = cases.queue(tx)
            return row.alert, cases.brief_of(tx, row.case).flags

        return self.store.read_now(work)

    def stopped(self) -> bool:
        return self.store.read_now(lambda tx: person(tx).stopped)


@pytest.fixture
def talk(sqlite_store: Store) -> Talk:
    return Talk(sqlite_store)


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("language", STOPS)
def test_every_word_that_ends_all_is_known_however_it_is_typed(language: str, spell: Callable[[str], str]) -> None:
    unknown = [word for word in STOPS[language] if (found := KNOWN.find(spell(word))) is None or found.action != "stop"]
    assert unknown == []


@pytest.mark.parametrize("language", STOPS)
async def test_it_ends_all_sending_at_once_and_nothing_that_waited_goes_out(
    talk: Talk, clock: Clock, language: str
) -> None:
    await talk.ask("hello")
    assert await talk.send_all() == ["Hello"]
    talk.queue(5)
    talk.receive(STOPS[language][0].upper() + " !")
    await talk.handle()
    assert talk.stopped()
    confirmation = "No more messages. START brings me back."
    assert await talk.send_all() == ["Hello", confirmation]
    clock.forward(1)
    talk.queue(2)  # somebody who did not know
    assert await talk.send_all() == ["Hello", confirmation]
    reopened = Talk(talk.store)  # the process was started anew
    reopened.queue(1)
    assert await reopened.send_all() == []


@pytest.mark.parametrize("state", ["waiting", "taken"])
@pytest.mark.parametrize("language", STOPS)
async def test_in_a_live_case_the_counsellor_is_alerted_to_a_stop(talk: Talk, language: str, state: str) -> None:
    await talk.ask("hello")
    talk.in_a_case(state)
    word = f"{STOPS[language][0]}."
    await talk.ask(word)
    assert talk.alert() == ("stopped", (("stopped", word),))
    await talk.ask("start")
    assert talk.alert()[0] is None


@pytest.mark.parametrize("typed", ["END", "end.", "Quit", " QUIT!! ", "cancel", "Arrêt"])
@pytest.mark.parametrize("state", ["waiting", "taken"])
async def test_in_a_live_case_a_word_that_may_silence_us_alerts_the_counsellor(
    talk: Talk, typed: str, state: str
) -> None:
    await talk.ask("hello")
    talk.in_a_case(state)
    await talk.ask(typed)
    code = "stopped" if KNOWN.find(typed) else "goodbye"
    assert talk.alert() == (code, ((code, typed),))
    assert talk.stopped() is (code == "stopped")


@pytest.mark.parametrize("typed", ["in the end he paid", "I want to quit my job", "end of the month", "the weekend"])
async def test_in_a_sentence_it_alerts_nobody(talk: Talk, typed: str) -> None:
    await talk.ask("hello")
    talk.in_a_case("taken")
    await talk.ask(typed)
    assert talk.alert() == (None, ())


async def test_without_a_case_nobody_is_alerted_and_nothing_breaks(talk: Talk) -> None:
    assert await talk.ask("END") == ["Hello"]
    assert not talk.stopped()


async def test_signs_that_were_there_stay_and_the_alert_is_noted_once(talk: Talk) -> None:
    await talk.ask("he is beating me")
    for _ in range(3):
        await talk.ask("QUIT")
    alert, flags = talk.alert()
    assert alert == "goodbye"
    assert [code for code, _ in flags] == ["violence_now", "goodbye"]


async def test_a_send_that_was_refused_because_of_an_opt_out_alerts_too(talk: Talk) -> None:
    from core.errors import OptedOut

    await talk.ask("hello")
    talk.in_a_case("taken")
    talk.channel.failures = [OptedOut("21610")]
    await talk.send_all()
    assert talk.alert()[0] == "stopped"


def test_who_stops_at_one_door_of_a_phone_stops_at_the_other(sqlite_store: Store) -> None:
    def come(tx: Tx, channel: str, address: str) -> str:
        inbound = Inbound(channel=channel, address=address, sender="x", provider_id=channel + address, text="hi")
        return people.find_or_create(tx, inbound, "en").id

    def work(tx: Tx) -> list[bool]:
        phone, other = "+15005550001", "+15005550002"
        ids = [come(tx, name, phone) for name in ("sms", "sms_gateway", "whatsapp")] + [come(tx, "sms_gateway", other)]
        silence(tx, ids[0])
        silenced = [people.get(tx, one).stopped for one in ids]
        end_silence(tx, ids[1])
        return silenced + [people.get(tx, one).stopped for one in ids]

    assert sqlite_store.write_now(work) == [True, True, False, False] + [False] * 4


def test_the_words_of_the_providers_are_single_words() -> None:
    assert all(word == word.lower() and word.isascii() and " " not in word for word in SILENCING)
    assert commands.may_silence("¡END!")
    assert not commands.may_silence("the end")
