"""Too little to learn from, and sentences from a mould, are seen."""

from ops.variety import sameness, variety

MOULD = [("fees", f"how much must I pay for a {job} visa") for job in ("driver", "cook", "guard", "maid", "mason")]
FREE = [
    ("fees", "agent le kati paisa line ho"),
    ("fees", "my uncle gave 90k already, is that too much"),
    ("wages", "boss has not paid us since Dashain"),
]


def test_sentences_from_a_mould_are_near_duplicates() -> None:
    found = variety([*MOULD, *FREE])

    assert found.family == 5
    assert found.within == 5 / 8
    assert any("another word in one place" in what for what in sameness(found))


def test_one_mould_under_two_intents_is_worse() -> None:
    found = variety([("fees", "can they keep my passport"), ("visa", "can they keep my money")])

    assert found.across == 1.0
    assert any("of another intent" in what for what in sameness(found))


def test_free_sentences_are_not() -> None:
    assert list(sameness(variety(FREE))) == []


def test_short_words_of_every_day_may_be_alike() -> None:
    assert variety([("affirm", "yes sir"), ("affirm", "yes madam"), ("affirm", "yes please")]).within == 0
