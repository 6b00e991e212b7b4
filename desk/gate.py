"""The gate in front of every page: who is signed in, what their role opens, and where a form came from (R43, R44)."""

from urllib.parse import urlsplit

from sanic import HTTPResponse, Request, redirect

from core.crypto import new_secret, same
from core.store import staff
from desk.pages import is_fragment
from desk.parts import LOOPBACK, Desk, desk_of, form_value

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def enter(request: Request) -> HTTPResponse | None:
    """Let a request in, or answer it. Runs before every handler, also when no route fits."""
    desk = desk_of(request)
    await _recognise(desk, request)
    roles = getattr(request.route.ctx, "roles", None) if request.route else None
    anyone = request.route is not None and roles is None
    if request.ctx.session is None and not anyone:
        return _to_sign_in(request)
    if request.method not in SAFE_METHODS and not _is_ours(desk, request, anyone):
        return desk.pages.refusal(request, 403)
    if roles and request.ctx.session.member.role not in roles:
        return desk.pages.refusal(request, 404)
    return None


async def _recognise(desk: Desk, request: Request) -> None:
    request.ctx.session = None
    request.ctx.visit = _ascii(request.cookies.get(desk.visit_cookie)) or new_secret()
    request.ctx.form_token = _form_token(desk, request.ctx.visit)
    request.ctx.token = token = _ascii(request.cookies.get(desk.cookie))
    if not token:
        return
    # what a page fetches by itself is no sign of life
    if "x-live" in request.headers or request.path == "/events":
        request.ctx.session = await desk.store.read(lambda tx: staff.session_of(tx, token, touch=False))
    else:
        request.ctx.session = await desk.store.write(lambda tx: staff.session_of(tx, token))


def _ascii(text: str | None) -> str:
    return text if text and text.isascii() else ""


def _form_token(desk: Desk, visit: str) -> str:
    return desk.store.vault.tag("desk form", visit)


def _to_sign_in(request: Request) -> HTTPResponse:
    if is_fragment(request) or request.path == "/events":
        return HTTPResponse("", status=401)
    return redirect("/sign-in", status=303)


def _is_ours(desk: Desk, request: Request, anyone: bool) -> bool:
    """Tell whether a page of ours in this browser sent this: by what the browser says, and by the token."""
    expected = request.ctx.form_token if anyone else request.ctx.session.csrf
    given = request.headers.get("x-csrf-token") or form_value(request, "csrf")
    # header bytes that are no text come as lone surrogates
    return _from_here(desk, request) and given.isascii() and same(given, expected)


def _from_here(desk: Desk, request: Request) -> bool:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    # under our no-referrer policy browsers send "null" with plain forms, and then Sec-Fetch-Site decides
    if origin is None or origin == "null":
        return site == "same-origin"
    return _same_origin(origin, desk.settings.desk_url)


def _same_origin(origin: str, ours: str) -> bool:
    left, right = urlsplit(origin), urlsplit(ours)
    if left.hostname in LOOPBACK and right.hostname in LOOPBACK:
        return (left.scheme, left.port) == (right.scheme, right.port)
    return (left.scheme, left.netloc.lower()) == (right.scheme, right.netloc.lower())


def client_address(request: Request) -> str:
    """Return where a request comes from, for counting attempts only. Proxies are believed only when they are listed."""
    address: str = request.ip
    trusted = desk_of(request).settings.trusted_proxies
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    while address in trusted and hops:
        address = hops.pop()
    return address


def give_cookie(request: Request, response: HTTPResponse, name: str, value: str) -> None:
    """Set a cookie for this browser session, bound as tightly as the address of the desk allows."""
    response.add_cookie(name, value, path="/", secure=desk_of(request).https, httponly=True, samesite="Strict")


def drop_cookie(request: Request, response: HTTPResponse, name: str) -> None:
    """Remove a cookie."""
    secure = desk_of(request).https
    response.add_cookie(name, "", path="/", secure=secure, httponly=True, samesite="Strict", max_age=0)
