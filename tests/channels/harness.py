"""A whole gateway on loopback for tests: the real app over real HTTP, a fake Twilio, and turns that follow a script."""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from channels.app import Parts, create_app
from channels.guard import Guard
from channels.workers import Workers
from core.config import Settings
from core.messages import Button, Say
from core.store import Store, Tx, buttons, jobs, messages, open_store, people
from core.store.jobs import Job, Priority
from core.store.messages import Message
from core.store.migrate import migrate
from ops.i18n import template
from tests.fakes.serving import free_socket, serving, url_of
from tests.fakes.twilio import OUR_NUMBER, SID, TOKEN, FakeTwilio

MASTER = b"m" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the script says to a message."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()
    author: str = "assistant"


def echo(message: Message) -> Answer | None:
    """Answer with what was said."""
    return Answer(text=f"You said: {message.text}")


class Scripted:
    """Takes turns by a script, as the real turns do: the answer and the end of the job in one transaction."""

    def __init__(self, parts: Parts, script: Callable[[Message], Answer | None]) -> None:
        self._parts = parts
        self._script = script
        self.broken: list[Exception] = []
        self.guard = Guard()
        self.workers = Workers(parts.store, "turn", self._take, self._failed, count=2, lease_seconds=30)

    async def upkeep(self) -> None:
        return

    async def _take(self, job: Job) -> None:
        await self._parts.store.write(lambda tx: self._answer(tx, job))
        self._parts.wake_outbox()

    def _answer(self, tx: Tx, job: Job) -> None:
        message = messages.get(tx, job.message_id)
        answer = self._script(message)
        messages.mark_handled(tx, message.id)
        if answer is not None:
            say(tx, message.person_id, answer)
        jobs.finish(tx, job)

    async def _failed(self, job: Job, error: Exception) -> None:
        self.broken.append(error)
        await self._parts.store.write(lambda tx: jobs.bury(tx, job, type(error).__name__))


def say(tx: Tx, person_id: str, answer: Answer) -> str:
    """Store an answer with its buttons and put its sending beside it."""
    who = people.get(tx, person_id)
    ids = buttons.issue(tx, who.id, [payload for _, payload in answer.choices])
    issued = tuple(Button(id=one, title=title) for one, (title, _) in zip(ids, answer.choices, strict=True))
    said = (Say(key="utter_scripted", arguments={}, buttons=answer.choices),)
    found, seq = messages.record_outbound(tx, who, author=answer.author, text=answer.text, said=said, buttons=issued)
    jobs.put(tx, "send", who.id, seq, found, Priority.REPLY)
    return found


@dataclass(slots=True, kw_only=True)
class Gateway:
    """A running gateway and what stands around it."""

    url: str
    store: Store
    twilio: FakeTwilio
    settings: Settings
    turns: list[Scripted] = field(default_factory=list)

    def everything_in(self) -> list[Message]:
        """Return all incoming messages, oldest first."""
        return self.store.read_now(lambda tx: _all(tx, "in"))

    def everything_out(self) -> list[Message]:
        """Return all outgoing messages, oldest first."""
        return self.store.read_now(lambda tx: _all(tx, "out"))


def _all(tx: Tx, direction: str) -> list[Message]:
    from sqlalchemy import select

    from core.store.tables import message

    ids = tx.connection.execute(
        select(message.c.id).where(message.c.direction == direction).order_by(message.c.created_at, message.c.seq)
    )
    return [messages.get(tx, identifier) for (identifier,) in ids.all()]


def settings_for(url: str, database_url: str, twilio_url: str, **more: object) -> Settings:
    """Return settings for a gateway with all doors open."""
    values: dict[str, object] = {
        "master_key": base64.b64encode(MASTER).decode(), "internal_secret": "internal-secret-of-the-tests-only",
        "database_url": database_url, "channels": ("web", "sms", "whatsapp"), "public_url": url,
        "twilio_account_sid": SID, "twilio_auth_token": TOKEN, "twilio_sms_number": OUR_NUMBER,
        "twilio_whatsapp_number": OUR_NUMBER, "twilio_api_url": twilio_url, "log_strict": True,
        "private_hosts": ("127.0.0.1",),
    }  # fmt: skip
    return Settings(**(values | more))  # type: ignore[arg-type]


@contextmanager
def gateway(
    folder: Path, *, script: Callable[[Message], Answer | None] = echo, locales: Path | None = None, **more: object
) -> Iterator[Gateway]:
    """Run a gateway on SQLite until the block ends."""
    with ExitStack() as stack:
        bound = stack.enter_context(free_socket())
        url = url_of(bound)
        database_url = f"sqlite:///{folder}/gateway.sqlite3"
        store = open_store(database_url, MASTER)
        stack.callback(store.close)
        migrate(store.engine)
        twilio = stack.enter_context(FakeTwilio(gateway_url=url))
        settings = settings_for(url, database_url, twilio.url, **{"spool_path": f"{folder}/spool", **more})
        running = Gateway(url=url, store=store, twilio=twilio, settings=settings)

        def make_turns(parts: Parts) -> Scripted:
            running.turns.append(Scripted(parts, script))
            return running.turns[-1]

        app = create_app(settings, locales=locales or compiled(folder / "locales"), make_turns=make_turns)
        stack.enter_context(serving(app, bound))
        yield running


ARABIC_PAGE = {"web_title": "معلومات", "web_placeholder": "اكتب هنا", "web_exit": "اخرج الآن", "web_send": "إرسال"}


def compiled(folder: Path) -> Path:
    """Compile catalogues from the English responses: English, and an Arabic one that knows little of the page."""
    for language in ("en", "ar"):
        catalogue = Catalog(locale=language, charset="utf-8")
        for message in template():
            known = ARABIC_PAGE.get(str(message.context)) if language == "ar" else message.id
            if message.id and known:
                catalogue.add(message.id, known, context=message.context)
        path = folder / language / "LC_MESSAGES" / "messages.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_mo(file, catalogue)
    return folder
