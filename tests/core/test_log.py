"""The log: a field that is not on the list cannot pass, and libraries are heard without their words."""

import json
import logging

import pytest

from core.log import FIELDS, NotAllowedInLog, set_up

pytestmark = pytest.mark.usefixtures("logging_as_before")
MARKER = "marmalade +15005550001"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Return what was logged, and check that the marker is nowhere."""
    out, err = capsys.readouterr()
    assert "marmalade" not in out + err
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_allowed_fields_are_one_json_line(capsys) -> None:
    set_up("gateway").info("turn taken", person="ab12", channel="sms", elapsed_ms=12)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")  # type: ignore[union-attr]
    assert line == {
        "process": "gateway", "event": "turn taken", "level": "info", "person": "ab12", "channel": "sms",
        "elapsed_ms": 12,
    }  # fmt: skip


@pytest.mark.parametrize("field", ["text", "message", "address", "name", "number", "body", "exception", "error"])
def test_a_field_that_is_not_on_the_list_is_dropped(capsys, field: str) -> None:
    set_up("gateway").warning("refused", status=403, **{field: MARKER})
    (line,) = lines(capsys)
    assert field not in line
    assert line["status"] == 403


def test_in_tests_a_field_that_is_not_on_the_list_is_an_error(capsys) -> None:
    with pytest.raises(NotAllowedInLog, match=r"^text$"):
        set_up("gateway", strict=True).info("turn", text=MARKER)
    assert lines(capsys) == []


def test_bound_fields_are_checked_too(capsys) -> None:
    set_up("gateway").bind(text=MARKER).error("turn broke", code="KeyError")
    assert [line["code"] for line in lines(capsys)] == ["KeyError"]


def test_what_a_library_says_is_reduced_to_its_place(capsys) -> None:
    set_up("gateway")
    logging.getLogger("some.library").warning("could not send %s", MARKER)
    (line,) = lines(capsys)
    assert line["event"] == "library"
    assert line["level"] == "warning"
    assert str(line["code"]).startswith("some.library:")
    assert set(line) == {"event", "level", "code"}


def test_an_exception_of_a_library_shows_its_kind_and_place_and_no_message(capsys) -> None:
    def read_the_message() -> None:
        raise ValueError(MARKER)

    set_up("gateway")
    try:
        try:
            read_the_message()
        except ValueError as error:
            raise KeyError(MARKER) from error
    except KeyError:
        logging.getLogger("some.library").exception("broke on %s", MARKER, stack_info=True)
    (line,) = lines(capsys)
    assert line["error"] == "KeyError"
    assert "test_an_exception_of_a_library" in str(line["at"])


def test_libraries_are_not_heard_below_a_warning(capsys) -> None:
    set_up("gateway")
    logging.getLogger("httpx").info("GET https://example.org/%s", MARKER)
    logging.getLogger("sqlalchemy.engine").debug("INSERT %s", MARKER)
    assert lines(capsys) == []


def test_a_level_can_be_chosen(capsys) -> None:
    logger = set_up("gateway", level=logging.ERROR)
    logger.warning("quiet")
    logger.error("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_no_field_on_the_list_is_for_words_or_addresses() -> None:
    for word in ("text", "body", "address", "phone", "number", "name", "message", "error", "url", "quote", "handle"):
        assert word not in FIELDS
