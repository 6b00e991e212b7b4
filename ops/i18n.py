"""Catalogues: from the English responses to locales/messages.pot, into every language's .po, and to .mo.

`update` extracts, merges and compiles; `compile` only compiles; `check` changes nothing and fails when a catalogue is
behind, a text is missing, a placeholder or number is lost, or an SMS form is too long.
"""

import io
import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from core.config import ROOT
from core.languages import LANGUAGES
from core.segments import segments
from core.words import BUTTON, PLACEHOLDER

RESPONSES = ROOT / "bot" / "domain" / "responses"
LOCALES = ROOT / "locales"
TOPIC = "utter_topic_"
MOST_SEGMENTS = 3
ROOM_FOR_VALUES = 12
"""Characters that a placeholder is counted as; most values are shorter."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = """\
# {name}: every word that Amana says.
# X-Review below is `machine` until a person has read all texts, then `reviewed by NAME on DATE`."""
REVIEW = "X-Review"
UNREVIEWED = "machine"


@dataclass(frozen=True, slots=True)
class Source:
    """One English text: its context (the key), the text, and the file that it stands in."""

    context: str
    text: str
    file: str


def sources(folder: Path = RESPONSES) -> Iterator[Source]:
    """Return every English text of the responses: long forms, short forms and titles of buttons."""
    for path in sorted(folder.glob("*.yml")):
        content = yaml.safe_load(path.read_text("utf-8")) or {}
        for key, variants in (content.get("responses") or {}).items():
            yield from _of_response(key, variants, path.name)


def _of_response(key: str, variants: list[dict[str, object]], file: str) -> Iterator[Source]:
    for variant in variants:
        suffix = "|sms" if variant.get("channel") == "sms" else ""
        context = BUTTON if key.startswith(TOPIC) else key.removeprefix("utter_") + suffix
        yield Source(context, str(variant["text"]).strip(), file)
        for button in variant.get("buttons") or ():  # type: ignore[attr-defined]
            yield Source(BUTTON, str(button["title"]), file)


def template(folder: Path = RESPONSES) -> Catalog:
    """Build the template from the responses."""
    catalogue = Catalog(project="Amana", creation_date=EPOCH, charset="utf-8", fuzzy=False)
    for source in sources(folder):
        catalogue.add(source.text, context=source.context, locations=[(source.file, 0)])
    return catalogue


def _dump(catalogue: Catalog, review: str | None) -> str:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, sort_output=True, omit_header=False, include_lineno=False)
    text = buffer.getvalue().decode()
    if review is not None:
        text = re.sub(r'("Generated-By: [^"]*"\n)', rf'\1"{REVIEW}: {review}\\n"\n', text, count=1)
    return text


def review_of(path: Path) -> str:
    """Return what the header of a catalogue says about its review."""
    found = re.search(rf'"{REVIEW}: ([^"\\]*)', path.read_text("utf-8")) if path.exists() else None
    return found[1] if found else UNREVIEWED


def merged(language: str, new: Catalog) -> Catalog:
    """Return a language's catalogue with the template's texts. Nothing is guessed: a changed text is empty again."""
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    catalogue = Catalog(locale="fil" if language == "tl" else language, creation_date=EPOCH, revision_date=EPOCH)
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale="fil" if language == "tl" else language)
    catalogue.update(deepcopy(new), no_fuzzy_matching=True)  # it takes the template's own messages over
    catalogue.obsolete.clear()
    catalogue.creation_date = catalogue.revision_date = EPOCH
    catalogue.header_comment = HEADER.format(name=LANGUAGES[language].own_name)
    catalogue.fuzzy = False
    if language == "en":
        for message in _texts(catalogue):
            message.string = message.id
    return catalogue


def _texts(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def languages() -> list[str]:
    """Return the languages that have a folder for a catalogue, English first."""
    found = {path.parent.name for path in LOCALES.glob("*/LC_MESSAGES")} - {"en"}
    return ["en", *sorted(found)]


def problems(language: str, catalogue: Catalog) -> Iterator[str]:
    """Return what must be mended in a catalogue before it may go live."""
    for message in _texts(catalogue):
        where = f"{language}: {message.context}"
        text, source = str(message.string), str(message.id)
        if not text:
            yield f"{where}: no translation"
            continue
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(source)):
            yield f"{where}: placeholders differ: {PLACEHOLDER.findall(source)} and {PLACEHOLDER.findall(text)}"
        if _numbers(text) != _numbers(source):
            yield f"{where}: numbers differ: {_numbers(source)} and {_numbers(text)}"
        if message.fuzzy:
            yield f"{where}: fuzzy"
        if str(message.context).endswith("|sms"):
            used = segments(PLACEHOLDER.sub("0" * ROOM_FOR_VALUES, text)).count
            if used > MOST_SEGMENTS:
                yield f"{where}: {used} segments, at most {MOST_SEGMENTS}"


def _numbers(text: str) -> list[str]:
    """Return the numbers of a text, in Western digits and in order of size; they are facts that must not change."""
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in text)
    return sorted(re.findall(r"\d{2,}", plain))


def compile_all() -> None:
    """Write every .mo that is older than its .po."""
    for path in LOCALES.glob("*/LC_MESSAGES/messages.po"):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
            continue
        with path.open("rb") as file:
            catalogue = read_po(file)
        with target.open("wb") as file:
            write_mo(file, catalogue)


def update() -> None:
    """Extract and merge, then compile."""
    new = template()
    LOCALES.mkdir(exist_ok=True)
    (LOCALES / "messages.pot").write_text(_dump(new, None), "utf-8")
    for language in languages():
        path = LOCALES / language / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        review = "source" if language == "en" else review_of(path)
        path.write_text(_dump(merged(language, new), review), "utf-8")
    compile_all()


def check() -> list[str]:
    """Return everything that is wrong, without changing anything."""
    new = template()
    pot = LOCALES / "messages.pot"
    found = [] if pot.exists() and pot.read_text("utf-8") == _dump(new, None) else ["messages.pot is behind: make i18n"]
    for language in languages():
        path = LOCALES / language / "LC_MESSAGES" / "messages.po"
        catalogue = merged(language, new)
        review = "source" if language == "en" else review_of(path)
        if not path.exists() or path.read_text("utf-8") != _dump(catalogue, review):
            found.append(f"{language}: the catalogue is behind the English texts: make i18n")
        found += problems(language, catalogue)
    return found


def report() -> str:
    """Return a table: language, own name, share that is translated, review state."""
    lines = ["language              texts  translated  review"]
    new = template()
    for language in languages():
        texts = _texts(merged(language, new))
        done = sum(bool(message.string) for message in texts)
        review = "source" if language == "en" else review_of(LOCALES / language / "LC_MESSAGES" / "messages.po")
        name = f"{language} {LANGUAGES[language].own_name}"
        lines.append(f"{name:20} {len(texts):6} {done / len(texts):10.0%}  {review}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run `update`, `compile` or `check`."""
    what = arguments[0] if arguments else "update"
    if what == "compile":
        compile_all()
        return 0
    if what == "update":
        update()
    found = check()
    sys.stdout.write("\n".join([report(), *found, ""]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
