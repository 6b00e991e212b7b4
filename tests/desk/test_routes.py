"""Every route for every role: what opens and what does not, taken from the table that the app is built from."""

import pytest

from desk.routes import routes
from tests.desk.house import House

OPEN, GONE, DOOR = "open", "gone", "door"
ROLES = ("nobody", "counsellor", "supervisor", "admin")

EVERYBODY = (OPEN, OPEN, OPEN, OPEN)
STAFF = (DOOR, OPEN, OPEN, OPEN)
LEADS = (DOOR, GONE, OPEN, OPEN)
ADMINS = (DOOR, GONE, GONE, OPEN)

EXPECTED = {
    "health": EVERYBODY,
    "static_file": EVERYBODY,
    "sign_in_page": EVERYBODY,
    "sign_in": EVERYBODY,
    "welcome_page": EVERYBODY,
    "welcome": EVERYBODY,
    "sign_out": STAFF,
    "screen": STAFF,
    "events": STAFF,
    "here": STAFF,
    "show": STAFF,
    "take": STAFF,
    "reply": STAFF,
    "give_back": STAFF,
    "close": STAFF,
    "team_page": ADMINS,
    "invite": ADMINS,
    "dead_letters": LEADS,
    "try_again": LEADS,
    "drop": LEADS,
}
"""What each role finds behind each route. A new route has no row here and fails the test until somebody thinks."""


def path_of(route, house: House) -> str:
    return (
        route.path.replace("<case_id:[0-9a-f]{32}>", house.case())
        .replace("<name:str>", "desk.css")
        .replace("<token:str>", "unknown")
        .replace("<letter:[0-9]{1,18}>", "1")
    )


def found(house: House, browser, route) -> str:
    path = path_of(route, house)
    with browser.stream(route.method, path, data={"csrf": browser.csrf} if route.method == "POST" else None) as answer:
        # signing out leads there too, but takes the cookie away
        if answer.headers.get("location") == "/sign-in" and "set-cookie" not in answer.headers:
            return DOOR
        if answer.status_code == 401 and route.name == "events":
            return DOOR
        if answer.status_code == 404 and route.name not in ("welcome_page", "welcome"):
            return GONE
        assert answer.status_code < 500
        # a form without its token is refused before anything is done, by the routes that are for anyone
        assert answer.status_code != 403 or route.name in ("sign_in", "welcome")
        return OPEN


def test_every_route_has_a_row() -> None:
    assert [route.name for route in routes()] == list(dict.fromkeys(route.name for route in routes()))
    assert {route.name for route in routes()} == set(EXPECTED)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_finds_what_is_meant_for_it(house: House, role: str) -> None:
    seen = {}
    for route in routes():
        browser = house.browser() if role == "nobody" else house.member(f"{role} {route.name}"[:40], role)
        seen[route.name] = found(house, browser, route)

    assert seen == {name: row[ROLES.index(role)] for name, row in EXPECTED.items()}


def test_a_case_that_is_not_there_looks_like_one_that_is_not_for_you(house: House) -> None:
    asha, bina = house.member("Asha"), house.member("Bina")
    taken = house.case()
    closed = house.case()
    bina.submit(f"/cases/{taken}/take")
    bina.submit(f"/cases/{closed}/take")
    bina.submit(f"/cases/{closed}/close")
    pages = [asha.get(f"/cases/{case}") for case in (taken, closed, "0" * 32)]
    pages += [asha.submit(f"/cases/{case}/reply", text="hello") for case in (taken, closed, "0" * 32)]
    pages += [asha.get("/no such page"), asha.get("/cases/1"), asha.get("/team")]

    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1


def test_a_supervisor_reads_what_others_took_but_does_not_speak(house: House) -> None:
    asha, lead, admin = house.member("Asha"), house.member("Lea", "supervisor"), house.member("Ada", "admin")
    case = house.case(house.writes("my passport is kept"))
    asha.submit(f"/cases/{case}/take")

    assert "my passport is kept" in lead.get(f"/cases/{case}").text
    assert lead.submit(f"/cases/{case}/reply", text="hello").status_code == 409
    assert lead.submit(f"/cases/{case}/close").status_code == 409
    assert admin.get(f"/cases/{case}").status_code == 404
    assert house.state(case) == "taken"
