"""Times as the API takes and gives them: RFC 3339 in, with an offset; out in UTC with `Z`."""

import re
from datetime import UTC, datetime, timedelta

RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
EXPECTED = "an RFC 3339 time with offset, such as 2026-03-29T08:00:00+02:00"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPOILT_PLUS = re.compile(r".* \d{2}:\d{2}", re.ASCII)


def epoch_ms(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 time.

    Raises:
        ValueError: it is none; the message says what is expected.
    """
    if not RFC3339.fullmatch(text):
        hint = " (in a URL, + is written %2B)" if SPOILT_PLUS.fullmatch(text) else ""
        raise ValueError(EXPECTED + hint)
    text = text.upper()
    leap = text[17:19] == "60"
    if leap:
        text = f"{text[:17]}59{text[19:]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(EXPECTED) from None
    return (moment - EPOCH) // timedelta(milliseconds=1) + (1000 if leap else 0)
