"""Times and durations as a scenario file writes them, and what they are in milliseconds."""

import re
from datetime import datetime, timedelta
from typing import Final

from ausguck.errors import ConfigError
from simulators.city.rhythm import BERLIN

OF_THE_DAY: Final = re.compile(r"(?:\+(\d{1,2}) )?([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)min)?(?:(\d+)s)?")
UNITS_S: Final = (86_400, 3_600, 60, 1)
TIME_FORM: Final = 'a local time such as "07:30", or "+1 07:30" on the day after'
DURATION_FORM: Final = 'a duration such as "90s", "20min", "2h30min" or "1d"'


def duration_ms(key: str, text: str) -> int:
    """A duration in milliseconds.

    Raises:
        ConfigError: it is none, or it is nothing.
    """
    found = DURATION.fullmatch(text)
    seconds = (
        sum(int(part or 0) * unit for part, unit in zip(found.groups(), UNITS_S, strict=True))
        if found
        else 0
    )
    if not seconds:
        raise ConfigError(key, repr(text), DURATION_FORM)
    return seconds * 1000


def local_ms(moment: datetime) -> int:
    """A local time of the city as UTC milliseconds."""
    return int(moment.replace(tzinfo=BERLIN).timestamp() * 1000)


def time_ms(key: str, text: str, start: datetime) -> int:
    """A time of the scenario's days as UTC milliseconds; days count from that of the start.

    Raises:
        ConfigError: it is none.
    """
    found = OF_THE_DAY.fullmatch(text)
    if found is None:
        raise ConfigError(key, repr(text), TIME_FORM)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    day = midnight + timedelta(days=days)
    return local_ms(day.replace(hour=hours, minute=minutes, second=seconds))
