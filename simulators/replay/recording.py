"""A recording as messages: rows of a CSV file, moved in time, in the order of time."""

import csv
import gzip
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TextIO

from ausguck.errors import ConfigError
from ausguck.model import Scalar
from simulators.outgoing import Element, Outgoing
from simulators.replay.mapping import PLACEHOLDER, SITE, KeyRule, Mapping, TimeRule

UNSENDABLE = frozenset("+#\0")
LONGEST_TOPIC = 65_535
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Row(NamedTuple):
    """One row, read and converted but for its time."""

    topic: str
    recorded_ms: int | None
    time_text: str
    values: Element


@dataclass(frozen=True, slots=True)
class Recording:
    """All rows in the order of time; rows of one time stay in the order of the file.

    `first_ms` is the earliest time in the file, 0 for a snapshot without times.
    """

    rows: Sequence[Row]
    first_ms: int
    last_ms: int
    is_snapshot: bool
    skipped: Counter[str] = field(default_factory=Counter)


class Timed(NamedTuple):
    """A message, and when it is sent relative to the first one."""

    after_ms: int
    message: Outgoing


def read_recording(path: Path, mapping: Mapping, site: str) -> Recording:
    """Read a CSV file, packed or not.

    Raises:
        ConfigError: it cannot be read, or a column the mapping names is not there.
    """
    skipped: Counter[str] = Counter()
    try:
        rows = list(_rows(path, mapping, site, skipped))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"recording {path.name}", str(error), "a CSV file") from None
    times = [row.recorded_ms for row in rows if row.recorded_ms is not None]
    if mapping.time and not times:
        expected = f"times of the format {mapping.time.format!r}"
        raise ConfigError(f"recording {path.name}, {mapping.time.column}", "none", expected)
    return Recording(
        rows=_in_time(rows),
        first_ms=min(times, default=0),
        last_ms=max(times, default=0),
        is_snapshot=mapping.time is None,
        skipped=skipped,
    )


def messages(recording: Recording, shift_ms: int, as_backlog: int = 1) -> list[Timed]:
    """The recording as devices would send it, every time moved by `shift_ms`.

    With `as_backlog` above 1 that many readings of one topic go out in one array, at the time
    of the last of them.
    """
    timed: list[Timed] = []
    waiting: dict[str, list[Element]] = {}
    after_ms = 0
    for row in recording.rows:
        after_ms = max(after_ms, (row.recorded_ms or recording.first_ms) - recording.first_ms)
        element = _element(row, shift_ms, is_snapshot=recording.is_snapshot)
        if as_backlog == 1:
            timed.append(Timed(after_ms, Outgoing(row.topic, (element,))))
            continue
        elements = waiting.setdefault(row.topic, [])
        elements.append(element)
        if len(elements) == as_backlog:
            timed.append(Timed(after_ms, _array(row.topic, waiting.pop(row.topic))))
    timed += [Timed(after_ms, _array(topic, rest)) for topic, rest in waiting.items()]
    return timed


def _array(topic: str, elements: list[Element]) -> Outgoing:
    return Outgoing(topic, tuple(elements), is_array=True)


def _element(row: Row, shift_ms: int, *, is_snapshot: bool) -> Element:
    if is_snapshot:
        return {"observed_at": shift_ms, **row.values}
    observed_at = row.time_text if row.recorded_ms is None else row.recorded_ms + shift_ms
    return {"observed_at": observed_at, **row.values}


def _in_time(rows: list[Row]) -> list[Row]:
    """Sorted by time; a row without one stays behind the row before it."""
    keyed, latest = [], 0
    for row in rows:
        latest = latest if row.recorded_ms is None else row.recorded_ms
        keyed.append((latest, row))
    keyed.sort(key=lambda pair: pair[0])
    return [row for _, row in keyed]


def _rows(path: Path, mapping: Mapping, site: str, skipped: Counter[str]) -> Iterator[Row]:
    with _open_text(path, mapping.encoding) as text:
        reader = csv.DictReader(text, delimiter=mapping.delimiter, restval="")
        _check_columns(path, mapping, reader.fieldnames or ())
        for cells in reader:
            topic = _topic(mapping.topic, cells, site)
            if topic:
                yield _row(topic, mapping, cells)
            else:
                skipped["topic cannot be sent over MQTT"] += 1


def _open_text(path: Path, encoding: str) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _check_columns(path: Path, mapping: Mapping, found: Sequence[str]) -> None:
    missing = sorted(mapping.columns() - set(found))
    if missing:
        raise ConfigError(
            f"recording {path.name}, columns",
            ", ".join(found) or "none",
            f"also {', '.join(missing)}",
        )


def _topic(template: str, cells: dict[str, str], site: str) -> str:
    """The topic, or an empty text if no client may publish to it."""
    topic = PLACEHOLDER.sub(lambda found: site if found[1] == SITE else cells[found[1]], template)
    is_sendable = UNSENDABLE.isdisjoint(topic) and len(topic.encode()) <= LONGEST_TOPIC
    return topic if is_sendable else ""


def _row(topic: str, mapping: Mapping, cells: dict[str, str]) -> Row:
    time = mapping.time
    text = cells[time.column] if time else ""
    values = {
        key: _convert(cells[rule.column], rule)
        for key, rule in mapping.keys.items()
        if cells[rule.column] not in rule.skip
    }
    return Row(topic, _recorded_ms(time, text), text, values)


def _recorded_ms(time: TimeRule | None, text: str) -> int | None:
    return time.epoch_ms(text) if time else None


def _convert(cell: str, rule: KeyRule) -> Scalar:
    """The cell as its type, or as it is where it is not of that type."""
    try:
        match rule.type:
            case "float":
                number = float(cell) if rule.factor == 1 else float(cell) * rule.factor
                return number if math.isfinite(number) else cell
            case "int":
                return int(cell) if rule.factor == 1 else round(int(cell) * rule.factor)
            case "bool":
                return BOOLEANS.get(cell.strip().lower(), cell)
            case "text":
                return cell
    except ValueError:
        return cell
