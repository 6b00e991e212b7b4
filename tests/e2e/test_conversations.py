"""People talk to the running product: real Rasa, actions, gateway and twilio library, with Twilio on loopback."""

import re
import time

import httpx
import pytest

from core.risk import Level
from core.segments import segments
from core.store import cases, messages, people
from tests.e2e.product import Counsellor, Product

pytestmark = pytest.mark.rasa
DEVANAGARI = re.compile(r"[\u0900-\u097f]")
ARABIC = re.compile(r"[\u0600-\u06ff]")


def number(last: int) -> str:
    """Make up a phone number for one test."""
    return f"+1500555{last:04}"


def case_of(amana: Product, address: str, channel: str = "sms"):
    def work(tx):
        who = people.find(tx, channel, address)
        return who and cases.open_case(tx, who.id)

    return amana.store.read_now(work)


def test_a_nepali_sms_about_fees_is_answered_in_nepali_with_the_law_and_its_date(amana: Product) -> None:
    answer = amana.ask("नेपालबाट कतार जान एजेन्टले कति पैसा लिन पाउँछ?", sender=number(101))

    assert DEVANAGARI.search(answer)
    assert "10,000" in answer
    assert "2026" in answer
    assert segments(answer).count <= 4


def test_a_romanised_nepali_sms_is_answered_in_nepali(amana: Product) -> None:
    answer = amana.ask("malai qatar jana agent lai kati paisa tirnu parxa?", sender=number(102))
    assert DEVANAGARI.search(answer)
    answer = amana.ask("nepal", sender=number(102))
    assert "10,000" in answer


def test_a_spanish_whatsapp_runs_the_offer_check_to_its_result(amana: Product) -> None:
    def say(text: str) -> str:
        return amana.ask(text, sender=number(103), brand="whatsapp")

    assert "1 " in say("hola")
    assert "moneda" in say("quiero revisar una oferta de trabajo")
    say("100000 rupias")
    first = say("india")
    assert "INR 100,000" in first
    assert "INR 30,000" in first
    assert "2017" in first
    for answer in ("Qatar", "2", "2", "no tengo el numero de licencia", "no", "no", "no", "no"):
        say(answer)
    result = say("no")

    assert "INR 100,000" in result
    assert re.search(r"1\. .*2\. .*3\. .*4\. ", result, re.DOTALL)
    assert not re.search(r"víctima|ilegal|estafa", result, re.IGNORECASE)


def test_an_offer_told_at_once_is_not_asked_for_again_and_sms_gets_one_sign_first(amana: Product) -> None:
    def say(text: str) -> str:
        return amana.ask(text, sender=number(104))

    first = say("please check this offer: hotel job in Doha, agent in Nepal wants 150000 rupees, visit visa")
    assert "NPR 150,000" in first
    assert "NPR 10,000" in first
    for answer in ("2", "2", "2", "2", "1", "2"):
        say(answer)
    result = say("2")
    assert "1 Tell me all" in result
    before = len(amana.answers(number(104)))
    say("1")
    amana.answer(number(104), before + 1)  # several messages of three segments at most
    more = " ".join(sent.body for sent in amana.answers(number(104))[before:])
    assert "licence" in more
    assert "contract" in more


def test_questions_can_be_skipped_and_an_offer_without_signs_is_not_called_safe(amana: Product) -> None:
    def say(text: str) -> str:
        return amana.ask(text, sender=number(105))

    say("check offer")
    for answer in ("0", "Kenya", "Qatar", "1", "1", "yes", "yes", "no", "no", "no"):
        result = say(answer)
    assert "no proof" in result.lower() or "does not prove" in result.lower()


def test_talk_to_a_person_reaches_a_counsellor_and_the_reply_arrives_as_sms(amana: Product) -> None:
    address = number(106)
    answer = amana.ask("I want to talk to a person please", sender=address)
    assert "person" in answer
    found = case_of(amana, address)
    assert found is not None

    with httpx.Client(follow_redirects=True, trust_env=False) as client:
        asha = Counsellor(client, amana.settings.desk_url)
        asha.sign_in(amana.link)
        assert found.id in asha.page("/")
        before = len(amana.answers(address))
        asha.post(f"/cases/{found.id}/take").raise_for_status()
        assert "Asha" in amana.answer(address, before)
        asha.post(f"/cases/{found.id}/reply", text="Namaste, are you safe now?").raise_for_status()
        assert amana.answer(address, before + 1) == "Namaste, are you safe now?"

        # the assistant is silent now, whatever is typed
        for text in ("yes i am", "/restart", "/session_start", "how much is the fee"):
            assert amana.twilio.receive("sms", text, sender=address).status_code in (200, 204)
        time.sleep(2)
        assert len(amana.answers(address)) == before + 2
        assert "how much is the fee" in asha.page(f"/cases/{found.id}")

        asha.post(f"/cases/{found.id}/close").raise_for_status()
        assert "Asha" in amana.answer(address, before + 2)
    assert "Amana" in amana.ask("hello", sender=address)


