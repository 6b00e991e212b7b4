"""The desk in a real browser: coming in by link, an alarm, a talk from taking to closing, on keys alone."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.messages import Say
from core.risk import Level
from core.store import alerts, claims, jobs, messages, staff
from desk.invite import first_sign_in_link
from tests.desk.house import PASSWORD, House

pytestmark = pytest.mark.browser
LIVE_MS = 15000
"""A waiting case is seen within five seconds (R62) on a quiet machine; a busy one gets more."""
expect.set_options(timeout=LIVE_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("the browser tests need Chromium: apt-get update && apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser of its own. Nothing may be refused by the policy, and no script may fail."""
    context = chromium.new_context(viewport={"width": 1366, "height": 720})
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
    yield opened
    context.close()
    assert problems == []


def signed_in(house: House, page: Page, name: str = "Asha", role: str = "counsellor") -> Page:
    member = house.member(name, role)
    page.context.add_cookies([{"name": "desk", "value": member.token, "url": house.url}])
    page.goto(house.url)
    expect(page.locator("#line")).to_have_text("Live")
    return page


def until(page: Page, condition: str) -> None:
    """Wait for something that no element shows. Asked from outside, because the policy of the page forbids eval."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{condition} did not come true")


def sent(house: House) -> list[str]:
    texts = []
    while job := house.store.write_now(lambda tx: claims.claim(tx, "send", 60)):
        texts.append(house.store.read_now(lambda tx, found=job: messages.get(tx, found.message_id)).text)
        house.store.write_now(lambda tx, found=job: jobs.finish(tx, found))
    return texts


def test_from_the_one_time_link_to_a_closed_talk(living_house: House, page: Page) -> None:
    house = living_house
    page.goto(first_sign_in_link(house.store, house.settings))
    page.get_by_label("Your name").fill("Asha")
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_label("Show the password").check()
    expect(page.get_by_label("A password")).to_have_attribute("type", "text")
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_text("Nobody is waiting.")).to_be_visible()

    who = house.writes("he is beating me please")
    house.case(who, risk=Level.DANGER, reason="violence_now", flags=(("violence_now", "he is beating me"),))
    row = page.locator("a.row.danger")
    expect(row).to_contain_text("Violence now", timeout=LIVE_MS)
    expect(page.get_by_role("alert")).to_contain_text("Somebody in danger is waiting")
    expect(page).to_have_title(re.compile("DANGER"))

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".flags")).to_contain_text("he is beating me")
    page.keyboard.press("t")
    box = page.get_by_label("Your reply")
    expect(box).to_be_focused()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page).not_to_have_title(re.compile("DANGER"))

    page.keyboard.type("Namaste, I am Asha.")
    expect(page.locator("#length")).to_have_text("19 of 1500 · 1 SMS")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line-counsellor .bubble")).to_have_text("Namaste, I am Asha.")
    expect(box).to_have_value("")

    house.writes("yes, alone", who=who)
    expect(page.locator(".line-person .bubble").last).to_have_text("yes, alone", timeout=LIVE_MS)

    page.get_by_text("Close…").click()
    page.get_by_role("button", name="Yes, close the talk").click()
    expect(page.locator("#notice")).to_contain_text("The talk is closed")
    expect(page.locator("#talk")).to_have_count(0)
    assert sent(house) == [
        "Asha अहिले यहाँ हुनुहुन्छ।",
        "Namaste, I am Asha.",
        "Asha ले कुराकानी टुङ्ग्याउनुभयो।",
    ]


def test_the_alarm_sounds_until_it_is_silenced_and_again_for_the_next(living_house: House, page: Page) -> None:
    # counts the sounds that go on until they are stopped; the browser plays them to nobody
    page.add_init_script(
        "window.ringing = 0; const { start, stop } = AudioBufferSourceNode.prototype;"
        "AudioBufferSourceNode.prototype.start = function (...at) { this.loop && ringing++; start.apply(this, at); };"
        "AudioBufferSourceNode.prototype.stop = function (...at) { this.loop && ringing--; stop.apply(this, at); };"
    )
    house = living_house
    signed_in(house, page)
    house.case(risk=Level.DANGER, reason="locked_in")
    expect(page.get_by_text("keeps the sound off")).to_be_visible(timeout=LIVE_MS)
    page.keyboard.press("k")
    expect(page.get_by_text("keeps the sound off")).to_be_hidden()
    expect(page.get_by_role("button", name="Silence")).to_be_visible(timeout=LIVE_MS)
    until(page, "ringing === 1")

    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Silence")).to_be_hidden()
    expect(page.get_by_role("alert")).to_be_visible()
    page.wait_for_timeout(2000)
    assert page.evaluate("ringing") == 0

    house.case(risk=Level.DANGER, reason="self_harm")
    expect(page.get_by_role("button", name="Silence")).to_be_visible(timeout=LIVE_MS)
    expect(page.get_by_role("alert")).to_contain_text("2 people in danger are waiting")
    until(page, "ringing === 1")


def test_the_alarm_is_seen_on_every_page(living_house: House, page: Page) -> None:
    signed_in(living_house, page, "Ada", "admin")
    page.goto(f"{living_house.url}/team")
    living_house.case(risk=Level.DANGER, reason="locked_in")

    expect(page.get_by_role("alert")).to_contain_text("Somebody in danger is waiting", timeout=LIVE_MS)


def test_who_comes_second_is_told_who_was_faster(living_house: House, page: Page) -> None:
    house = living_house
    case = house.case()
    bina = house.member("Bina")
    signed_in(house, page)
    page.locator("a.row").click()
    # both have the talk on the screen, and the news has not come yet
    page.route("**/*", lambda route: route.abort() if "x-live" in route.request.headers else route.continue_())
    bina.submit(f"/cases/{case}/take")
    page.locator("#take").click()
    expect(page.locator("#notice")).to_contain_text("Bina was faster")
    page.unroute_all()
    expect(page.locator("[data-list=others]")).to_contain_text("with Bina", timeout=LIVE_MS)


def test_a_draft_outlives_new_messages_and_looking_at_another_talk(living_house: House, page: Page) -> None:
    house = living_house
    asha = signed_in(house, page)
    who = house.writes("one")
    first, second = house.case(who), house.case()
    for case in (first, second):
        page.goto(f"{house.url}/cases/{case}")
        page.keyboard.press("t")
        expect(page.locator("#text")).to_be_visible()
    asha.locator(f"a.row[data-id='{first}']").click()
    expect(page.locator("#talk")).to_have_attribute("data-id", first)
    page.locator("#text").fill("half a sen")
    house.writes("two", who=who)
    expect(page.locator(".line-person")).to_have_count(2, timeout=LIVE_MS)
    expect(page.locator("#text")).to_have_value("half a sen")
    expect(page.locator("#text")).to_be_focused()

    page.locator(f"a.row[data-id='{second}']").click()
    expect(page.locator("#text")).to_have_value("")
    page.go_back()
    expect(page.locator("#talk")).to_have_attribute("data-id", first)
    expect(page.locator("#text")).to_have_value("half a sen")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_news_never_take_a_button_from_under_a_finger(living_house: House, page: Page) -> None:
    house = living_house
    who = house.writes("one")
    case = house.case(who)
    signed_in(house, page)
    page.locator("a.row").click()
    place = page.locator("#take").bounding_box()
    page.mouse.move(place["x"] + 9, place["y"] + 9)
    page.mouse.down()
    house.case(who, risk=Level.DANGER, reason="locked_in")
    page.wait_for_timeout(2000)
    page.mouse.up()

    expect(page.locator("#text")).to_be_visible()
    expect(page.locator(".head")).to_contain_text("Locked in", timeout=LIVE_MS)
    assert house.state(case) == "taken"


def test_a_session_that_ends_clears_the_screen(living_house: House, page: Page) -> None:
    house = living_house
    signed_in(house, page)
    house.case(house.writes("secret words"))
    page.locator("a.row").click(timeout=LIVE_MS)
    expect(page.get_by_text("secret words")).to_be_visible()
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "desk")
    house.store.write_now(lambda tx: staff.sign_out(tx, token))

    expect(page).to_have_url(re.compile("/sign-in"), timeout=5000)
    expect(page.get_by_text("You were signed out")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("secret words")).to_have_count(0)


def test_a_lost_connection_is_said_and_mended(living_house: House, page: Page) -> None:
    house = living_house
    page.route("**/events", lambda route: route.abort())
    member = house.member()
    page.context.add_cookies([{"name": "desk", "value": member.token, "url": house.url}])
    page.goto(house.url)
    house.case()
    expect(page.locator("a.row")).to_have_count(1, timeout=2 * LIVE_MS)
    page.context.set_offline(True)
    expect(page.locator("#line")).to_have_text("Connection lost, trying again", timeout=2 * LIVE_MS)
    page.context.set_offline(False)
    house.case()
    expect(page.locator("a.row")).to_have_count(2, timeout=2 * LIVE_MS)


@pytest.mark.parametrize(("width", "height"), [(1366, 720), (1024, 768), (768, 1024), (360, 740)])
def test_it_fits_small_laptops_tablets_and_phones(living_house: House, page: Page, width: int, height: int) -> None:
    house = living_house
    page.set_viewport_size({"width": width, "height": height})
    signed_in(house, page)
    long_word = "w" * 300
    who = house.writes(f"مرحبا {long_word}", language="ar")
    house.says(who, "hello", Say(key="fees", arguments={"amount": 5}))
    case = house.case(who, risk=Level.DANGER, reason="at_sea_or_desert", flags=(("violence", long_word),))
    page.goto(f"{house.url}/cases/{case}")
    page.locator("#take").click()
    expect(page.locator("#text")).to_be_in_viewport()
    expect(page.locator(".reply button")).to_be_in_viewport()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.querySelector('.line-person .bubble')).direction") == "rtl"


def test_without_scripts_a_talk_can_still_be_taken_answered_and_closed(living_house: House, chromium: Browser) -> None:
    house = living_house
    case = house.case()
    member = house.member()
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "desk", "value": member.token, "url": house.url}])
    page = context.new_page()
    page.goto(house.url)
    page.locator("a.row").click()
    page.locator("#take").click()
    page.locator("#text").fill("hello")
    page.locator(".reply button").click()
    expect(page.locator(".line-counsellor .bubble")).to_have_text("hello")
    page.get_by_text("Close…").click()
    page.locator("#close").click()
    expect(page.get_by_text("You have no open talk.")).to_be_visible()
    context.close()

    assert house.state(case) == "closed"


def test_who_waits_too_long_and_who_is_silenced_cannot_be_overlooked(living_house: House, page: Page) -> None:
    house = living_house
    late, mine = house.writes("hello?"), house.writes("please")
    house.case(late)
    case = house.case(mine)
    desk = signed_in(house, page)
    house.store.write_now(lambda tx: alerts.escalate(tx, -1))
    expect(desk.locator("#alarm-text")).to_have_text("2 people wait too long", timeout=LIVE_MS)

    desk.goto(f"{house.url}/cases/{case}")
    desk.locator("#take").click()
    expect(desk.get_by_label("Your reply")).to_be_visible()
    expect(desk.locator("#alarm-text")).to_have_text("Somebody waits too long", timeout=LIVE_MS)
    desk.get_by_label("Your reply").fill("Are you al")
    house.store.write_now(lambda tx: alerts.alert(tx, mine.id, "goodbye", "END"))
    expect(desk.locator("#notice")).to_contain_text("may have silenced us", timeout=LIVE_MS)
    expect(desk.locator("#talk .alert")).to_contain_text("may have silenced us")
    expect(desk.locator("#lists .alert").last).to_contain_text("may have silenced us")
    expect(desk.get_by_label("Your reply")).to_have_value("Are you al")
