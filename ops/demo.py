"""Plays a few conversations through the whole product, with a Twilio on loopback, and prints them.

Starts its own four processes on free ports with an empty database, so it disturbs nothing that runs.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.product import Product, product


@dataclass(frozen=True, slots=True)
class Talk:
    """What one person writes, by which door, and why it is shown."""

    title: str
    address: str
    brand: str
    lines: Sequence[str]


RUN_BY = "Workers' Aid"
TALKS = (
    Talk(
        "A job advert, by SMS in English",
        "+15005550021",
        "sms",
        (
            "hello",
            "agent in nepal asks 150000 rupees today for hotel job in doha, visit visa. is it ok?",
            "2",
            "2",
        ),
    ),
    Talk(
        "A question about fees, in Nepali typed in Latin letters",
        "+15005550022",
        "sms",
        ("malai qatar jana agent lai kati paisa tirnu parxa?", "nepal"),
    ),
    Talk(
        "An offer, by WhatsApp in Spanish",
        "+15005550023",
        "whatsapp",
        ("hola", "quiero revisar una oferta", "100000 rupias", "India", "Qatar", "2"),
    ),
    Talk(
        "A housemaid, by WhatsApp in English",
        "+15005550025",
        "whatsapp",
        ("my boss took my passport and he did not pay my salary for 5 months", "yes", "yes", "qatar", "1"),
    ),
    Talk("Danger, by SMS in Arabic from a Qatari phone", "+97400000024", "sms", ("الحقوني الكفيل يضربني الان", "X")),
)


def play(amana: Product, talk: Talk) -> None:
    """Print one conversation while it happens."""
    sys.stdout.write(f"\n-- {talk.title}\n\n")
    for line in talk.lines:
        answer = amana.ask(line, sender=talk.address, brand=talk.brand)
        shown = answer.replace("\n", "\n   ")
        sys.stdout.write(f"P  {line}\nA  {shown}\n")
        sys.stdout.flush()


def main() -> int:
    """Start the product, play, stop."""
    with tempfile.TemporaryDirectory(prefix="amana-demo-") as folder:
        sys.stdout.write("Starting the product; the assistant needs about half a minute.\n")
        sys.stdout.flush()
        with product(Path(folder), "channels", "desk", "actions", "assistant", AMANA_ORGANISATION=RUN_BY) as amana:
            for talk in TALKS:
                play(amana, talk)
    return 0


if __name__ == "__main__":
    sys.exit(main())
