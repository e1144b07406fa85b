"""Decides over which time, and how finely, readings may be asked for at once; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.problems import ApiProblem, Kind, ParameterProblem, shown, wrong
from api.times import epoch_ms
from ausguck.store.port import Every

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
EARLIEST_MS = 0
LATEST_MS = 4_102_444_800_000  # the year 2100

# Days at most for each width; None is each reading by itself.
MAX_DAYS: Mapping[Every | None, int] = {
    None: 2,
    Every.MINUTE: 7,
    Every.FIVE_MINUTES: 31,
    Every.QUARTER_HOUR: 92,
    Every.HOUR: 400,
    Every.DAY: 3660,
}


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch [from_ms, to_ms)."""

    from_ms: int
    to_ms: int


def asked_ms(which: str, text: str) -> int:
    """Milliseconds since 1970 of a time that was asked for by a parameter of that name.

    Raises:
        ApiProblem: it is none.
    """
    try:
        return epoch_ms(text)
    except ValueError as error:
        raise wrong(which, text, str(error), Kind.RANGE) from None


def span(from_ms: int | None, to_ms: int | None, every: Every | None, now_ms: int) -> Span:
    """The stretch that is meant; the last hour where nothing is said.

    Raises:
        ApiProblem: it is empty, out of this world, or longer than the width allows.
    """
    end = to_ms if to_ms is not None else max(now_ms, 0 if from_ms is None else from_ms + HOUR_MS)
    begin = from_ms if from_ms is not None else end - HOUR_MS
    for which, moment in (("query.from", begin), ("query.to", end)):
        if not EARLIEST_MS <= moment <= LATEST_MS:
            raise _misfit(which, moment, "a time between 1970 and 2100")
    if begin >= end:
        raise _misfit("query.from", begin, "a time before `to`")
    _check_length(end - begin, every)
    return Span(begin, end)


def _misfit(which: str, found: object, expected: str) -> ApiProblem:
    parameter = ParameterProblem(which=which, found=shown(found), expected=expected)
    return ApiProblem(Kind.RANGE, f"{which}: expected {expected}", [parameter])


def _check_length(length_ms: int, every: Every | None) -> None:
    most = MAX_DAYS[every]
    if length_ms <= most * DAY_MS:
        return
    wider = next((w for w, days in MAX_DAYS.items() if days * DAY_MS >= length_ms and w), None)
    advice = f", or take every={wider}" if wider else ""
    width = f"with every={every}" if every else "without `every`"
    expected = f"at most {most} days {width}{advice}"
    found = f"{length_ms / DAY_MS:.1f} days"
    raise ApiProblem(
        Kind.RANGE,
        f"query.from to query.to: found {found}, expected {expected}",
        [ParameterProblem(which="query.from", found=found, expected=expected)],
    )
