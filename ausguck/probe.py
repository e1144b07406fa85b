"""Named places in the flow at which a test may kill the process.

A probe is called with the name of the place just reached. In service it does nothing.
"""

from collections.abc import Callable
from enum import StrEnum

Probe = Callable[[str], None]


class CrashPoint(StrEnum):
    """Every place at which the no-loss promise could break."""

    JOURNAL_BEFORE_WRITE = "journal.before_write"
    JOURNAL_BEFORE_SYNC = "journal.before_sync"
    JOURNAL_AFTER_SYNC = "journal.after_sync"
    JOURNAL_NEW_SEGMENT = "journal.new_segment"
    LISTENER_BEFORE_CONNACK = "listener.before_connack"
    LISTENER_BEFORE_PUBACK = "listener.before_puback"
    LISTENER_AFTER_PUBACK = "listener.after_puback"
    LISTENER_BEFORE_PUBREC = "listener.before_pubrec"
    LISTENER_BEFORE_PUBCOMP = "listener.before_pubcomp"
    SUBSCRIBER_BEFORE_PUBACK = "subscriber.before_puback"
    SUBSCRIBER_AFTER_PUBACK = "subscriber.after_puback"
    HISTORY_BEFORE_DEADLETTERS = "history.before_deadletters"
    HISTORY_AFTER_DEADLETTERS = "history.after_deadletters"
    STORE_BEFORE_COMMIT = "store.before_commit"
    STORE_AFTER_COMMIT = "store.after_commit"
    INFLUXDB_BEFORE_CURSOR = "influxdb.before_cursor"


def ignore(_point: str) -> None:
    """The probe of a process in service."""


def armed(words: str, kill: Callable[[], None]) -> Probe:
    """A probe that calls `kill` the n-th time a place is reached.

    `words` is `<place>` or `<place>:<n>`, as `AUSGUCK_CRASH_AT` gives it.

    Raises:
        ValueError: there is no such place, or n is not a number.
    """
    name, _, count = words.partition(":")
    place = CrashPoint(name)
    left = int(count or 1)

    def probe(point: str) -> None:
        nonlocal left
        if point == place:
            left -= 1
            if left == 0:
                kill()

    return probe
