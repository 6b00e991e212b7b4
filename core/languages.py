"""The languages that people may use, and finding out which one a message is in, without Rasa.

Script first; then CLD2 for scripts that several languages share; then a small model of our own for Latin letters,
because every packaged detector scores about zero on romanised Nepali, Hindi or Arabic.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.crypto import new_id
from core.errors import ConfigError
from core.examples import EXAMPLES, LEARNT, examples_of, passages_of
from core.folding import fold, tokens
from core.latin import LatinModel
from core.scripts import script

Direction = Literal["ltr", "rtl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language: its code, its own name, ways in which people name it, its script (ISO 15924) and direction."""

    code: str
    own_name: str
    names: tuple[str, ...]
    script: str = "Latn"
    direction: Direction = "ltr"


LANGUAGES: Mapping[str, Language] = {
    language.code: language
    for language in (
        Language(code="en", own_name="English", names=("english", "inglish", "angrezi", "ingles", "anglais")),
        Language(code="es", own_name="Español", names=("español", "spanish", "castellano", "espanol")),
        Language(code="fr", own_name="Français", names=("français", "french", "francais")),
        Language(
            code="ar", own_name="العربية", names=("العربية", "عربي", "عربية", "arabic", "arabi", "3arabi"),
            script="Arab", direction="rtl",
        ),
        Language(code="am", own_name="አማርኛ", names=("አማርኛ", "amharic", "amarigna", "amarinya"), script="Ethi"),
        Language(code="sw", own_name="Kiswahili", names=("kiswahili", "swahili")),
        Language(code="hi", own_name="हिन्दी", names=("हिन्दी", "हिंदी", "hindi"), script="Deva"),
        Language(code="ur", own_name="اردو", names=("اردو", "urdu"), script="Arab", direction="rtl"),
        Language(code="bn", own_name="বাংলা", names=("বাংলা", "bangla", "bengali"), script="Beng"),
        Language(code="ne", own_name="नेपाली", names=("नेपाली", "nepali"), script="Deva"),
        Language(code="tl", own_name="Filipino", names=("filipino", "tagalog", "pilipino")),
        Language(
            code="id", own_name="Bahasa Indonesia", names=("bahasa indonesia", "indonesian", "bahasa")
        ),
    )
}  # fmt: skip

URDU_LETTERS = frozenset("ٹڈڑںےہگچپژ")
SURE = 0.9
VERSION = b"3"
"""Of what is kept; change it when folding or learning changes."""
ENOUGH_WORDS = 3
MORE_OFTEN = 4
"""How many times as often a word must stand in one language as in another to speak for it."""
EVERYDAY = 200
"""The commonest words of a language: a sentence in it has one of these, a list of borrowed nouns has none."""
MONEY = frozenset(
    "baht birr cedi cfa cents dinar dinari dinars dirham dirhams dirhamu dolar dolares dola dollar dollars euro euros "
    "fcfa franc francs hundred k lakh laki lac mil mille million milyon naira peso pesos piso pound pounds rial riali "
    "rials ringgit riyal riyali riyals rm rp rs rupee rupees rupiah shilingi shilling shillings taka thousand tk usd "
    "php aed sar qar kwd npr inr pkr bdt kes ksh ugx tzs idr eur".split()
)
"""Words of sums, the same in many languages."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A language, the script that the text is in, and how sure we are (0 to 1)."""

    language: str
    script: str
    confidence: float


