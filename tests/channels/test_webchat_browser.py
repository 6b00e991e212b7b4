"""The web page in a real browser: writing, right-to-left, buttons, lost connections, and leaving without a trace."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.store import Tx, people
from core.store.messages import Message
from tests.channels.harness import Answer, Gateway, gateway, say

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong
SHOTS = Path("test-results")
ARABIC = "لا تدفع شيئًا الآن. اطلب رقم الترخيص (RL 1234) كتابةً."
PHONE = {"width": 320, "height": 568}
DESKTOP = {"width": 1200, "height": 800}


def script(message: Message) -> Answer | None:
    if message.text == "سلام":
        return Answer(text=ARABIC, choices=(("نعم", "/affirm"), ("لا أعرف", "/dont_know"), ("أريد شخصًا", "/talk")))
    if message.text == "silence":
        return None
    if message.text == "attack":
        return Answer(text="<img src=x onerror=alert(1)> <b>bold</b> https://example.org/a?b=1.")
    return Answer(
        text='Stop before you pay. One thing in this offer is a warning sign:\n\n"Today": people who rush you do not '
        "want you to check.\n\nDo you know the licence number?",
        choices=(("I have it", "/affirm"), ("I don't know", "/dont_know"), ("Talk to a person", "/talk_to_human")),
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("Chromium is not installed; install it with `apt-get install chromium` and run the tests again")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Gateway]:
    with gateway(tmp_path, script=script) as opened:
        yield opened


class Visit:
    """A page, the errors it made and what it asked the network for."""

    def __init__(self, browser: Browser, url: str, size: dict[str, int], **more: object) -> None:
        self.context = browser.new_context(viewport=size, **more)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.on("request", lambda request: self.asked.append(request.url))
        # the neutral page, without the internet
        self.context.route(
            "https://www.bbc.com/**",
            lambda route: route.fulfill(body="<title>Weather</title>Sunny", content_type="text/html"),
        )
        self.page.goto(url)
        expect(self.page.locator("#text")).to_be_visible()

    def write(self, text: str) -> None:
        self.page.locator("#text").fill(text)
        self.page.keyboard.press("Enter")

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
def test_somebody_writes_and_is_answered(browser: Browser, running: Gateway, name: str, size: dict[str, int]) -> None:
    visit = Visit(browser, running.url, size, has_touch=name == "phone")
    visit.shot(f"chat-{name}-1-empty")
    visit.write("agent wants 1.5 lakh today, visit visa")

    expect(visit.page.locator("li.assistant .said")).to_contain_text("Stop before you pay")
    expect(visit.page.locator("li.assistant .choices button")).to_have_count(3)
    visit.shot(f"chat-{name}-2-answer")
    visit.page.get_by_role("button", name="I don't know").click()

    expect(visit.page.locator("li.mine")).to_have_count(2)
    expect(visit.page.locator("li.assistant")).to_have_count(2)
    expect(visit.page.get_by_role("button", name="I don't know").first).to_be_disabled()
    visit.shot(f"chat-{name}-3-pressed")
    assert [(message.text, message.kind) for message in running.everything_in()] == [
        ("agent wants 1.5 lakh today, visit visa", "text"), ("I don't know", "button"),
    ]  # fmt: skip
    assert visit.overflow() <= 0
    assert visit.errors == []
    assert all(url.startswith(running.url) for url in visit.asked)
    assert not any("." in url.removeprefix(running.url).split("?")[-1] for url in visit.asked if "stream" in url)


def test_arabic_runs_from_right_to_left_inside_an_english_page(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, PHONE)
    visit.write("سلام")
    answer = visit.page.locator("li.assistant .said")
    expect(answer).to_have_text(ARABIC)
    visit.shot("chat-phone-4-arabic")

    assert answer.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert visit.page.evaluate("document.documentElement.dir") == "ltr"
    assert visit.overflow() <= 0


def test_the_whole_page_turns_around_for_arabic(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, PHONE, locale="ar-EG")
    expect(visit.page.locator("#text")).to_have_attribute("placeholder", "اكتب هنا")
    visit.write("سلام")
    expect(visit.page.locator("li.assistant .said")).to_have_text(ARABIC)
    visit.shot("chat-phone-7-arabic-page")
    assert visit.page.evaluate("[document.documentElement.dir, document.documentElement.lang]") == ["rtl", "ar"]
    assert visit.overflow() <= 0

    visit.page.locator("#language").select_option("en")
    expect(visit.page.locator("#leave")).to_have_text("Leave now")
    expect(visit.page.locator("li.assistant .said")).to_have_text(ARABIC)
    assert visit.page.evaluate("document.documentElement.dir") == "ltr"
    assert visit.errors == []


def test_one_of_the_three_doors_begins_the_talk(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, PHONE)
    visit.page.get_by_role("button", name="Talk to a person").click()
    expect(visit.page.locator("li.assistant")).to_have_count(1)

    (message,) = running.everything_in()
    assert (message.text, message.kind) == ("Talk to a person", "text")


def test_what_others_wrote_is_text_and_only_a_web_address_becomes_a_link(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, PHONE)
    visit.write("attack")
    answer = visit.page.locator("li.assistant .said")
    expect(answer).to_contain_text("<b>bold</b>")

    assert answer.locator("img, b").count() == 0
    assert answer.locator("a").get_attribute("href") == "https://example.org/a?b=1"
    assert visit.errors == []


def test_a_counsellor_is_named_and_nobody_pretends_that_she_is_typing(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, PHONE)
    visit.write("silence")
    expect(visit.page.locator("li.typing")).to_be_visible()

    def counsel(tx: Tx) -> None:
        (message,) = running.everything_in()
        say(tx, people.get(tx, message.person_id).id, Answer(text="Namaste, I am Asha.", author="counsellor"))

    running.store.write_now(counsel)
    expect(visit.page.locator("li.counsellor .name")).to_have_text("Counsellor")
    visit.shot("chat-phone-5-counsellor")
    expect(visit.page.locator("li.typing")).to_have_count(0)
    visit.write("silence")
    time.sleep(0.5)
    expect(visit.page.locator("li.typing")).to_have_count(0)


def assert_gone(visit: Visit, running: Gateway) -> None:
    """Nothing of the talk is left in the browser, and its token is dead."""
    visit.page.wait_for_url("https://www.bbc.com/weather")
    assert visit.context.cookies() == []
    assert visit.context.storage_state() == {"cookies": [], "origins": []}
    visit.page.go_back()
    visit.page.wait_for_timeout(300)
    assert "secret words" not in visit.page.content()
    (message,) = running.everything_in()
    who = running.store.read_now(lambda tx: people.get(tx, message.person_id))
    assert running.store.read_now(lambda tx: people.address_of(tx, who)) == ""


def test_the_exit_covers_the_page_at_once_and_leaves_no_way_back(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, PHONE)
    visit.write("secret words")
    expect(visit.page.locator("li.assistant")).to_be_visible()
    visit.page.evaluate("""() => {
        const at = (id) => document.getElementById(id);
        at('leave').addEventListener('click', () => {
            window.name = [at('cover').hidden, document.title, document.querySelectorAll('li').length].join();
        });
    }""")
    visit.page.locator("#leave").click()

    assert_gone(visit, running)
    assert visit.page.evaluate("window.name") in ("false,Weather,0", "")


def test_three_times_shift_leaves_as_well(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, DESKTOP)
    visit.write("secret words")
    expect(visit.page.locator("li.assistant")).to_be_visible()
    visit.page.locator("#text").press_sequentially("Ab")
    for _ in range(3):
        visit.page.keyboard.press("Shift")

    assert_gone(visit, running)


def test_closing_the_page_ends_the_talk(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, DESKTOP)
    visit.write("secret words")
    expect(visit.page.locator("li.assistant")).to_be_visible()
    visit.page.goto("https://www.bbc.com/weather")

    assert_gone(visit, running)


def test_a_message_that_could_not_be_sent_is_sent_once_when_the_connection_is_back(
    browser: Browser, running: Gateway
) -> None:
    visit = Visit(browser, running.url, PHONE)
    visit.write("first")
    expect(visit.page.locator("li.assistant")).to_have_count(1)
    lost: list[str] = []

    def swallow(route: object) -> None:
        # the server gets it, the page never learns so
        if len(lost) < 2:
            lost.append("x")
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    visit.page.route("**/web/say", swallow)
    visit.write("second")
    expect(visit.page.locator("#state")).to_contain_text("No connection")
    visit.shot("chat-phone-6-not-sent")
    expect(visit.page.locator("li.waiting")).to_have_count(0, timeout=10_000)
    expect(visit.page.locator("#state")).to_have_text("")

    assert [message.text for message in running.everything_in()] == ["first", "second"]


def test_the_page_is_small(running: Gateway) -> None:
    files = Path("channels/static").iterdir()
    assert sum(file.stat().st_size for file in files) < 30_000


def test_a_hidden_link_before_everything_else_leaves_as_well(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, DESKTOP)
    visit.write("secret words")
    expect(visit.page.locator("li.assistant")).to_be_visible()
    visit.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    visit.page.locator("#leave-first").focus()
    assert visit.page.locator("#leave-first").bounding_box()["height"] > 20  # seen once it has the focus
    visit.page.keyboard.press("Enter")

    assert_gone(visit, running)


def test_the_cover_is_there_at_once_though_the_network_is_gone(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, PHONE)
    visit.write("secret words")
    expect(visit.page.locator("li.assistant")).to_be_visible()
    visit.context.route("https://www.bbc.com/**", lambda route: time.sleep(3))
    shown = visit.page.evaluate("""() => {
        document.getElementById('leave').click();
        const cover = document.getElementById('cover');
        const box = cover.getBoundingClientRect();
        const whole = !cover.hidden && box.width >= innerWidth && box.height >= innerHeight;
        return [whole, document.title, document.body.innerText.includes('secret')];
    }""")
    assert shown == [True, "Weather", False]  # in the same step as the press


def test_without_javascript_the_exit_is_a_link_in_the_browsers_language(browser: Browser, running: Gateway) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ar-EG")
    page = context.new_page()
    context.route("https://www.bbc.com/**", lambda route: route.fulfill(body="Sunny", content_type="text/html"))
    page.goto(running.url)
    expect(page.locator("#leave")).to_have_text("اخرج الآن")
    page.locator("#leave").click()
    page.wait_for_url("https://www.bbc.com/weather")
    context.close()


def test_a_code_is_shown_once_and_leads_back_in_another_browser(browser: Browser, running: Gateway) -> None:
    visit = Visit(browser, running.url, PHONE)
    assert visit.page.locator("#code").is_hidden()
    visit.write("secret words")
    expect(visit.page.locator("li.assistant")).to_be_visible()
    visit.page.locator("#code").click()
    note = visit.page.locator("li.note")
    expect(note).to_contain_text("Your code:")
    visit.shot("chat-phone-8-code")
    code = "".join(one for one in note.inner_text().split("\n")[0] if one.isdecimal())
    assert (len(code), visit.overflow()) == (12, 0)
    visit.page.locator("#leave").click()
    assert_gone(visit, running)

    other = Visit(browser, running.url, PHONE)
    other.page.get_by_role("button", name="I have a code").click()
    other.page.get_by_placeholder("Your 12 digits").fill("000000000000")
    other.page.keyboard.press("Enter")
    expect(other.page.locator("#state")).to_contain_text("does not work")
    other.page.get_by_placeholder("Your 12 digits").fill(code)
    other.page.keyboard.press("Enter")
    expect(other.page.locator("li.note")).to_contain_text("You are back")
    other.write("more")
    expect(other.page.locator("li.assistant")).to_have_count(2)  # the answer to the last words, and the new one
    assert "secret words" not in other.page.content()
    assert len({message.person_id for message in running.everything_in()}) == 1
    assert other.context.storage_state() == {"cookies": [], "origins": []}
    assert visit.errors == []
