"""Coming in: one-time links, passwords, guessing."""

import re
import statistics
import time

import pytest
from sqlalchemy import select

from core.store import Store, staff
from core.store.tables import audit
from desk.invite import first_sign_in_link
from desk.passwords import Passwords
from desk.throttle import ADDRESS, PAIR, Throttle
from tests.desk.house import PASSWORD, Browser, House


def submit_page(browser: Browser, path: str, **fields: str):
    """Fill in a form as somebody who sees the page."""
    page = browser.get(path)
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    return browser.post(path, data={"csrf": token, **fields})


def path_of_link(link: str) -> str:
    return "/welcome/" + link.rsplit("/", 1)[1]


def come_in(house: House, name: str = "Asha", password: str = PASSWORD) -> Browser:
    link = first_sign_in_link(house.store, house.settings)
    browser = house.browser()
    assert submit_page(browser, path_of_link(link), name=name, password=password).headers["location"] == "/"
    return browser


def test_the_first_link_makes_an_administrator_who_is_signed_in(house: House) -> None:
    browser = come_in(house)

    assert browser.get("/team").status_code == 200
    assert first_sign_in_link(house.store, house.settings) is None


def test_a_link_that_was_renewed_or_used_or_is_old_opens_nothing(house: House) -> None:
    renewed = first_sign_in_link(house.store, house.settings)
    used = first_sign_in_link(house.store, house.settings)
    assert house.browser().get(path_of_link(renewed)).status_code == 404
    first, second = house.browser(), house.browser()
    second_token = re.search(r'name="csrf" value="([^"]+)"', second.get(path_of_link(used)).text)[1]
    submit_page(first, path_of_link(used), name="Asha", password=PASSWORD)
    answer = second.post(path_of_link(used), data={"csrf": second_token, "name": "Eve", "password": PASSWORD})

    assert answer.status_code == 404
    assert [member.name for member in house.store.read_now(staff.everyone)] == ["Asha"]


def test_looking_at_a_link_does_not_use_it_up(house: House) -> None:
    link = path_of_link(first_sign_in_link(house.store, house.settings))

    assert [house.browser().get(link).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("Asha", "eleven char", "at least 12"),
        ("Asha", "password1234", "attackers try first"),
        ("Asha", "QWERTYuiop123", "attackers try first"),
        ("Asha", "abababababababab", "attackers try first"),
        ("Asha", "AshaAsha1AshaAsha2", "made of your name"),
        ("Chandrakala", "chandrakala1!", "made of your name"),
        ("Asha", "x" * 50 + "abcdefg" * 30, "at most 200"),
        ("A", PASSWORD, "2 to 40"),
        ("Asha\u202eevil", PASSWORD, "2 to 40"),
        ("<b>Asha</b>", PASSWORD, "2 to 40"),
        ("x" * 41, PASSWORD, "2 to 40"),
    ],
)
def test_names_and_passwords_that_are_refused_say_why(house: House, name: str, password: str, why: str) -> None:
    link = path_of_link(first_sign_in_link(house.store, house.settings))
    answer = submit_page(house.browser(), link, name=name, password=password)

    assert answer.status_code == 400
    assert why in answer.text
    assert password not in answer.text


@pytest.mark.parametrize("name", ["Asha", "आशा", "آشا", "Nguyễn Thị Hoa", "N'Diaye", "Ana-María", "අශා"])
def test_names_in_many_scripts_come_in(house: House, name: str) -> None:
    come_in(house, name)
    answer = submit_page(house.browser(), "/sign-in", name=f" {name} ", password=PASSWORD)

    assert answer.headers["location"] == "/"


def test_a_password_may_be_long_and_in_any_script(house: House) -> None:
    password = "कखगघङ चछजझञ टठडढण " * 5
    come_in(house, password=password)

    assert submit_page(house.browser(), "/sign-in", name="Asha", password=password).status_code == 303
    assert submit_page(house.browser(), "/sign-in", name="Asha", password=password[:-2]).status_code == 401


def test_unknown_names_and_wrong_passwords_get_the_same_answer(house: House) -> None:
    come_in(house)
    house.store.write_now(lambda tx: staff.add(tx, "Invited", "counsellor"))
    answers = [
        submit_page(house.browser(), "/sign-in", name=name, password="wrong wrong wrong")
        for name in ("Asha", "Nobody", "Invited", "nul\0nul")
    ]

    assert {answer.status_code for answer in answers} == {401}
    pages = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(pages) == 1


async def test_an_unknown_name_takes_as_long_as_a_known_one() -> None:
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(7):
        for known in (True, False):
            began = time.perf_counter()
            assert not await passwords.fits("wrong wrong wrong", stored if known else None)
            times[known].append(time.perf_counter() - began)

    known, unknown = statistics.median(times[True]), statistics.median(times[False])
    assert 0.5 < known / unknown < 2