class Identifier:
    """Tells the language of messages.

    `sayings` are whole messages whose language is known, folded; `ours` are the languages that we have examples of;
    `words` says how often each word in Latin letters stands in the examples of each language.
    """

    def __init__(
        self, latin: LatinModel, sayings: Mapping[str, str] | None = None, ours: Collection[str] = tuple(LANGUAGES),
        words: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:  # fmt: skip
        self._latin = latin
        self._sayings = sayings or {}
        self._ours = ours
        self._words = words or {}
        self._totals = {language: sum(table.values()) for language, table in self._words.items()}
        self._everyday = {
            language: frozenset(sorted(table, key=lambda word: (-table[word], word))[:EVERYDAY])
            for language, table in self._words.items()
        }

    def guess(self, text: str) -> Guess | None:
        """Return the likeliest language, or None when there is nothing to tell it by."""
        written = script(text)
        if written == "Latn":
            # "hola" is too short for n-grams, and nobody says it in another language
            if (known := self._sayings.get(fold(text))) is not None:
                return Guess(known, written, SURE)
            language, confidence = self._latin.guess(text)
            return Guess(language, written, confidence)
        if written == "Arab":
            urdu = sum(character in URDU_LETTERS for character in text)
            return Guess("ur" if urdu >= max(2, len(text) // 25) else "ar", written, 0.95)
        if written == "Deva":
            return Guess(self._devanagari(text), written, 0.95)
        single = {"Ethi": "am", "Beng": "bn"}
        return Guess(single[written], written, 0.95) if written in single else None

    def choose(self, text: str, current: str | None, *, settled: bool = False) -> str | None:
        """Return the language to go on in: the earlier one unless the evidence against it is strong.

        Short words ("ok", "hi", a number) never switch, unless they are in a script that the earlier language is
        not written in. Nor do sums and borrowed nouns ("factory worker po"). `settled` is somebody who has written
        several messages in the earlier language: they must write more of another one.
        """
        found = self.guess(text)
        if found is None or found.language == current:
            return current
        if current is None:
            return found.language if found.confidence >= 0.5 else None
        if found.script != "Latn":
            enough = found.script != LANGUAGES[current].script or len(tokens(text)) >= ENOUGH_WORDS
        else:
            enough = self._speaks_for(found.language, current, text, ENOUGH_WORDS + settled)
        return found.language if enough and found.confidence >= SURE else current

    def _speaks_for(self, found: str, current: str, text: str, least: int) -> bool:
        """Tell whether enough words of a text, one of them an everyday word, belong to one language, not the other."""
        words = [token.word for token in tokens(text) if not _is_sum(token.word)]
        strange = [word for word in words if self._share(word, found) >= MORE_OFTEN * self._share(word, current)]
        own = [word for word in words if self._share(word, current) > MORE_OFTEN * self._share(word, found)]
        everyday = self._everyday.get(found)
        return (
            len(strange) >= least
            and len(strange) > len(own)
            and (everyday is None or any(word in everyday for word in strange))
        )

    def _share(self, word: str, language: str) -> float:
        total = self._totals.get(language, 0)
        return self._words[language].get(word, 0) / total if total else 0.0

    def _devanagari(self, text: str) -> str:
        """Tell Nepali from Hindi."""
        import pycld2

        if "hi" not in self._ours and len(tokens(text)) < ENOUGH_WORDS:
            return "ne"  # CLD2 takes nearly every short text for Hindi
        try:
            _, _, details = pycld2.detect(text, bestEffort=True)
        except pycld2.error:
            return "ne"
        return "hi" if details[0][1] == "hi" else "ne"


def load(data: Path, cache: Path | None = None) -> Identifier:
    """Learn from what stands in data/<language>/, or read what was learnt from the same files.

    Learning takes seconds, reading a fraction of one: `cache` is the folder where it is kept. Raise ConfigError when
    there are no examples.
    """
    files = [path for name in LEARNT for path in sorted(data.glob(f"*/{name}"))]
    if not any(path.name == EXAMPLES for path in files):
        raise ConfigError(f"no {EXAMPLES} below {data}: languages cannot be told apart")
    kept = cache / f"languages-{_digest(files)}.json" if cache else None
    if kept is None or not kept.exists():
        learnt = _learn(files)
        if kept is None:
            return _identifier(learnt)
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_name(f"{kept.name}.{new_id()}")
        partial.write_text(json.dumps(learnt, ensure_ascii=False), "utf-8")
        partial.replace(kept)
    return _identifier(json.loads(kept.read_text("utf-8")))


def _digest(files: Iterable[Path]) -> str:
    content = hashlib.sha256(VERSION)
    for path in files:
        content.update(f"{path.parent.name}/{path.name}\0".encode() + path.read_bytes())
    return content.hexdigest()[:16]


def _learn(files: Iterable[Path]) -> dict[str, Any]:
    examples = [(path.parent.name, text) for path in files if path.name == EXAMPLES for _, text in examples_of(path)]
    # whole messages of other kinds, too: Hindi and Urdu in Latin letters differ in few words, and need all there are
    others = [(path.parent.name, text) for path in files if path.name != EXAMPLES for text in passages_of(path)]
    ours = sorted({language for language, _ in examples})
    lines = [*examples, *others]
    return {
        "counts": LatinModel.train(lines).counts, "sayings": _sayings(examples), "ours": ours, "words": _words(lines),
    }  # fmt: skip


def _identifier(learnt: Mapping[str, Any]) -> Identifier:
    return Identifier(LatinModel(learnt["counts"]), learnt["sayings"], learnt["ours"], learnt["words"])


def _is_sum(word: str) -> bool:
    """Tell whether a word is a number, a currency or a piece of both; "3ayez" is Arabic on a keyboard."""
    figures = sum(character.isdigit() for character in word)
    return word in MONEY or figures * 2 >= len(word)


def _words(lines: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Count the words of the lines in Latin letters by language, without those seen once."""
    counted: dict[str, Counter[str]] = {}
    for language, line in lines:
        if script(line) == "Latn":
            counted.setdefault(language, Counter()).update(token.word for token in tokens(line))
    return {language: {word: n for word, n in table.items() if n > 1} for language, table in counted.items()}


def _sayings(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the whole examples that stand in one language only, folded, and their language."""
    found: dict[str, set[str]] = {}
    for language, line in lines:
        found.setdefault(fold(line), set()).add(language)
    return {saying: languages.pop() for saying, languages in found.items() if len(languages) == 1}
