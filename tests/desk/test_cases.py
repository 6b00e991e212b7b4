"""The talk: seen by whom it is for, taken by exactly one, answered, given back and closed."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from core.crypto import new_id
from core.messages import Say
from core.risk import Level
from core.segments import segments
from core.splitting import MOST_SEGMENTS
from core.store import Store, alerts, cases, claims, jobs, messages, people
from core.store.jobs import Priority
from core.store.tables import audit, session
from desk.replies import LONGEST
from tests.desk.house import House

RACERS = 50


def said_to(house: House, who) -> list[tuple[str, str]]:
    """What a person was sent, in order, as it will leave the outbox."""
    sent = []
    while job := house.store.write_now(lambda tx: claims.claim(tx, "send", 60)):
        message = house.store.read_now(lambda tx, found=job: messages.get(tx, found.message_id))
        assert message.person_id == who.id
        sent.append((message.author, message.text))
        house.store.write_now(lambda tx, found=job: jobs.finish(tx, found))
    return sent


def actions(house: House, case: str) -> list[str]:
    query = select(audit.c.action).where(audit.c.case_id == case).order_by(audit.c.id)
    return house.store.read_now(lambda tx: list(tx.connection.execute(query).scalars()))


def handles(page: str) -> list[str]:
    return re.findall(r"<b>([a-z]+ [a-z]+ \d+)</b>", page)


def test_a_talk_from_taking_to_closing(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes("मेरो पासपोर्ट")
    case = house.case(who)

    assert asha.submit(f"/cases/{case}/take").headers["location"] == f"/cases/{case}"
    assert asha.submit(f"/cases/{case}/reply", text=" Namaste,\r\nI am Asha. ").status_code == 303
    assert asha.submit(f"/cases/{case}/close").headers["location"] == "/"

    assert said_to(house, who) == [
        ("service", "Asha अहिले यहाँ हुनुहुन्छ।"),
        ("counsellor", "Namaste,\nI am Asha."),
        ("service", "Asha ले कुराकानी टुङ्ग्याउनुभयो।"),
    ]
    assert actions(house, case) == ["case opened", "case taken", "replied", "case closed"]
    assert house.state(case) == "closed"
    assert asha.get(f"/cases/{case}").status_code == 404


def test_replies_go_before_notices_and_after_emergencies(house: House) -> None:
    asha = house.member("Asha")
    case = house.case()
    asha.submit(f"/cases/{case}/take")
    job = house.store.write_now(lambda tx: claims.claim(tx, "send", 60))

    assert job.priority == Priority.REPLY


def test_of_fifty_who_take_at_once_exactly_one_gets_it(open_house, store: Store) -> None:
    house = open_house(store)
    who = house.writes()
    case = house.case(who)
    team = [house.member(f"Member {number}") for number in range(RACERS)]
    with ThreadPoolExecutor(RACERS) as threads:
        answers = list(threads.map(lambda member: member.submit(f"/cases/{case}/take"), team))
    winners = [number for number, answer in enumerate(answers) if answer.status_code == 303]

    assert len(winners) == 1
    losers = [answer for answer in answers if answer.status_code == 409]
    assert len(losers) == RACERS - 1
    assert all(f"Member {winners[0]} was faster" in answer.text for answer in losers)
    assert len(said_to(house, who)) == 1
    assert actions(house, case).count("case taken") == 1


def test_taking_twice_says_it_once(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)

    assert [asha.submit(f"/cases/{case}/take").status_code for _ in range(2)] == [303, 303]
    assert len(said_to(house, who)) == 1


def test_a_case_given_back_waits_again_and_can_be_taken_by_another(house: House) -> None:
    asha, bina = house.member("Asha"), house.member("Bina")
    who = house.writes()
    case = house.case(who)
    asha.submit(f"/cases/{case}/take")
    asha.submit(f"/cases/{case}/give-back")

    assert said_to(house, who)[1:] == [("service", "You are still in line.")]
    assert house.state(case) == "waiting"
    assert asha.submit(f"/cases/{case}/reply", text="still here?").status_code == 409
    assert bina.submit(f"/cases/{case}/take").status_code == 303


def test_nobody_speaks_before_taking(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)

    for path, fields in (("reply", {"text": "hello"}), ("close", {}), ("give-back", {})):
        assert asha.submit(f"/cases/{case}/{path}", **fields).status_code == 409
    assert said_to(house, who) == []
    assert actions(house, case) == ["case opened"]


@pytest.mark.parametrize("text", ["", "  \n ", "\0\x1b", "x" * (LONGEST + 1)])
def test_a_reply_that_cannot_be_sent_is_refused(house: House, text: str) -> None:
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)
    asha.submit(f"/cases/{case}/take")

    assert asha.submit(f"/cases/{case}/reply", text=text).status_code == 400
    assert len(said_to(house, who)) == 1


def test_a_long_reply_by_sms_goes_out_in_parts_that_phones_take_and_in_order(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)
    asha.submit(f"/cases/{case}/take")
    said_to(house, who)
    text = "तपाईंको राहदानी आफैँसँग राख्नुहोस्। " * 40
    assert asha.submit(f"/cases/{case}/reply", text=text).status_code == 303

    parts = [part for author, part in said_to(house, who) if author == "counsellor"]
    assert len(parts) > 1
    assert all(segments(part).count <= MOST_SEGMENTS for part in parts)
    assert " ".join(re.sub(r" \(\d+/\d+\)$", "", part) for part in parts) == text.strip()


def test_missing_words_keep_nobody_from_the_case(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)
    house.store.write_now(lambda tx: people.set_language(tx, who.id, "xx", chosen=True))
    asha.submit(f"/cases/{case}/take")

    assert said_to(house, who) == [("service", "Asha is here now: a person.")]


def test_those_in_danger_stand_first_then_the_longest_waiting(house: House) -> None:
    asha = house.member("Asha")
    people_in_order = []
    for risk in (Level.NORMAL, Level.HIGH, Level.NORMAL, Level.DANGER):
        who = house.writes()
        house.case(who, risk=risk, reason="violence_now" if risk == Level.DANGER else "talk_to_human")
        people_in_order.append(who.handle)
        house.store.clock.forward(60)
    page = asha.get("/").text
    first, second, third, fourth = people_in_order

    assert handles(page) == [fourth, second, first, third]
    assert 'data-dangers="1"' in page
    assert "Violence now" in page
    assert "4 min" in page


def test_the_lists_tell_mine_from_those_of_others(house: House) -> None:
    asha, bina = house.member("Asha"), house.member("Bina")
    mine, theirs, waiting = (house.case() for _ in range(3))
    asha.submit(f"/cases/{mine}/take")
    bina.submit(f"/cases/{theirs}/take")
    page = asha.get("/").text
    lists = {name: text for name, text in re.findall(r'data-list="(\w+)">(.*?)</ul>', page, re.S)}

    assert waiting in lists["waiting"]
    assert mine in lists["mine"]
    assert "with <bdi>Bina</bdi>" in lists["others"]
    assert theirs not in page


def test_the_talk_shows_the_brief_and_the_messages_in_order(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes("they keep my passport")
    house.says(who, "Who keeps it?")
    house.writes("the boss", who=who)
    flags = (("documents_kept", "keep my passport"), ("a_new_code", ""))
    case = house.case(who, origin="NP", destination="QA", flags=flags, safe_to_write="no")
    page = asha.get(f"/cases/{case}").text
    places = [page.index(words) for words in (">they keep my passport<", ">Who keeps it?<", ">the boss<")]

    assert places == sorted(places)
    for words in (
        "Nepal → Qatar",
        "Passport or papers kept",
        "keep my passport</q>",
        "A new code",
        "the phone may be seen",
    ):
        assert words in page
    assert page.count("Nepali") > 1


def test_what_the_machine_said_is_shown_in_the_language_of_the_counsellor(house: House) -> None:
    who = house.writes("कति?")
    fees = Say(
        key="utter_fees", arguments={"amount": {"money": 10000, "currency": "NPR"}}, buttons=(("Yes", "/affirm"),)
    )
    house.says(who, "एजेन्टले बढीमा NPR 10,000 माग्न सक्छ।", fees)
    house.says(who, "अर्को", Say(key="no_such_key", arguments={}))
    case = house.case(who)
    english = house.member("Asha", languages=("en",)).get(f"/cases/{case}").text
    nepali = house.member("Bina", languages=("es", "ne")).get(f"/cases/{case}").text

    assert ">The agent may ask at most NPR 10,000.\n• Yes<" in english
    assert "as it was sent" in english
    assert ">अर्को<" in english
    assert "The agent may" not in nepali
    assert ">एजेन्टले बढीमा NPR 10,000 माग्न सक्छ।<" in nepali


def test_every_view_of_a_talk_stands_in_the_audit_log_and_an_unchanged_one_is_no_view(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)
    part = asha.get(f"/cases/{case}", headers={"X-Fragment": "1"})
    same = asha.get(f"/cases/{case}", headers={"X-Fragment": "1", "If-None-Match": part.headers["etag"]})
    house.writes("more", who=who)
    more = asha.get(f"/cases/{case}", headers={"X-Fragment": "1", "If-None-Match": part.headers["etag"]})
    asha.get(f"/cases/{case}")

    assert (part.status_code, same.status_code, same.content, more.status_code) == (200, 304, b"", 200)
    assert actions(house, case) == ["case opened"] + 3 * ["case viewed"]


def test_who_wants_no_messages_cannot_be_written_to(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)
    asha.submit(f"/cases/{case}/take")
    house.store.write_now(lambda tx: people.set_stopped(tx, who.id, True))

    assert "no more messages" in asha.get(f"/cases/{case}").text
    assert "<textarea" not in asha.get(f"/cases/{case}").text
    refused = asha.submit(f"/cases/{case}/reply", text="hello")
    assert (refused.status_code, "no more messages" in refused.text) == (409, True)


def test_a_desk_never_shows_an_address(house: House) -> None:
    lead = house.member("Lea", "supervisor")
    who = house.writes()
    case = house.case(who)
    address = house.store.read_now(lambda tx: people.address_of(tx, who))
    job_id = new_id()
    house.store.write_now(lambda tx: jobs.put(tx, "send", who.id, 99, said_id(tx, who, job_id), Priority.REPLY))
    dead = house.store.write_now(lambda tx: claims.claim(tx, "send", 60))
    house.store.write_now(lambda tx: jobs.bury(tx, dead, "21610"))
    house.store.clock.forward(3 * 3600)
    lead = house.member("Leo", "supervisor")
    pages = [lead.get(path).text for path in ("/", f"/cases/{case}", "/dead")]

    assert not any(address in page or address.lstrip("+") in page for page in pages)
    assert "21610" in pages[2]
    assert who.handle in pages[2]
    assert "3 h 00 min" in pages[2]


def said_id(tx, who, _) -> str:
    return messages.record_outbound(tx, who, author="assistant", text="x")[0]


def test_what_cannot_be_shown_is_named(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes("my contract", kind="media")
    house.writes("", kind="location", who=who)
    house.writes("", who=who)
    page = asha.get(f"/cases/{house.case(who)}").text

    for words in (">[a picture, sound or file]\nmy contract<", ">[a place on the map]<", ">[nothing written]<"):
        assert words in page


def test_of_a_long_talk_the_newest_messages_are_shown_and_the_rest_is_said_to_be_missing(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes("the first")
    for number in range(200):
        house.says(who, f"answer {number}.")
    page = asha.get(f"/cases/{house.case(who)}").text

    assert "answer 199." in page
    assert "the first" not in page
    assert "Only the newest 200 messages" in page


def test_a_case_that_turns_dangerous_is_shown_so(house: House) -> None:
    asha = house.member("Asha")
    who = house.writes()
    case = house.case(who)
    house.case(who, risk=Level.DANGER, reason="locked_in")

    assert house.store.read_now(lambda tx: cases.get(tx, case).risk) == Level.DANGER
    assert "Locked in" in asha.get("/").text


def buried(house: House, text: str = "x") -> tuple[str, int]:
    who = house.writes()

    def work(tx):
        found, seq = messages.record_outbound(tx, who, author="assistant", text=text)
        jobs.put(tx, "send", who.id, seq, found, Priority.REPLY)
        claimed = claims.claim(tx, "send", 60)
        jobs.bury(tx, claimed, "21610")
        messages.mark_failed(tx, found, "21610")
        return found, claimed.id

    return house.store.write_now(work)


def audit_actions(house: House) -> list[str]:
    return list(house.store.read_now(lambda tx: tx.connection.scalars(select(audit.c.action)).all()))


def test_a_lead_lets_a_dead_letter_run_again(house: House) -> None:
    message, letter = buried(house)
    lead = house.member("Lea", "supervisor")
    assert f"/dead/{letter}/again" in lead.get("/dead").text

    lead.submit(f"/dead/{letter}/again")

    assert house.store.read_now(lambda tx: messages.get(tx, message)).state == "queued"
    assert house.store.write_now(lambda tx: claims.claim(tx, "send", 60)).message_id == message
    assert "dead letter tried again" in audit_actions(house)


def test_a_lead_drops_a_dead_letter_and_its_message_stays_in_the_talk(house: House) -> None:
    message, letter = buried(house)
    lead = house.member("Lea", "supervisor")

    lead.submit(f"/dead/{letter}/drop")
    lead.submit(f"/dead/{letter}/drop")

    assert house.store.read_now(lambda tx: messages.get(tx, message)).state == "failed"
    assert house.store.write_now(lambda tx: claims.claim(tx, "send", 60)) is None
    assert audit_actions(house).count("dead letter dropped") == 1


@pytest.mark.parametrize(("code", "words"), [("stopped", "Wants no more messages"), ("goodbye", "silenced us")])
def test_an_alert_stands_in_the_list_in_the_talk_and_among_the_signs(house: House, code: str, words: str) -> None:
    asha = house.member("Asha")
    who = house.writes("please")
    case = house.case(who)
    asha.submit(f"/cases/{case}/take")
    assert words not in asha.get(f"/cases/{case}").text

    house.store.write_now(lambda tx: alerts.alert(tx, who.id, code, "END <b>"))
    for path in ("/", f"/cases/{case}"):
        page = asha.get(path).text
        assert re.search(rf'data-alert="[^"]*{words}', page)
    assert "END &lt;b&gt;" in page
    assert page.count('class="alert"') == 2

    house.store.write_now(lambda tx: alerts.calm(tx, who.id))
    assert "data-alert" not in asha.get("/").text


def test_who_waits_too_long_is_marked_until_somebody_takes_the_talk(house: House) -> None:
    asha = house.member("Asha")
    case = house.case()
    house.store.write_now(lambda tx: alerts.escalate(tx, 0))
    assert "data-late" in asha.get("/").text
    asha.submit(f"/cases/{case}/take")
    assert "data-late" not in asha.get("/").text


def test_an_open_page_is_a_sign_that_somebody_is_there(house: House) -> None:
    asha = house.member("Asha")
    with asha.stream("GET", "/events") as stream:
        next(stream.iter_lines())
        assert house.store.read_now(lambda tx: tx.connection.scalars(select(session.c.listened_at)).all()) == [
            house.store.clock()
        ]
