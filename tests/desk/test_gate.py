"""The gate: forms from elsewhere, sessions that end, and headers on everything."""

import re
import socket
import time
from urllib.parse import urlsplit

import pytest

from core.store import staff
from desk.headers import HEADERS
from desk.routes import routes
from tests.desk.house import Browser, House
from tests.desk.test_routes import path_of

FORMS = [route for route in routes() if route.method == "POST"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_a_form_from_elsewhere_changes_nothing(house: House, headers: dict[str, str]) -> None:
    asha = house.member()
    case = house.case()
    answer = asha.post(f"/cases/{case}/take", data={"csrf": asha.csrf}, headers=headers)

    assert answer.status_code == 403
    assert house.state(case) == "waiting"


def test_a_form_without_any_sign_of_where_it_comes_from_is_refused(house: House) -> None:
    asha = house.member()
    del asha.headers["Sec-Fetch-Site"]
    case = house.case()

    assert asha.submit(f"/cases/{case}/take").status_code == 403
    assert asha.post(f"/cases/{case}/take", data={"csrf": asha.csrf}, headers={"Origin": house.url}).status_code == 303


@pytest.mark.parametrize("route", FORMS, ids=lambda route: route.name)
def test_every_form_needs_the_token_of_its_own_session(house: House, route) -> None:
    admin = house.member("Ada", "admin")
    other = house.member("Eve", "admin")
    path = path_of(route, house)
    fields = [{}, {"csrf": ""}, {"csrf": "wrong"}, {"csrf": "é"}, {"csrf": other.csrf}, {"csrf": admin.csrf[:-1]}]

    assert [admin.post(path, data=data).status_code for data in fields] == [403] * len(fields)


def test_the_token_may_stand_in_a_header(house: House) -> None:
    asha = house.member()

    assert asha.post("/here", headers={"X-CSRF-Token": asha.csrf}).status_code == 204
    assert asha.post("/here", headers={"X-CSRF-Token": b"\xff\xfe"}).status_code == 403


def test_every_answer_carries_the_headers(house: House) -> None:
    admin, nobody = house.member("Ada", "admin"), house.browser()
    answers = []
    for route in routes():
        for browser in (admin, nobody):
            with browser.stream(route.method, path_of(route, house)) as answer:
                answers.append(answer)
    answers += [admin.get("/nothing"), nobody.get("/nothing"), admin.put("/")]
    answers.append(admin.post("/here", content=b"x" * 100_000))

    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, answer.request.url
        assert "server" not in answer.headers
        assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: z\r\n\r\n",
    ],
)
def test_a_broken_request_is_refused_with_the_headers(house: House, request_bytes: bytes) -> None:
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request_bytes)
        answer = connection.recv(65536).decode()

    assert re.match(r"HTTP/1.1 [34]\d\d ", answer)
    assert "content-security-policy" in answer.lower()
    assert "Traceback" not in answer
    assert "Exception" not in answer


def test_pages_hold_no_inline_code_and_nothing_from_elsewhere(house: House) -> None:
    admin = house.member("Ada", "admin")
    case = house.case()
    pages = [admin.get(path).text for path in ("/", f"/cases/{case}", "/team", "/dead", "/nothing")]
    pages.append(house.browser().get("/sign-in").text)

    for page in pages:
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", page)
        assert not re.search(r"(?:src|href|action)=\"(?!/|#)", page)


def idle(browser: Browser) -> int:
    return browser.get("/").status_code


def test_a_session_ends_after_fifteen_idle_minutes(house: House) -> None:
    asha = house.member()
    house.store.clock.forward(14 * 60 + 59)
    assert idle(asha) == 200
    house.store.clock.forward(15 * 60)
    assert idle(asha) == 303


def test_a_session_ends_after_ten_hours_however_busy(house: House) -> None:
    asha = house.member()
    for _ in range(42):
        house.store.clock.forward(14 * 60)
        assert idle(asha) == 200
    house.store.clock.forward(14 * 60)
    assert idle(asha) == 303


def test_what_a_page_fetches_by_itself_keeps_no_session_alive(house: House) -> None:
    asha = house.member()
    live = {"X-Fragment": "1", "X-Live": "1"}
    house.store.clock.forward(10 * 60)
    assert asha.get("/", headers=live).status_code == 200
    house.store.clock.forward(6 * 60)
    assert asha.get("/", headers=live).status_code == 401


def test_signing_out_ends_the_session_and_its_stream_at_once(house: House) -> None:
    asha = house.member()
    with asha.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: hint"
        other = house.browser(asha.token, asha.csrf)
        assert other.submit("/sign-out").headers["location"] == "/sign-in"
        began = time.monotonic()
        assert "event: ended" in list(lines)

    assert time.monotonic() - began < 5
    assert idle(house.browser(asha.token)) == 303


def test_a_stream_ends_within_five_seconds_of_its_session(house: House) -> None:
    asha = house.member()
    with asha.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: hint"
        house.store.clock.forward(staff.IDLE_SECONDS)
        began = time.monotonic()
        assert "event: ended" in list(lines)

    assert time.monotonic() - began < 5


def test_a_cookie_that_is_no_token_is_nobody(house: House) -> None:
    for value in ("x", "%ff", "é", "a" * 3000):
        answer = house.browser().get("/", headers={b"Cookie": f"desk={value}".encode()})
        assert answer.headers["location"] == "/sign-in"
