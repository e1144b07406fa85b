"""What Grafana puts in place of its macros before it asks InfluxDB; pure.

As its backend does (pkg/tsdb/influxdb/models/query.go) and its variables' `regex` and `raw`
formats do, so that a query can be tried without Grafana.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ausguck.errors import AusguckError

ALL = "$__all"
MINUTE_MS = 60_000
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_SHOWN = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
# Below each bound an interval is rounded to the value beside it, in seconds.
_ROUNDED = (
    *((1.5, 1), (3.5, 2), (7.5, 5), (12.5, 10), (17.5, 15), (25, 20), (45, 30), (90, 60)),
    *((210, 120), (450, 300), (750, 600), (1050, 900), (1500, 1200), (2700, 1800)),
    *((5400, 3600), (9000, 7200), (16_200, 10_800), (32_400, 21_600), (86_400, 43_200)),
    *((604_800, 86_400), (1_814_400, 604_800)),
)
_LONGEST_S = 2_592_000
_VARIABLE = re.compile(r"\$\{(\w+):(regex|raw)\}")
_LEFT = re.compile(r"\$(\w+|\{[^}]*\})")
_SPECIAL = re.compile(r"[\\^$*+?.()|[\]{}/]")


class UnknownMacro(AusguckError):  # noqa: N818 - the name says the state
    """Something with a dollar sign is left that Grafana would not replace either."""

    def __init__(self, macro: str, query: str) -> None:
        super().__init__(f"{macro} is not known, in: {query}")


@dataclass(frozen=True, slots=True)
class Range:
    """What a dashboard shows, from and to, in milliseconds since 1970."""

    from_ms: int
    to_ms: int

    def newest(self, duration: str) -> "Range":
        """The same end, and a beginning so long before it."""
        return Range(self.to_ms - duration_ms(duration), self.to_ms)


def duration_ms(text: str) -> int:
    """`6h` or `5m` in milliseconds."""
    return int(text[:-1]) * _UNIT_MS[text[-1]]


def interval_ms(shown: Range, points: int, least_ms: int = MINUTE_MS) -> int:
    """The width of an interval, so that about so many fit into the range."""
    wanted_s = (shown.to_ms - shown.from_ms) / points / 1000
    rounded = next((value for bound, value in _ROUNDED if wanted_s < bound), _LONGEST_S)
    return max(rounded * 1000, least_ms)


def interval_text(milliseconds: int) -> str:
    """An interval as Go writes it, in the largest unit that fits."""
    name, unit = next(one for one in _SHOWN if milliseconds >= one[1])
    return f"{milliseconds // unit}{name}"


def substitute(
    query: str,
    shown: Range,
    interval: int,
    variables: Mapping[str, Sequence[str]],
    all_values: Mapping[str, str] | None = None,
) -> str:
    """The query that InfluxDB gets.

    Raises:
        UnknownMacro: something with a dollar sign is left.
    """

    def chosen(found: re.Match[str]) -> str:
        values = variables.get(found[1])
        if values is None:
            raise UnknownMacro(found[0], query)
        return _formatted(values, found[2], (all_values or {}).get(found[1]))

    text = _VARIABLE.sub(chosen, query)
    left = _VARIABLE.sub("", query)  # a value may hold a dollar sign
    for macro in ("$timeFilter", "$__interval_ms", "$__interval", "$interval"):
        left = left.replace(macro, "")
    if unknown := _LEFT.search(left):
        raise UnknownMacro(unknown[0], query)
    text = text.replace("$timeFilter", f"time >= {shown.from_ms}ms and time <= {shown.to_ms}ms")
    text = text.replace("$interval", interval_text(interval))
    text = text.replace("$__interval_ms", str(interval))
    return text.replace("$__interval", interval_text(interval))


def _formatted(values: Sequence[str], how: str, all_value: str | None) -> str:
    if ALL in values and all_value is not None:
        return all_value
    if how == "raw":
        return values[0] if len(values) == 1 else f"{{{','.join(values)}}}"
    escaped = [_SPECIAL.sub(r"\\\g<0>", value) for value in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
