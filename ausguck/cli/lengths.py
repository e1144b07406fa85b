"""Lengths of time and moments as people write them in commands."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

MS = {"h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
LENGTH = re.compile(r"([1-9][0-9]{0,3})([hdw])", re.ASCII)
MOMENT = "%Y-%m-%dT%H:%M"


class Length(click.ParamType[int]):
    """A length such as `12h`, `90d` or `4w`, in milliseconds."""

    name = "length"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:  # noqa: ANN401 - click's own signature
        """Milliseconds, or click's words about it."""
        if isinstance(value, int):
            return value
        found = LENGTH.fullmatch(value)
        if found is None:
            self.fail(f"{value!r} is no length such as 12h, 90d or 4w", param, ctx)
        return int(found.group(1)) * MS[found.group(2)]


def local(at_ms: int | None, zone: str) -> str:
    """A moment in local time to the minute; `-` for none."""
    if at_ms is None:
        return "-"
    moment = datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(ZoneInfo(zone))
    return moment.strftime(MOMENT)
