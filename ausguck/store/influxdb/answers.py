"""What an answer of the server means, and what a person is told; pure."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import NamedTuple

import msgspec

from ausguck.errors import StoreUnavailable
from ausguck.store.influxdb.places import STORE

WAIT_S = 1.0
WAIT_LONG_S = 15.0
"""Where only a person can change what is wrong."""
WAIT_MAX_S = 300.0
_MOST_WORDS = 300
_MOST_READ = 65_536
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What reading JSON that is none raises: in another encoding a UnicodeDecodeError."""
_ADVICE = {
    401: "the token is wrong or missing: see store.influxdb.token, and `ausguck check --prepare`",
    403: "the token may not do this: make one with `ausguck check --prepare`",
    404: "organisation or bucket is missing: see store.influxdb.org, and `ausguck check --prepare`",
}
_EXPIRED = re.compile(r"dropped (\d+) points outside retention policy")
_QUOTED_LINE = re.compile(r"unable to parse '.*': ", re.DOTALL)


class Meaning(Enum):
    """What became of a write."""

    STORED = auto()
    REFUSED = auto()
    TOO_LARGE = auto()
    UNAVAILABLE = auto()


class Answer(NamedTuple):
    """The parts of an HTTP answer that are looked at."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Told(msgspec.Struct):
    """How the server, and most of what stands before it, words an error."""

    message: str | None = None
    error: str | None = None


def meaning(status: int) -> Meaning:
    """What a status says about a write; only one of them proves anything."""
    if status == 204:  # noqa: PLR2004 - HTTP's number
        return Meaning.STORED
    if status in {400, 422}:
        return Meaning.REFUSED
    return Meaning.TOO_LARGE if status == 413 else Meaning.UNAVAILABLE  # noqa: PLR2004 - as above


def words(answer: Answer) -> str:
    """The server's own words, shortened, without the line they are about."""
    try:
        told = msgspec.json.decode(answer.body, type=_Told)
        text = told.message or told.error or ""
    except UNREADABLE:
        text = answer.body[:_MOST_READ].decode(errors="replace")
    text = _QUOTED_LINE.sub("unable to parse: ", " ".join(text.split()))
    return text[:_MOST_WORDS] or f"status {answer.status} without a word"


def expired(answer: Answer) -> int:
    """How many points the server says are older than their bucket keeps any."""
    found = _EXPIRED.search(words(answer))
    return int(found[1]) if found else 0


def unavailable(what: str, answer: Answer) -> StoreUnavailable:
    """The error for an answer that says nothing about the data."""
    advice = _ADVICE.get(answer.status)
    reason = f"{what} was answered {answer.status}: {words(answer)}"
    if advice:
        reason = f"{reason}; {advice}"
    return StoreUnavailable(STORE, reason, _wait_s(answer))


def failed_query(said: str) -> StoreUnavailable:
    """The error for a question that was taken and not answered."""
    reason = f"a query failed: {said[:_MOST_WORDS]}"
    if "not found" in said:
        return StoreUnavailable(STORE, f"{reason}; {_ADVICE[404]}", WAIT_LONG_S)
    return StoreUnavailable(STORE, reason, WAIT_S)


def _wait_s(answer: Answer) -> float:
    """How long the server wants us to wait: seconds, or a date held against its own clock."""
    default = WAIT_LONG_S if answer.status in _ADVICE else WAIT_S
    asked = answer.headers.get("retry-after", "").strip()
    if not asked:
        return default
    if asked.isdecimal() and asked.isascii():
        return min(float(asked[:9]), WAIT_MAX_S) if len(asked) <= 9 else WAIT_MAX_S  # noqa: PLR2004 - digits
    try:
        until = parsedate_to_datetime(asked)
        now = parsedate_to_datetime(answer.headers["date"])
        return min(max((until - now).total_seconds(), 0.0), WAIT_MAX_S)
    except (KeyError, ValueError, TypeError, OverflowError):
        return default
