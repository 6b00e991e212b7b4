"""Coming in and going out: one-time links, passwords, sessions, invitations."""

import unicodedata
from collections.abc import Callable

import regex
from sanic import HTTPResponse, Request, redirect

from core.config import Settings
from core.errors import Conflict
from core.languages import LANGUAGES
from core.store import Tx, cases, staff
from core.store.staff import Member
from desk import gate
from desk.likeness import is_odd
from desk.parts import desk_of, form_value

FIRST = "admin"
"""The account of the first one-time link, until its owner chooses a name."""
ROLES = {"counsellor": "Counsellor", "supervisor": "Supervisor", "admin": "Administrator"}
NAME_PROBLEM = (
    "Please choose a name of 2 to 40 letters of one alphabet in each word. People who write to you will see it."
)
JOINED = regex.compile(r"(?<=\p{ccc=9})[\u200c\u200d](?=\p{L})|(?<=\p{Arabic})\u200c(?=\p{Arabic})")
"""Joiners that the spelling of a name needs, as in ශ්‍රියානි and علی‌رضا (RFC 5892, appendix A)."""


def clean_name(text: str) -> str:
    """Return a name in one spelling: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def is_name(name: str) -> bool:
    """Tell whether a name can be shown to people: letters with their marks, digits, few signs, nothing unseen."""
    plain = all(
        unicodedata.category(character)[0] in "LMN" or character in " .'’-" for character in JOINED.sub("", name)
    )
    return plain and 2 <= len(name) <= 40 and not is_odd(name)


def welcome_link(settings: Settings, token: str) -> str:
    """Return the address of the page behind a one-time token."""
    return f"{settings.desk_url.rstrip('/')}/welcome/{token}"


async def sign_in_page(request: Request) -> HTTPResponse:
    """Show the form for name and password."""
    if request.ctx.session is not None:
        return redirect("/", status=303)
    ended = "ended" in request.args
    return _public(request, "sign_in.html", name="", problem=None, ended=ended)


async def sign_in(request: Request) -> HTTPResponse:
    """Begin a session; the same answer, in the same time, whether the name or the password was wrong."""
    desk = desk_of(request)
    name, address = clean_name(form_value(request, "name"))[:80], gate.client_address(request)
    wait = desk.throttle.wait(name, address)
    if wait > 0:
        problem = f"Too many attempts. Please wait {int(wait) + 1} seconds and try again."
        return _public(request, "sign_in.html", 429, name=name, problem=problem, ended=False)
    member = await desk.store.read(lambda tx: staff.by_name(tx, name.replace("\0", "")))
    stored = member.password_hash if member else None
    if not await desk.passwords.fits(form_value(request, "password"), stored) or member is None:
        await desk.store.write(lambda tx: cases.note(tx, "sign-in refused", member.id if member else None, None))
        problem = "That name and password do not fit together."
        return _public(request, "sign_in.html", 401, name=name, problem=problem, ended=False)
    desk.throttle.succeeded(name, address)
    return await _begin(request, lambda tx: member)


async def welcome_page(request: Request, token: str) -> HTTPResponse:
    """Show the form behind a one-time link. Looking does not use the link up: programs that preview links look too."""
    member = await desk_of(request).store.read(lambda tx: staff.invited(tx, token))
    name = "" if member.name == FIRST else member.name
    return _public(request, "welcome.html", name=name, role=ROLES[member.role], problem=None)


async def welcome(request: Request, token: str) -> HTTPResponse:
    """Use up a one-time link: take the name and the password, and begin a session."""
    desk = desk_of(request)
    member = await desk.store.read(lambda tx: staff.invited(tx, token))
    name, password = clean_name(form_value(request, "name")), form_value(request, "password")
    problem = None if is_name(name) else NAME_PROBLEM
    problem = problem or desk.passwords.problem(password, name, desk.settings.organisation)
    if problem is None:
        hashed = await desk.passwords.hash(password)
        try:
            return await _begin(request, lambda tx: staff.accept(tx, token, name, hashed))
        except Conflict:
            problem = "Somebody here has this name already. Please add a letter or your second name."
    return _public(request, "welcome.html", 400, name=name, role=ROLES[member.role], problem=problem)


async def _begin(request: Request, who: Callable[[Tx], Member]) -> HTTPResponse:
    """Begin a session for the member whom `who` returns, in one transaction with what `who` does."""
    desk = desk_of(request)
    old = request.ctx.token

    def work(tx: Tx) -> str:
        member = who(tx)
        if old:
            staff.sign_out(tx, old)
        cases.note(tx, "signed in", member.id, None)
        return staff.sign_in(tx, member)[0]

    token = await desk.store.write(work)
    response = redirect("/", status=303)
    gate.give_cookie(request, response, desk.cookie, token)
    gate.drop_cookie(request, response, desk.visit_cookie)
    return response


async def sign_out(request: Request) -> HTTPResponse:
    """End the session."""
    desk, token, member = desk_of(request), request.ctx.token, request.ctx.session.member

    def work(tx: Tx) -> None:
        staff.sign_out(tx, token)
        cases.note(tx, "signed out", member.id, None)

    await desk.store.write(work)
    desk.hints.tell()
    response = redirect("/sign-in", status=303)
    gate.drop_cookie(request, response, desk.cookie)
    return response


async def team_page(request: Request) -> HTTPResponse:
    """Show who works here, and the form that invites others."""
    return await _team(request)


async def invite(request: Request) -> HTTPResponse:
    """Make a one-time link for a new or an existing member and show it, this once."""
    desk, by = desk_of(request), request.ctx.session.member
    name, role = clean_name(form_value(request, "name")), form_value(request, "role")
    if not is_name(name) or role not in ROLES:
        return await _team(request, 400, problem=NAME_PROBLEM, name=name)
    spoken = tuple(code for code in LANGUAGES if code in (request.form or {}).getlist("languages", []))

    def work(tx: Tx) -> tuple[Member, str]:
        member = staff.by_name(tx, name) or staff.add(tx, name, role, spoken)
        cases.note(tx, "invited", by.id, None)
        return member, staff.invite(tx, member)

    try:
        member, token = await desk.store.write(work)
    except Conflict:
        return await _team(request, 400, problem="This name is not free. Please take another.", name=name)
    return await _team(request, link=welcome_link(desk.settings, token), invited=member)


async def _team(request: Request, status: int = 200, **values: object) -> HTTPResponse:
    desk = desk_of(request)
    members = await desk.store.read(staff.everyone)
    shown = {"problem": None, "name": "", "link": None, "invited": None} | values
    return desk.pages.show(
        request, "team.html", status, members=members, roles=ROLES, languages=LANGUAGES.values(), **shown
    )


def _public(request: Request, template: str, status: int = 200, **values: object) -> HTTPResponse:
    """Show a form that anybody may see, bound to this browser by a cookie."""
    desk = desk_of(request)
    request.ctx.session = None
    response = desk.pages.show(request, template, status, **values)
    gate.give_cookie(request, response, desk.visit_cookie, request.ctx.visit)
    return response
