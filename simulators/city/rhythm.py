"""The hours of a day: when people ride buses and bikes, and how warm and light it is."""

import math
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
SATURDAY, SUNDAY = 5, 6
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
REMEMBERED = 256
"""Minutes whose answers are kept: every device asks the same within one."""

# Relative number of rentals by local hour: peaks at 8 and 16, still at 4, as measured in Kiel.
BIKE_ACTIVITY = (
    *(0.09, 0.07, 0.05, 0.035, 0.03, 0.06, 0.14, 0.23, 0.32, 0.22, 0.19, 0.20),
    *(0.22, 0.23, 0.25, 0.28, 0.335, 0.29, 0.25, 0.23, 0.21, 0.18, 0.15, 0.12),
)
BUSIEST_BIKE_ACTIVITY = max(BIKE_ACTIVITY)

# Passengers on a bus in service, as a share of the fullest hour of a working day.
PASSENGERS = (
    *(0.12, 0.10, 0.08, 0.06, 0.10, 0.30, 0.62, 1.00, 0.92, 0.55, 0.48, 0.52),
    *(0.62, 0.72, 0.74, 0.86, 0.95, 0.88, 0.66, 0.48, 0.36, 0.30, 0.24, 0.18),
)
DAY_FACTOR = (1.0, 1.0, 1.0, 1.0, 1.05, 0.7, 0.5)


def local_time(at_ms: int) -> datetime:
    """The moment on Kiel's clocks."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(BERLIN)


def service_ms(day: date, minutes: int) -> int:
    """A moment of a service day as timetables count it: from twelve hours before noon.

    So 08:00 is eight by the clock also on the days on which the clocks change.
    """
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=BERLIN)
    return int(noon.timestamp() * 1000) + (minutes - 12 * 60) * MINUTE_MS


def bike_activity(at_ms: int) -> float:
    """How busy the bikes are in this hour, `BUSIEST_BIKE_ACTIVITY` at most."""
    return BIKE_ACTIVITY[local_time(at_ms).hour]


def passengers(at_ms: int) -> float:
    """How full buses are in this minute, 1 in the fullest hour."""
    return _passengers(at_ms // MINUTE_MS)


@lru_cache(maxsize=REMEMBERED)
def _passengers(minute: int) -> float:
    now = local_time(minute * MINUTE_MS)
    this = PASSENGERS[now.hour]
    following = PASSENGERS[(now.hour + 1) % 24]
    share = now.minute / 60
    return (this + (following - this) * share) * DAY_FACTOR[now.weekday()]


def temperature_c(at_ms: int) -> float:
    """Outdoor air: coldest before sunrise, coldest in late January."""
    return _temperature_c(at_ms // MINUTE_MS)


@lru_cache(maxsize=REMEMBERED)
def _temperature_c(minute: int) -> float:
    now = local_time(minute * MINUTE_MS)
    day = now.timetuple().tm_yday
    hour = now.hour + now.minute / 60
    season = 9.0 - 8.5 * math.cos(2 * math.pi * (day - 25) / 365.25)
    return season - 3.5 * math.cos(2 * math.pi * (hour - 3) / 24)


def daylight(at_ms: int) -> float:
    """Sun on a solar panel, 0 at night and 1 at a midsummer noon."""
    return _daylight(at_ms // MINUTE_MS)


@lru_cache(maxsize=REMEMBERED)
def _daylight(minute: int) -> float:
    now = local_time(minute * MINUTE_MS)
    day = now.timetuple().tm_yday
    hour = now.hour + now.minute / 60
    season = 0.55 - 0.45 * math.cos(2 * math.pi * (day + 10) / 365.25)
    half_day = 4.0 + 4.5 * season
    return max(0.0, season * math.cos(math.pi * (hour - 13) / (2 * half_day)))
