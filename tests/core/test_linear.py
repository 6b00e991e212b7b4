"""Machines over words and letters: they learn, say the same each time, and come back from a file as they were."""

import io

import pytest

from core.linear import BITS, Groups, Machine, Row, learn

BEND = 0.5
SAID = (
    *((f"help he is beating me {more}", True) for more in ("now", "again", "please", "every night", "and my sister")),
    *((f"the drum is beating {more}", False) for more in ("now", "again", "at the wedding", "every night", "so loud")),
)


@pytest.fixture(scope="module")
def learnt() -> tuple[Groups, list[Row], Machine]:
    groups, rows = Groups.fit(text.split() for text, _ in SAID)
    return groups, rows, learn(rows, [belongs for _, belongs in SAID], BEND)


Learnt = tuple[Groups, list[Row], Machine]


def test_what_was_learnt_from_lies_on_its_side(learnt: Learnt) -> None:
    _, rows, machine = learnt
    assert [machine.score(row) > 0 for row in rows] == [belongs for _, belongs in SAID]


def test_a_new_message_and_a_misspelt_one_fall_where_their_neighbours_are(learnt: Learnt) -> None:
    groups, _, machine = learnt
    assert machine.score(groups.row("pls help he is beatin me".split())) > 0
    assert machine.score(groups.row("drums beating at a wedding".split())) < 0


def test_words_and_letters_have_the_length_one_each(learnt: Learnt) -> None:
    groups, rows, _ = learnt
    assert sum(value**2 for value in rows[0].values) == pytest.approx(2, abs=1e-3)
    # "beatings" is no word that was seen, but its letters were
    assert sum(value**2 for value in groups.row(["beatings"]).values) == pytest.approx(1, abs=1e-3)


def test_a_group_that_was_not_seen_twice_weighs_nothing(learnt: Learnt) -> None:
    groups, _, _ = learnt
    once, often = groups.row(["qzx"]), groups.row(["beating"])
    assert not once.places
    assert often.places


def test_the_same_rows_make_the_same_machine(learnt: Learnt) -> None:
    _, rows, machine = learnt
    again = learn(rows, [belongs for _, belongs in SAID], BEND)
    assert again.weights == machine.weights
    assert again.bias == machine.bias


def test_a_file_gives_back_what_was_written(learnt: Learnt) -> None:
    groups, _, machine = learnt
    file = io.BytesIO()
    groups.save(file)
    machine.save(file)
    file.seek(0)
    read, same = Groups.load(file), Machine.load(file)
    words = "he is beating her".split()
    assert same.score(read.row(words)) == pytest.approx(machine.score(groups.row(words)), abs=1e-5)


@pytest.mark.parametrize("size", [0, 3, 4 << BITS, (8 << BITS) - 4])
def test_a_file_that_is_cut_off_is_an_error_and_no_silent_machine(learnt: Learnt, size: int) -> None:
    groups, _, machine = learnt
    file = io.BytesIO()
    groups.save(file)
    machine.save(file)
    cut = io.BytesIO(file.getvalue()[:size])
    with pytest.raises(EOFError):
        (Groups.load(cut), Machine.load(cut))


def test_nothing_and_odd_letters_have_a_score(learnt: Learnt) -> None:
    groups, _, machine = learnt
    assert machine.score(groups.row([])) == machine.bias
    assert isinstance(machine.score(groups.row(["\ud800", "é" * 500])), float)
