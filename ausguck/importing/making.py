"""From drafts to the rows of an offer: ends, what is there already, references, doubles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from ausguck.importing.columns import COLUMNS, Column
from ausguck.importing.drafts import Draft
from ausguck.importing.faults import Faults, quoted
from ausguck.importing.moments import local
from ausguck.register.change import Given, Origins
from ausguck.register.keyring import BARRED
from ausguck.register.register import Register
from ausguck.register.rows import ROW_TYPES, DeviceState, Row
from ausguck.register.versions import Versions
from ausguck.settings.nearest import nearest

OWN_SOURCE: Final = frozenset({"assignments", "events"})
"""Tables whose rows say who has said them."""
STAYING: Final = BARRED | {DeviceState.REPAIR}
"""States that a fitting does not change."""

Drafts = Mapping[str, Sequence[Draft]]


@dataclass(frozen=True, slots=True)
class Scene:
    """What an import is read against: the register as it is, and the moment it is made for.

    `origins` say who told of what is there.
    """

    register: Register
    zone: ZoneInfo
    now_ms: int
    source: str = "csv"
    origins: Origins = field(default_factory=dict)


def given(drafts: Drafts, scene: Scene, faults: Faults) -> dict[str, list[Given]]:
    """The rows of each table; none where anything is wrong, which goes to `faults`."""
    known = _Known(drafts, scene.register)
    for same in drafts.values():
        _end_where_the_next_begins(same, scene.zone, faults)
        for draft in same:
            known.check(draft, faults)
    if faults.count:
        return {}
    return {
        table: [_given(draft, drafts, scene) for draft in drafts[table]]
        for table in ROW_TYPES
        if table in drafts
    }


def versions(register: Register, table: str) -> Versions[Row]:
    """What the register knows of a table."""
    if table == "events":
        return Versions(register.events)
    found: Versions[Row] = getattr(register, table)
    return found


def _end_where_the_next_begins(drafts: Sequence[Draft], zone: ZoneInfo, faults: Faults) -> None:
    """Rows of one id: none twice, none that ends before it begins, none without its end."""
    by_id: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_id.setdefault(draft.id, []).append(draft)
    for same in by_id.values():
        same.sort(key=lambda draft: -1 if draft.valid_from_ms is None else draft.valid_from_ms)
        for before, after in pairwise(same):
            if before.valid_from_ms == after.valid_from_ms:
                found = f"{quoted(after.id)} again, as at {before.place}"
                faults.add(after.place, "id", found, "each row once")
            elif before.valid_to_ms is None:
                before.fields["valid_to_ms"] = after.valid_from_ms
        for draft in same:
            _judge_times(draft, zone, faults)


def _judge_times(draft: Draft, zone: ZoneInfo, faults: Faults) -> None:
    begins, ends = draft.valid_from_ms, draft.valid_to_ms
    if begins is not None and ends is not None and ends <= begins:
        expected = f"a time after {local(begins, zone)}"
        faults.add(draft.place, "valid_to", local(ends, zone), expected)


def _given(draft: Draft, drafts: Drafts, scene: Scene) -> Given:
    is_dated = draft.valid_from_ms is not None
    fields = dict(draft.fields)
    base = _base(draft, scene)
    if base is not None:
        fields = _over(base, fields, draft)
    fields["external_ids"] = _externals(base, draft)
    if draft.table in OWN_SOURCE:
        fields["source"] = fields.get("source") or scene.source
    if draft.table == "devices" and "state" not in draft.fields:
        fields["state"] = _state(draft.id, base, drafts, scene)
    make: Callable[..., Row] = ROW_TYPES[draft.table]
    return Given(make(**fields), is_dated, draft.place)


def _base(draft: Draft, scene: Scene) -> Row | None:
    """The version that goes on where the draft's file has no such column."""
    if draft.table in OWN_SOURCE:
        return None
    at_ms = scene.now_ms if draft.valid_from_ms is None else draft.valid_from_ms
    return versions(scene.register, draft.table).at(draft.id, at_ms)


def _over(base: Row, fields: Mapping[str, object], draft: Draft) -> dict[str, object]:
    """The fields with those of the version before where they are not given."""
    told = msgspec.structs.asdict(base)
    del told["valid_from_ms"]
    is_its_end = draft.valid_from_ms in {None, base.valid_from_ms}
    if not is_its_end:
        del told["valid_to_ms"]
    return {**told, **fields}


def _externals(base: Row | None, draft: Draft) -> dict[str, str]:
    told = {**(base.external_ids if base is not None else {}), **draft.externals}
    return {source: name for source, name in told.items() if name is not None}


def _state(serial: str, base: Row | None, drafts: Drafts, scene: Scene) -> DeviceState:
    """A device's state where its file says none: told by its fitting, unless it is out of use."""
    before = getattr(base, "state", DeviceState.SPARE)
    if before in STAYING:
        return DeviceState(before)
    if "fittings" in drafts:
        is_fitted = any(
            draft.id == serial
            and (draft.valid_from_ms or 0) <= scene.now_ms
            and (draft.valid_to_ms is None or scene.now_ms < draft.valid_to_ms)
            for draft in drafts["fittings"]
        )
    else:
        is_fitted = scene.register.fitting(serial, scene.now_ms) is not None
    return DeviceState.FITTED if is_fitted else DeviceState.SPARE


class _Known:
    """Every id there is, in the register or in the import itself."""

    def __init__(self, drafts: Drafts, register: Register) -> None:
        self._ids = {
            table: {*versions(register, table).ids(), *(one.id for one in drafts.get(table, ()))}
            for table in ROW_TYPES
        }

    def check(self, draft: Draft, faults: Faults) -> None:
        """Tell of each id that a row names and nobody knows."""
        for column in COLUMNS[draft.table]:
            if column.refers is None:
                continue
            found = draft.fields.get(column.field)
            for name in found if isinstance(found, tuple) else (found,):
                if name is not None and name not in self._ids[column.refers]:
                    self._tell(draft, column, str(name), faults)

    def _tell(self, draft: Draft, column: Column, name: str, faults: Faults) -> None:
        refers = str(column.refers)
        likely = nearest(name, sorted(self._ids[refers]))
        expected = f"an id of {refers}, such as {likely!r}" if likely else f"an id of {refers}"
        faults.add(draft.place, column.name, quoted(name), expected)
