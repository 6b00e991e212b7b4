"""The headers that every answer carries, errors too (R44)."""

from sanic import HTTPResponse, Request

POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"


async def add_headers(request: Request, response: HTTPResponse) -> None:
    """Put the headers on an answer."""
    response.headers.update(HEADERS)
    if request.app.ctx.desk.https:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
