"""One asset's points over a time, several such questions in one request."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ausguck.catalogue.state import Bucket
from ausguck.model import AssetId
from ausguck.store.influxdb.places import NS_PER_MS, Place, columns, quoted, tags_of
from ausguck.store.influxdb.server import Cell, Server
from ausguck.store.influxdb.text import tag_value

STATEMENTS = 200
"""Most in one request."""


class Span(NamedTuple):
    """An asset's points of [from_ms, to_ms)."""

    place: Place
    asset: AssetId
    from_ms: int
    to_ms: int


class Between(NamedTuple):
    """A field's values of [first, last], as the server has them."""

    field: str
    first: int
    last: int


class Wanted(NamedTuple):
    """Some fields of a span's points, with at least one of them known; at most `limit`."""

    span: Span
    fields: tuple[str, ...]
    where: Mapping[str, int] = {}
    limit: int | None = None
    between: Between | None = None


class Row(NamedTuple):
    """One point: its time, and the fields that were asked for."""

    ns: int
    cells: Sequence[Cell]

    @property
    def at_ms(self) -> int:
        """The time that was observed."""
        return self.ns // NS_PER_MS


async def read(
    server: Server, wanted: Sequence[Wanted], most_bytes: int | None = None
) -> list[list[Row]]:
    """The rows of each, in order of time.

    Raises:
        TooMuchError: an answer has more than `most_bytes`, or did not come in time.
        StoreUnavailable: the server does not answer.
    """
    found: list[list[Row]] = [[] for _ in wanted]
    by_bucket: dict[Bucket, list[int]] = {}
    for index, one in enumerate(wanted):
        by_bucket.setdefault(one.span.place.bucket, []).append(index)
    for bucket, indices in by_bucket.items():
        for start in range(0, len(indices), STATEMENTS):
            part = indices[start : start + STATEMENTS]
            parameters: dict[str, str | int] = {}
            statements = [_statement(wanted[index], index, parameters) for index in part]
            answers = await server.ask(bucket, statements, parameters, most_bytes)
            for index, tables in zip(part, answers, strict=True):
                found[index] = [
                    Row(line[0], line[1:])
                    for table in tables
                    for line in table.values
                    if isinstance(line[0], int)
                ]
    return found


def _statement(wanted: Wanted, number: int, parameters: dict[str, str | int]) -> str:
    """Ask for one; its values become parameters."""
    place, asset, from_ms, to_ms = wanted.span
    conditions = [f"time >= $from{number}", f"time < $to{number}"]
    parameters[f"from{number}"] = from_ms * NS_PER_MS
    parameters[f"to{number}"] = to_ms * NS_PER_MS
    known = dict(zip(place.tags, map(tag_value, tags_of(place, asset)), strict=True))
    equal: dict[str, str | int] = {**known, **wanted.where}
    for name, found in equal.items():
        parameters[f"{name}{number}"] = found
        conditions.append(f"{quoted(name)} = ${name}{number}")
    if wanted.between is not None:
        field, first, last = wanted.between
        parameters |= {f"first{number}": first, f"last{number}": last}
        conditions += [f"{quoted(field)} >= $first{number}", f"{quoted(field)} <= $last{number}"]
    statement = (
        f"SELECT {columns(wanted.fields)} FROM {quoted(place.name)}"  # noqa: S608 - names are the catalogue's
        f" WHERE {' AND '.join(conditions)}"
    )
    if wanted.limit is None:
        return statement
    parameters[f"limit{number}"] = wanted.limit
    return f"{statement} LIMIT $limit{number}"
