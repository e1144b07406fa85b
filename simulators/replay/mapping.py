"""How the columns of a CSV file become messages: a TOML file, read and checked here.

A mapping looks like this:

    what = "positions of our buses"                     # optional, for people
    topic = "v1/{site}/bus/{vehicle_id}/telemetry"      # {column}; {site} is the setting

    encoding = "utf-8"                                  # optional; also "latin-1", ...
    delimiter = ","                                     # optional

    [time]                                              # leave out: every row is read at T
    column = "timestamp"
    format = "rfc3339"       # or "epoch_s", "epoch_ms", or a pattern such as "%d.%m.%Y %H:%M"
    timezone = "Europe/Berlin"   # for times without an offset; default "UTC"

    [keys.speed_mps]                                    # one table for each key of the message
    column = "speed_kmh"
    type = "float"                                      # "float", "int", "bool" or "text"
    factor = 0.2777778                                  # optional, for float and int
    skip = ["", "NA"]                                   # cells that give no key; default [""]

A file ending in `.gz` is unpacked. A cell that does not convert is sent as the text it is:
the collector judges values, the replay invents none.
"""

import re
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from ausguck.errors import ConfigError

SITE = "site"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
BUILT_IN = ("austin-buses", "london-stations")


class KeyRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of the message."""

    column: str
    type: Literal["float", "int", "bool", "text"]
    factor: float = 1.0
    skip: tuple[str, ...] = ("",)


class TimeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a row's time is."""

    column: str
    format: Annotated[str, msgspec.Meta(min_length=1)] = "rfc3339"
    timezone: str = "UTC"

    def epoch_ms(self, text: str) -> int | None:
        """The time as milliseconds since 1970, `None` if it is none."""
        try:
            match self.format:
                case "epoch_s":
                    return round(float(text) * 1000)
                case "epoch_ms":
                    return int(text)
                case "rfc3339":
                    moment = datetime.fromisoformat(text)
                case pattern:
                    moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - zone follows
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=ZoneInfo(self.timezone))
            return round(moment.timestamp() * 1000)
        except (ValueError, OverflowError):
            return None


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole mapping file."""

    topic: str
    keys: dict[str, KeyRule]
    time: TimeRule | None = None
    what: str = ""
    encoding: str = "utf-8"
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","

    def columns(self) -> set[str]:
        """The columns a file must have."""
        columns = {rule.column for rule in self.keys.values()}
        columns |= set(PLACEHOLDER.findall(self.topic)) - {SITE}
        return columns | ({self.time.column} if self.time else set())


def load_mapping(name: str) -> Mapping:
    """A built-in mapping by its name, or one from a file.

    Raises:
        ConfigError: there is none of that name, or it is not a mapping.
    """
    try:
        if name in BUILT_IN:
            folder = resources.files("simulators") / "mappings"
            raw = (folder / f"{name}.toml").read_bytes()
        else:
            raw = Path(name).read_bytes()
    except OSError as error:
        expected = f"a readable file, or one of {', '.join(BUILT_IN)}"
        raise ConfigError("--mapping", f"{name} ({error.strerror})", expected) from None
    try:
        mapping = msgspec.toml.decode(raw, type=Mapping)
    except msgspec.DecodeError as error:
        raise ConfigError(f"mapping {name}", str(error), "a mapping file") from None
    _check(name, mapping)
    return mapping


def _check(name: str, mapping: Mapping) -> None:
    where = f"mapping {name}"
    if not mapping.keys:
        raise ConfigError(f"{where}, keys", "none", "at least one [keys.NAME] table")
    if mapping.time and mapping.time.timezone not in available_timezones():
        raise ConfigError(f"{where}, time.timezone", mapping.time.timezone, "an IANA time zone")
    if "{" in PLACEHOLDER.sub("", mapping.topic):
        raise ConfigError(f"{where}, topic", repr(mapping.topic), "{column} in whole braces")
