"""Times as the server's delete takes them; pure."""

from datetime import UTC, datetime

NS_PER_S = 1_000_000_000


def rfc3339(ns: int) -> str:
    """A moment to the nanosecond."""
    seconds, rest = divmod(ns, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
