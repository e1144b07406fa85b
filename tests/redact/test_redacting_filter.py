"""No log line carries what redaction takes out, whichever way it got into the record."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from collectors.redact import RedactingFilter
from collectors.redact.logs import UNREADABLE

MAC = "aa:bb:cc:dd:ee:ff"


def fail() -> None:
    raise ValueError(MAC)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> Iterator[logging.Logger]:
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("tests.redaction")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def test_message_and_arguments(log: logging.Logger, stream: io.StringIO) -> None:
    log.warning("client %s of %s", MAC, "jane@example.org")
    assert stream.getvalue() == "client [redacted:mac] of [redacted:email]\n"


def test_traceback(log: logging.Logger, stream: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        log.exception("refused")
    assert MAC not in stream.getvalue()
    assert "ValueError: [redacted:mac]" in stream.getvalue()


def test_stack(log: logging.Logger, stream: io.StringIO) -> None:
    log.info("here", stack_info=True)
    assert "test_stack" in stream.getvalue()


def test_a_message_that_does_not_fit_its_arguments(
    log: logging.Logger, stream: io.StringIO
) -> None:
    record = log.makeRecord("redaction", logging.INFO, "file", 1, "%d clients", ("x",), None)
    log.handle(record)
    assert stream.getvalue() == f"{UNREADABLE}\n"


def test_an_exception_is_not_rendered_a_second_time() -> None:
    try:
        fail()
    except ValueError:
        record = logging.LogRecord("n", logging.ERROR, "f", 1, "m", None, sys.exc_info())
    assert RedactingFilter().filter(record)
    assert record.exc_info is None
    assert MAC not in str(record.exc_text)
