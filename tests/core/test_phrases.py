"""The little language of phrases, as docs/formats.md tells editors how to write it."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.folding import tokens
from core.phrases import GAP_WORDS, Finder, Hit, parse

FORMATS = Path(__file__).parents[2] / "docs" / "formats.md"


def found(phrase: str, message: str) -> str | None:
    """Return the folded words of the first hit, or None."""
    words = tokens(message)
    hits = Finder([(phrase, "x")]).find(words)
    return " ".join(token.word for token in words[hits[0].first : hits[0].end]) if hits else None


FITS = [
    ("kill me", "he will KILL me!", "kill me"),
    ("me está pegando", "Me esta pegando", "me esta pegando"),
    ("beat*", "beats", "beats"),
    ("beat*", "beat", "beat"),
    ("*بيت", "والبيت", "والبيت"),
    ("*lock*", "unlocked", "unlocked"),
    ("(he|she|my boss) beats", "my boss beats", "my boss beats"),
    ("(very|) hungry", "hungry", "hungry"),
    ("(very|) hungry", "very hungry", "very hungry"),
    ("go (home|) now", "go now", "go now"),
    ("go (|home)", "go", "go"),
    ("(beat|hit)* me", "hitting me", "hitting me"),
    ("*(lock|clos)*", "unlocked", "unlocked"),
    ("*(book|school)", "mybook", "mybook"),
    ("(wa|fa|)*(katab)", "katab", "katab"),
    ("(a b|c)* d", "a bcd d", "a bcd d"),
    ("((take|cut) out|steal) (my|our) kidney", "cut out my kidney", "cut out my kidney"),
    ("((take|cut) out|steal) (my|our) kidney", "steal our kidney", "steal our kidney"),
    ("((he|she) (is|)|they) hit* me", "she hits me", "she hits me"),
    ("((very|so)|) sad", "so sad", "so sad"),
    ("((a|b) c|d)* e", "a cx e", "a cx e"),
    ("beat* ... every", "beats me and her every", "beats me and her every"),
    ("threat* ... (kill|stab) me", "threatens to kill me", "threatens to kill me"),
    ("a ... b", "a b", "a b"),
    ("(no food|no water) ... (today|days)", "no water for two days", "no water for two days"),
    ("(shut ... in|locked)", "shut us all in", "shut us all in"),
    ("... kill me ...", "kill me", "kill me"),
    ("kill…me", "kill all of me", "kill all of me"),
    ("don't go", "dont go", "dont go"),
    ("e-mail", "E mail", "e mail"),
    ("can't - breathe", "cant breathe", "cant breathe"),
    ("मलाई कुट्", "मलाइ कुट् छ", "मलाइ कुट्"),
]


@pytest.mark.parametrize(("phrase", "message", "words"), FITS)
def test_a_phrase_is_found(phrase: str, message: str, words: str) -> None:
    assert found(phrase, message) == words


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("kill me", "kill them and me"),
        ("kill me", "skill me"),
        ("kill me", "kill men"),
        ("kill me", "me kill"),
        ("beat*", "offbeat"),
        ("*beat", "beats"),
        ("(he|she) beats", "we beats"),
        ("(he|she) beats", "beats"),
        ("(beat|hit)* me", "beats us"),
        ("*(book|school)", "books"),
        ("a ... b", "a one two three four b"),
        ("a ... b", "a one two three"),
        ("a ... b", "a"),
        ("a (b|c) ... d", "a b"),
        ("go home (now|today)", "go home"),
        ("a b", ""),
        ("a b", "🙏"),
    ],
)
def test_what_only_looks_like_a_phrase_is_not_found(phrase: str, message: str) -> None:
    assert found(phrase, message) is None


@pytest.mark.parametrize(
    "phrase",
    [
        "", "   ", "...", "()", "(|)", "(a|)", "(a|) ... (b|)", "-", "🙏", "*", "(*)", "a * b",
        "(a|b", "((a|b) c", "a|b", "a) b", "be*ing", "(a|b)) c",
    ],
)  # fmt: skip
def test_a_phrase_that_cannot_mean_anything_is_refused_at_the_start(phrase: str) -> None:
    with pytest.raises(ConfigError):
        parse(phrase)


def test_the_shortest_of_several_ways_is_the_hit() -> None:
    assert found("kill ... me", "kill me me me") == "kill me"
    assert found("go (home|home now|)", "go home now") == "go"


def test_all_phrases_are_found_where_they_stand_with_their_labels() -> None:
    finder = Finder([("kill me", "violence"), ("(kill|hurt) myself", "self harm"), ("me now", "time")])
    words = tokens("they kill me now, I hurt myself, they kill me")
    assert finder.find(words) == [
        Hit("violence", 1, 3), Hit("time", 2, 4), Hit("self harm", 5, 7), Hit("violence", 8, 10)
    ]  # fmt: skip


def test_a_phrase_with_very_many_choices_is_not_written_out() -> None:
    many = "|".join(f"word{number}" for number in range(200))
    assert found(" ".join([f"({many})"] * 12), " ".join(["word7"] * 12)) is not None


def rows_of_the_table() -> list[str]:
    """Return what the documentation names as ways of writing, without the names of tables that hold none."""
    lines = FORMATS.read_text("utf-8").split("| written | means |")[1].splitlines()
    return [line for line in lines if line.startswith("| `")]


def test_the_documentation_has_a_row_for_each_way_of_writing() -> None:
    written = " ".join(rows_of_the_table())
    for way in ("`word`", "`word*`", "`*word`", r"`(a\|b c\|d)`", r"`(a\|)`", "`...`"):
        assert way in written
    assert f"up to {['no', 'one', 'two', 'three', 'four'][GAP_WORDS]} other words" in written


WORD = st.sampled_from(["a", "b", "c", "ab", "ba", "abc"])
PIECE = st.builds(lambda word, start, end: f"{'*' * start}{word}{'*' * end}", WORD, st.booleans(), st.booleans())
GAP = st.just("...")


def joined(parts: list[str]) -> str:
    return " ".join(parts)


def choice(options: list[str]) -> str:
    return f"({'|'.join(options)})"


INNER = st.lists(PIECE | GAP, min_size=1, max_size=3).map(joined)
CHOICE = st.lists(INNER | st.just(""), min_size=1, max_size=3).map(choice)
PHRASE = st.lists(PIECE | CHOICE | GAP, min_size=1, max_size=4).map(joined)


def expression(phrase: str) -> str:
    """Translate a phrase to a regular expression over words that each end with a space: a second opinion."""
    ways = []
    for parts in itertools.product(*(part.strip("()").split("|") for part in re.findall(r"\([^)]*\)|\S+", phrase))):
        ways.append(_sequence(" ".join(parts).split()))
    return f"(?:^| )(?:{'|'.join(ways)})"


def _sequence(parts: list[str]) -> str:
    while parts and parts[0] == "...":
        parts = parts[1:]
    while parts and parts[-1] == "...":
        parts = parts[:-1]
    return "".join(
        rf"(?:[a-z]+ ){{0,{GAP_WORDS}}}" if part == "..."
        else f"{'[a-z]*' * part.startswith('*')}{part.strip('*')}{'[a-z]*' * part.endswith('*')} "
        for part in parts
    )  # fmt: skip


@given(PHRASE, st.lists(WORD | st.sampled_from(["x", "xab", "cba"]), max_size=8))
def test_a_phrase_finds_what_a_regular_expression_finds(phrase: str, words: list[str]) -> None:
    try:
        parse(phrase)
    except ConfigError:
        return
    if re.search(r"\(\.\.\.|\.\.\.[|)]|\|\.\.\.", phrase):
        return  # a gap at the border of a choice is kept by the one and dropped by the other
    message = " ".join(words)
    assert (found(phrase, message) is not None) == bool(re.search(expression(phrase), message + " "))


@given(st.text(alphabet="ab (|)*.…-'é", max_size=25), st.text(alphabet="ab é", max_size=20))
def test_whatever_an_editor_writes_is_refused_or_searched(phrase: str, message: str) -> None:
    try:
        finder = Finder([(phrase, "x")])
    except ConfigError:
        return
    words = tokens(message)
    for hit in finder.find(words):
        assert 0 <= hit.first < hit.end <= len(words)
