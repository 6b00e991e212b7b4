"""No level of logging and no library can write what a person wrote."""

import logging
from typing import Any

import pytest
import structlog
from logs import keep_words_out_of_logs, logger

MARKER = "Sita-is-locked-in"


@pytest.fixture(autouse=True)
def _every_level() -> Any:
    keep_words_out_of_logs(logging.DEBUG)
    yield
    keep_words_out_of_logs(logging.WARNING)


def written(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    return out + err


def test_a_foreign_record_keeps_its_place_only(capsys: pytest.CaptureFixture[str]) -> None:
    keep_words_out_of_logs(logging.DEBUG)
    log = logging.getLogger("rasa.core.processor")
    log.debug(f"received {MARKER}")
    log.error("received %s", MARKER)
    log.warning({"text": MARKER})

    text = written(capsys)
    assert MARKER not in text
    assert "rasa.core.processor" in text
    assert "test_a_foreign_record_keeps_its_place_only" in text


def test_an_exception_keeps_its_kind_and_place_only(capsys: pytest.CaptureFixture[str]) -> None:
    keep_words_out_of_logs(logging.DEBUG)
    try:
        raise ValueError(MARKER)
    except ValueError:
        logging.getLogger("sanic.error").exception(f"trouble with {MARKER}", stack_info=True)

    text = written(capsys)
    assert MARKER not in text
    assert "ValueError at test_logs.py" in text


def test_structlog_says_nothing_of_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    keep_words_out_of_logs(logging.DEBUG)
    log = structlog.get_logger()
    log.debug("processor.message.parse", parse_data_text=MARKER)
    log.error(f"event {MARKER}", event_info=MARKER, exc_info=ValueError(MARKER))

    assert MARKER not in written(capsys)


def test_warnings_and_extra_fields_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    keep_words_out_of_logs(logging.DEBUG)
    import warnings

    warnings.warn(MARKER, UserWarning, stacklevel=1)
    logging.getLogger("x").error("a", extra={"words": MARKER})

    assert MARKER not in written(capsys)


def test_our_own_sentences_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    keep_words_out_of_logs(logging.DEBUG)
    logger("connector").error("turn failed: %s", "time limit")

    assert "amana.connector turn failed: time limit" in written(capsys)
