"""The one screen: the list on the left, a talk on the right, and what a counsellor can do with it."""

import hashlib
from collections.abc import Callable

from sanic import HTTPResponse, Request, redirect

from core import faults, handover
from core.errors import Conflict, NotAllowed
from core.handover import Case
from core.store import Tx, cases
from core.store.staff import Member
from desk import replies, talk
from desk.access import access_case
from desk.pages import is_fragment
from desk.parts import Desk, desk_of, form_value

NOT_YOURS = "This talk is not yours. Take it first."
Step = Callable[[Case, str, float], Case]


async def screen(request: Request) -> HTTPResponse:
    """Show the list; as a fragment, only what changed."""
    desk, member = desk_of(request), request.ctx.session.member
    found = await desk.store.read(lambda tx: talk.lists(tx, member))
    if is_fragment(request):
        return _unless_same(request, desk.pages.show(request, "_lists.html", lists=found, chosen=None))
    return desk.pages.show(request, "screen.html", lists=found, talk=None, chosen=None)


async def show(request: Request, case_id: str) -> HTTPResponse:
    """Show one talk. Every showing of it leaves a line in the audit log, or does not happen."""
    desk, member = desk_of(request), request.ctx.session.member
    rows, found = await desk.store.read(lambda tx: (talk.lists(tx, member), _read(tx, desk, member, case_id)))
    if is_fragment(request):
        response = _unless_same(request, desk.pages.show(request, "_talk.html", talk=found))
    else:
        response = desk.pages.show(request, "screen.html", lists=rows, talk=found, chosen=case_id)
    if response.status == 200:
        await desk.store.write(lambda tx: cases.note(tx, "case viewed", member.id, case_id))
    return response


def _read(tx: Tx, desk: Desk, member: Member, case_id: str) -> talk.Talk:
    case = access_case(tx, member, case_id)
    return talk.talk(tx, case, member, desk.words, desk.settings.default_language, desk.known)


def _unless_same(request: Request, response: HTTPResponse) -> HTTPResponse:
    """Answer 304 when the page shows exactly this already: nothing is viewed again then."""
    assert response.body is not None
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return HTTPResponse(status=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response


async def take(request: Request, case_id: str) -> HTTPResponse:
    """Take a waiting case. Of those who try at once exactly one gets it; the others are told who."""
    desk, member = desk_of(request), request.ctx.session.member

    def work(tx: Tx) -> None:
        before = cases.get(tx, case_id)
        if before.state == "closed":
            raise NotAllowed
        step = cases.change(tx, case_id, member.id, "case taken", lambda case: handover.take(case, member.id, tx.now))
        if before.state == "waiting":
            replies.notice(tx, desk.words, desk.log, step, member, "case_taken")
        faults.reach("desk.taking")

    try:
        await desk.store.write(work)
    except Conflict:
        if (owner := await desk.store.read(lambda tx: _owner(tx, member, case_id))) is not None:
            return desk.pages.refusal(request, 409, f"{owner} was faster. This talk is in good hands.")
    faults.reach("desk.taken")
    return _done(desk, f"/cases/{case_id}")


def _owner(tx: Tx, member: Member, case_id: str) -> str | None:
    """Return the name of the one who has a case, or None when it is this member, from another window."""
    case = cases.get(tx, case_id)
    return None if case.taken_by == member.id else talk.names_of(tx).get(case.taken_by or "", "Somebody")


async def give_back(request: Request, case_id: str) -> HTTPResponse:
    """Put a case of one's own back into the queue; the person is told that they are still in line."""
    return await _own(request, case_id, "case given back", handover.give_back, notice="person_already")


async def close(request: Request, case_id: str) -> HTTPResponse:
    """End a talk of one's own; the assistant speaks again, and the person is told so."""
    return await _own(request, case_id, "case closed", handover.close, notice="case_closed")


async def _own(request: Request, case_id: str, action: str, step: Step, *, notice: str) -> HTTPResponse:
    desk, member = desk_of(request), request.ctx.session.member

    def work(tx: Tx) -> None:
        access_case(tx, member, case_id)
        after = cases.change(tx, case_id, member.id, action, lambda case: step(case, member.id, tx.now))
        replies.notice(tx, desk.words, desk.log, after, member, notice)

    try:
        await desk.store.write(work)
    except Conflict:
        return desk.pages.refusal(request, 409, NOT_YOURS)
    return _done(desk, "/")


async def reply(request: Request, case_id: str) -> HTTPResponse:
    """Send what the counsellor wrote."""
    desk, member = desk_of(request), request.ctx.session.member
    text = _clean(form_value(request, "text"))
    if not text or len(text) > replies.LONGEST:
        explanation = f"Please write at most {replies.LONGEST} characters." if text else "There was nothing to send."
        return desk.pages.refusal(request, 400, explanation)

    def work(tx: Tx) -> None:
        case = access_case(tx, member, case_id)
        replies.reply(tx, case, member, text)
        cases.note(tx, "replied", member.id, case_id)

    try:
        await desk.store.write(work)
    except replies.Stopped:
        return desk.pages.refusal(request, 409, "This person has asked for no more messages. Nothing was sent.")
    except Conflict:
        return desk.pages.refusal(request, 409, NOT_YOURS)
    return _done(desk, f"/cases/{case_id}")


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in lines if character >= " " or character == "\n").strip()


def _done(desk: Desk, then: str) -> HTTPResponse:
    desk.hints.tell()
    return redirect(then, status=303)