async def test_nobody_has_the_password_of_nobody() -> None:
    assert not await Passwords().fits("nobody has this password", None)


def test_guessing_is_slowed_down_and_the_owner_still_comes_in(house: House) -> None:
    come_in(house)
    attacker = house.browser()
    answers = [
        submit_page(attacker, "/sign-in", name="Asha", password="wrong wrong wrong").status_code for _ in range(6)
    ]

    assert answers == [401] * PAIR.burst + [429]
    assert submit_page(attacker, "/sign-in", name="Nobody", password="wrong wrong wrong").status_code == 401


def test_throttle_counts_by_name_address_and_pair_and_gives_back_with_time() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])

    assert [throttle.wait("Asha", "a") > 0 for _ in range(PAIR.burst + 1)] == [False] * PAIR.burst + [True]
    assert throttle.wait("Asha", "b") == 0
    now[0] += PAIR.seconds
    assert throttle.wait("Asha", "a") == 0
    assert throttle.wait("Asha", "a") > 0
    assert [throttle.wait(f"name {n}", "c") > 0 for n in range(ADDRESS.burst + 1)].count(True) == 1


def test_an_attack_from_many_addresses_does_not_lock_the_owner_out() -> None:
    throttle = Throttle(lambda: 0.0)
    throttle.succeeded("Asha", "home")
    blocked = [throttle.wait("Asha", f"address {n}") > 0 for n in range(100)]

    assert blocked.count(False) == 30
    assert throttle.wait("Asha", "home") == 0


def test_signing_in_again_ends_the_session_before(house: House) -> None:
    browser = come_in(house)
    old = browser.cookies["desk"]
    browser.cookies.clear()
    browser.cookies.set("desk", old)
    page = browser.get("/sign-in")
    assert page.headers["location"] == "/"
    other = house.browser()
    token = re.search(r'name="csrf" value="([^"]+)"', other.get("/sign-in").text)[1]
    other.cookies.set("desk", old)
    answer = other.post("/sign-in", data={"csrf": token, "name": "Asha", "password": PASSWORD})

    assert answer.status_code == 303
    assert house.browser(old).get("/").status_code == 303


def test_an_invitation_shows_its_link_once_and_brings_somebody_in(house: House) -> None:
    admin = house.member("Ada", "admin")
    shown = admin.submit("/team", name="Bina", role="counsellor", languages="ne")
    link = re.search(r'value="(http[^"]+/welcome/[^"]+)"', shown.text)[1]
    newcomer = house.browser()

    assert link not in admin.get("/team").text
    assert link.startswith(house.url)
    assert submit_page(newcomer, path_of_link(link), name="Bina", password=PASSWORD).status_code == 303
    member = house.store.read_now(lambda tx: staff.by_name(tx, "Bina"))
    assert (member.role, member.languages) == ("counsellor", ("ne",))
    assert newcomer.get("/team").status_code == 404


def test_an_invitation_raises_nobody_to_another_role(house: House) -> None:
    admin = house.member("Ada", "admin")
    house.member("Bina")
    admin.submit("/team", name="Bina", role="admin")

    assert house.store.read_now(lambda tx: staff.by_name(tx, "Bina")).role == "counsellor"
    assert admin.submit("/team", name="Chitra", role="queen").status_code == 400


def test_coming_and_going_stands_in_the_audit_log(house: House) -> None:
    browser = come_in(house)
    submit_page(house.browser(), "/sign-in", name="Asha", password="wrong wrong wrong")
    csrf = re.search(r'name="csrf" content="([^"]+)"', browser.get("/").text)[1]
    browser.post("/sign-out", data={"csrf": csrf})
    lines = house.store.read_now(lambda tx: tx.connection.execute(select(audit.c.action)).scalars().all())

    assert lines == ["invited", "signed in", "sign-in refused", "signed out"]


@pytest.mark.parametrize(
    ("url", "name", "secure"), [("https://desk.example", "__Host-desk", True), (None, "desk", False)]
)
def test_the_cookie_is_bound_as_tightly_as_the_address_allows(
    open_house, sqlite_store: Store, url: str | None, name: str, secure: bool
) -> None:
    house = open_house(sqlite_store, **({"desk_url": url} if url else {}))
    link = path_of_link(first_sign_in_link(house.store, house.settings))
    browser = house.browser()
    page = browser.get(link)
    visit = re.search(r"((?:__Host-)?visit)=([^;]+)", page.headers["set-cookie"])
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    answer = browser.post(
        link,
        data={"csrf": token, "name": "Asha", "password": PASSWORD},
        headers={"Cookie": f"{visit[1]}={visit[2]}"},
    )
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(f"{name}="))

    assert {"Path=/", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    assert ("Secure" in cookie) is secure
    assert "Domain" not in cookie
    assert ("strict-transport-security" in answer.headers) is secure
