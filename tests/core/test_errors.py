"""The tree of errors is the one that is drawn, and none of them says what it must not."""

import inspect

import pytest

from core import errors

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.AmanaError)]


def drawn() -> dict[str, str | None]:
    """Return the parent of each error as the docstring draws it."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        bullet = line.strip()[:1]
        if bullet not in ("*", "-", "+"):
            continue
        depth = "*-+".index(bullet)
        name = line.split()[1]
        above[depth:] = [name]
        parents[name] = above[depth - 1] if depth else None
    return parents


def test_the_drawing_is_the_tree() -> None:
    real = {kind.__name__: kind.__base__.__name__ for kind in ALL} | {"AmanaError": None}
    assert drawn() == real


def test_the_classes_stand_in_the_order_of_the_drawing() -> None:
    in_file = sorted(ALL, key=lambda kind: inspect.getsourcelines(kind)[1])
    assert [kind.__name__ for kind in in_file] == list(drawn())


@pytest.mark.parametrize("kind", ALL)
def test_every_error_says_in_one_sentence_what_happened(kind: type[errors.AmanaError]) -> None:
    assert kind.__doc__
    assert kind.__doc__.split("\n")[0].count(".") >= 1


def test_a_forgery_carries_no_detail() -> None:
    assert str(errors.Forged()) == ""
    with pytest.raises(TypeError):
        errors.Forged("signature was abc")  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", [kind for kind in ALL if issubclass(kind, errors.SendError)])
def test_a_failed_send_carries_the_code_and_how_long_to_wait(kind: type[errors.SendError]) -> None:
    error = kind("30003", retry_after=7.5)
    assert (error.code, error.retry_after, str(error)) == ("30003", 7.5, "30003")
    assert kind("30003").retry_after is None
