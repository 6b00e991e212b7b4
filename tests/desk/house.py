"""A desk on loopback with its store, and people, cases and staff to put into it."""

from dataclasses import dataclass, field

import httpx

from core.config import Settings
from core.handover import Brief
from core.messages import Inbound, Say
from core.risk import Level
from core.store import Store, cases, messages, people, staff
from core.store.people import Person
from core.words import Words

PASSWORD = "orange lamp seven rivers"
WORDS = Words(
    {
        "en": {
            ("case_taken", "t"): "{name} is here now: a person.",
            ("case_closed", "c"): "{name} has ended the talk.",
            ("person_already", "p"): "You are still in line.",
            ("fees", "f"): "The agent may ask at most {amount}.",
            ("button", "Yes"): "Yes",
        },
        "ne": {
            ("case_taken", "t"): "{name} अहिले यहाँ हुनुहुन्छ।",
            ("case_closed", "c"): "{name} ले कुराकानी टुङ्ग्याउनुभयो।",
            ("fees", "f"): "एजेन्टले बढीमा {amount} माग्न सक्छ।",
        },
    }
)


class Browser(httpx.Client):
    """A member's browser: their cookie, and forms with the token that belongs to it."""

    def __init__(self, url: str, token: str = "", csrf: str = "") -> None:
        cookies = {"desk": token} if token else {}
        super().__init__(base_url=url, headers={"Sec-Fetch-Site": "same-origin"}, cookies=cookies, timeout=20)
        self.token = token
        self.csrf = csrf

    def submit(self, path: str, **fields: str) -> httpx.Response:
        return self.post(path, data={"csrf": self.csrf, **fields})


@dataclass
class House:
    """The desk that is being tested."""

    url: str
    store: Store
    settings: Settings
    numbers: int = 0
    browsers: list[Browser] = field(default_factory=list)

    def browser(self, token: str = "", csrf: str = "") -> Browser:
        made = Browser(self.url, token, csrf)
        self.browsers.append(made)
        return made

    def member(self, name: str = "Asha", role: str = "counsellor", languages: tuple[str, ...] = ("en",)) -> Browser:
        """Somebody who is signed in."""

        def work(tx):
            invitation = staff.invite(tx, staff.add(tx, name, role, languages))
            return staff.sign_in(tx, staff.accept(tx, invitation, name, "no password"))

        token, session = self.store.write_now(work)
        return self.browser(token, session.csrf)

    def writes(self, text: str = "hello", *, who: Person | None = None, language="ne", kind="text") -> Person:
        """A person sends a message."""
        self.numbers += 1
        address = f"+1500555{self.numbers:04}"

        def work(tx):
            inbound = Inbound(
                channel="sms",
                address=address,
                sender="+15005550006",
                provider_id=f"SM{self.numbers}",
                text=text,
                kind=kind,
            )
            person = who or people.find_or_create(tx, inbound, language)
            messages.record_inbound(tx, person, inbound)
            return person

        return self.store.write_now(work)

    def says(self, who: Person, text: str, *said: Say) -> None:
        """The assistant answers."""
        self.store.write_now(lambda tx: messages.record_outbound(tx, who, author="assistant", text=text, said=said))

    def case(self, who: Person | None = None, *, risk=Level.NORMAL, reason="talk_to_human", **brief) -> str:
        """A person waits for a counsellor."""
        person = who or self.writes()
        opened = self.store.write_now(
            lambda tx: cases.open_for(tx, person, risk=risk, reason=reason, brief=Brief(**brief))
        )
        return opened[0].id

    def state(self, case_id: str) -> str:
        return self.store.read_now(lambda tx: cases.get(tx, case_id).state)
