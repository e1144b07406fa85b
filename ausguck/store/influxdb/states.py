"""Rows of state: written as points of their own, replaced whole, and read back."""

from collections.abc import Iterable, Sequence
from itertools import chain

from ausguck.catalogue.state import Bucket, StateMeasurement, StateRow, StateTable, table
from ausguck.errors import StoreError
from ausguck.store.influxdb.answers import Meaning, meaning, unavailable, words
from ausguck.store.influxdb.lines import key_of
from ausguck.store.influxdb.places import NS_PER_MS, STORE, columns, quoted
from ausguck.store.influxdb.server import Cell, Server
from ausguck.store.influxdb.text import field_in, tag_out, tag_value
from ausguck.store.influxdb.times import rfc3339
from ausguck.store.influxdb.values import value

Key = tuple[int, tuple[str, ...]]
Value = int | float | str | None


class States:
    """Keeps rows of state; one call at a time."""

    def __init__(self, server: Server, chunk: int) -> None:
        self._server = server
        self._chunk = chunk
        self._newest: dict[StateMeasurement, int] = {}

    async def record(self, rows: Sequence[StateRow]) -> None:
        """Keep rows; one with the same measurement, tags and time replaces the first.

        Raises:
            StoreError: a value is not of its field's type, or the server refuses it for good.
            StoreUnavailable: nothing is known to be written.
        """
        kept: dict[StateMeasurement, dict[Key, StateRow]] = {}
        for row in rows:
            if any(one is not None for one in row.values):
                kept.setdefault(row.measurement, {})[row.at_ms, row.tags] = row
        written: dict[Bucket, list[str]] = {}
        for measurement, by_key in kept.items():
            of = table(measurement)
            lines = written.setdefault(of.bucket, [])
            lines.extend(_line(of, row) for row in by_key.values())
        for by_key in kept.values():
            await self._make_room(by_key)
        for bucket, lines in written.items():
            for start in range(0, len(lines), self._chunk):
                await self._write(bucket, lines[start : start + self._chunk])
        for measurement, by_key in kept.items():
            last_ms = max(at_ms for at_ms, _ in by_key)
            self._newest[measurement] = max(self._newest.get(measurement, last_ms), last_ms)

    async def recorded(
        self, measurement: StateMeasurement, from_ms: int, to_ms: int, limit: int
    ) -> list[StateRow]:
        """Rows of [from_ms, to_ms), by time and then by tags."""
        rows = await self._read(table(measurement), from_ms, to_ms, f" LIMIT {limit:d}")
        if rows and len(rows) == limit:
            # The server ends anywhere within the last moment; that one is read whole.
            last_ms = max(row.at_ms for row in rows)
            rows = [row for row in rows if row.at_ms < last_ms]
            rows += await self._read(table(measurement), last_ms, last_ms + 1)
        return sorted(rows, key=lambda row: (row.at_ms, row.tags))[:limit]

    async def _make_room(self, by_key: dict[Key, StateRow]) -> None:
        """Remove rows whose successors know less: the server would keep what they leave out."""
        of = table(next(iter(by_key.values())).measurement)
        newest = self._newest.get(of.measurement)
        times = [at_ms for at_ms, _ in by_key if newest is None or at_ms <= newest]
        if not times:
            return
        for old in await self._read(of, min(times), max(times) + 1):
            new = by_key.get((old.at_ms, old.tags))
            if new is not None and any(
                before is not None and after is None
                for before, after in zip(old.values, new.values, strict=True)
            ):
                at = rfc3339(old.at_ms * NS_PER_MS)
                await self._server.delete(of.bucket, at, at, _predicate(of, old))

    async def _write(self, bucket: Bucket, lines: list[str]) -> None:
        answer = await self._server.write(bucket, lines)
        means = meaning(answer.status)
        if means is Meaning.REFUSED:
            raise StoreError(STORE, f"rows of state were refused: {words(answer)}")
        if means is not Meaning.STORED:
            raise unavailable(f"a write to bucket {self._server.bucket(bucket)}", answer)

    async def _read(
        self, of: StateTable, from_ms: int, to_ms: int, limit: str = ""
    ) -> list[StateRow]:
        keys = tuple(field.key for field in of.fields)
        statement = (
            f"SELECT {columns((*keys, *of.tags))} FROM {quoted(of.measurement.value)}"  # noqa: S608 - names are the catalogue's
            f" WHERE time >= $from AND time < $to{limit}"
        )
        parameters = {"from": from_ms * NS_PER_MS, "to": to_ms * NS_PER_MS}
        (tables,) = await self._server.ask(of.bucket, [statement], parameters)
        return [_row(of, line) for line in chain.from_iterable(one.values for one in tables)]


def _line(of: StateTable, row: StateRow) -> str:
    fields = ",".join(_fields(of, row.values))
    tags = sorted(zip(of.tags, row.tags, strict=True))
    key = key_of(of.measurement.value, [tag for tag, _ in tags], [text for _, text in tags])
    line = f"{key} {fields} {row.at_ms * NS_PER_MS}"
    try:
        line.encode()
    except UnicodeEncodeError as error:
        raise StoreError(STORE, f"a text of {of.measurement} is not valid Unicode") from error
    return line


def _fields(of: StateTable, values: Sequence[Value]) -> Iterable[str]:
    for field, found in zip(of.fields, values, strict=True):
        if found is None:
            continue
        if field.type is str and isinstance(found, str):
            yield f'{field.key}="{field_in(found)}"'
        elif field.type is int and isinstance(found, int):
            yield f"{field.key}={found:d}i"
        elif field.type is float and isinstance(found, int | float) and found - found == 0:
            yield f"{field.key}={float(found)!r}"
        else:
            raise StoreError(
                STORE,
                f"a value of {of.measurement}.{field.key} is of type {type(found).__name__}, "
                f"not {field.type.__name__}",
            )


def _row(of: StateTable, line: Sequence[Cell]) -> StateRow:
    at_ns, *cells = line
    size = len(of.fields)
    values = [value(field.type, cell) for field, cell in zip(of.fields, cells[:size], strict=True)]
    return StateRow(
        of.measurement,
        at_ns // NS_PER_MS if isinstance(at_ns, int) else 0,
        tuple(tag_out(str(cell)) for cell in cells[size:]),
        tuple(values),
    )


def _predicate(of: StateTable, row: StateRow) -> str:
    """What names one row to the server's delete."""
    named = [("_measurement", of.measurement.value)]
    named += [(tag, tag_value(text)) for tag, text in zip(of.tags, row.tags, strict=True)]
    return " AND ".join(f'"{name}"="{_in_quotes(text)}"' for name, text in named)


def _in_quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