@pytest.mark.parametrize(
    "text", ["/restart", "/session_start", '/fees{"x":1}', "／restart", "\u200b/restart", "\u202e/restart", " /back"]
)
def test_typed_commands_change_nothing(amana: Product, text: str) -> None:
    address = number(107)
    amana.ask("check offer", sender=address)
    asked = amana.ask("50000 rupees", sender=address)
    amana.ask(text, sender=address)
    # the check goes on with the same question: nothing was restarted and no slot was lost
    assert amana.ask("Nepal", sender=address) != asked


@pytest.mark.parametrize("text", ["", "🙏🙏🙏", "x " * 2500, "مرحبا " * 50, "ا" * 300])
def test_odd_texts_get_an_answer(amana: Product, text: str) -> None:
    assert amana.ask(text, sender=number(108))


def test_with_rasa_stopped_an_arabic_danger_message_is_answered_and_opens_an_urgent_case(amana: Product) -> None:
    address = "+97400000109"
    amana.stop("assistant")
    try:
        began = time.monotonic()
        answer = amana.ask("الحقوني الكفيل يضربني الان وقافل علي الباب", sender=address)
        assert time.monotonic() - began < 5
        assert ARABIC.search(answer)
        assert "999" in answer
        found = case_of(amana, address)
        assert found is not None
        assert found.risk == Level.DANGER
        assert "1 " in amana.ask("كم الرسوم", sender=address)
        assert ARABIC.search(amana.ask("العربية", sender=address))
    finally:
        amana.start("assistant")
    assert amana.ask("مرحبا", sender=address)


def test_with_the_action_server_stopped_there_is_one_coherent_answer(amana: Product) -> None:
    amana.stop("actions")
    try:
        assert "1 " in amana.ask("how much may the agent take in india", sender=number(110))
    finally:
        amana.start("actions")
    assert "INR 30,000" in amana.ask("how much may the agent take in india", sender=number(110))


def test_killing_the_gateway_between_intake_and_turn_loses_nothing(amana: Product) -> None:
    addresses = [number(200 + index) for index in range(20)]
    for address in addresses:
        assert amana.twilio.receive("sms", "hello", sender=address).status_code in (200, 204)
    amana.stop("channels", force=True)
    amana.start("channels")
    for address in addresses:
        assert amana.answer(address, 0, seconds=90)
    time.sleep(1)
    sent = {address: len(amana.answers(address)) for address in addresses}
    # at most one message was in the air when the process was killed, for each sender at work
    assert all(count in (1, 2) for count in sent.values())
    assert sum(count - 1 for count in sent.values()) <= amana.settings.send_workers


def test_a_repeated_message_is_answered_once(amana: Product) -> None:
    address = number(111)
    params = amana.twilio.incoming("sms", "hello", sender=address)
    for _ in range(3):
        assert amana.twilio.post("/hooks/sms", params).status_code in (200, 204)
    amana.answer(address, 0)
    time.sleep(1)
    assert len(amana.answers(address)) == 1


def test_nothing_that_people_wrote_and_no_number_is_in_a_log_or_in_clear_on_disk(amana: Product) -> None:
    address, canary = number(112), "marmalade-canary"
    amana.ask(f"my name is {canary} and i am in qatar", sender=address)
    amana.ask("check offer", sender=address)
    amana.ask(f"{canary} again", sender=address)
    files = [path for path in amana.log.iterdir() if path.is_file()]
    assert any(path.name.startswith("tracker") for path in files)
    for path in files:
        content = path.read_bytes()
        for secret in (canary, address, address.lstrip("+"), "namaste, are you safe".title()):
            assert secret.encode() not in content, f"{secret} in {path.name}"


def test_what_was_sent_is_marked_when_receipts_come(amana: Product) -> None:
    address = number(113)
    amana.ask("hello", sender=address)
    sent = amana.answers(address)[0]
    assert amana.twilio.post_status(sent, "delivered").status_code in (200, 204)

    def state(tx):
        return messages.conversation(tx, people.find(tx, "sms", address), direction="out")[0].state

    until = time.monotonic() + 5
    while amana.store.read_now(state) != "delivered" and time.monotonic() < until:
        time.sleep(0.1)
    assert amana.store.read_now(state) == "delivered"
