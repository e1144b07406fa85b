"""The state of one minute: a row for each known bus and station, and one for the site."""

from collections.abc import Iterable, Mapping, Sequence

from ausguck.catalogue.state import State, StateMeasurement, StateRow
from ausguck.fleet.belonging import is_over
from ausguck.fleet.buses import Bus, bus
from ausguck.fleet.life import heard_ms, is_heard, row
from ausguck.fleet.picture import Picture, paint
from ausguck.fleet.seen import Before, Seen
from ausguck.fleet.stations import Station, station
from ausguck.model import AssetId, Kind
from ausguck.settings import tree

MINUTE_MS = 60_000
DAY_MS = 86_400_000


def minute(
    now_ms: int, site: str, seen: Seen, before: Before, settings: tree.State
) -> tuple[Sequence[StateRow], Before]:
    """The rows of a site at `now_ms`, which is a whole minute, and what the next one needs.

    An asset is known while something of it was received within `settings.known_days`, and gets
    a row whether it was heard or not; one row, whatever the register says of it. One that is
    over by the register is known no more, see `belonging.is_over`. What a row says is "as seen
    then": it is never computed again when a backlog tells more. See `bus` and `station` for what
    each column means.

    The rows are in order of measurement and tags, the site's own last.
    """
    silent_ms = settings.silent_after_s * 1000
    pictures = _known(now_ms, _pictures(site, seen, before, silent_ms), seen, settings)
    buses = [
        bus(now_ms, picture, before.booked.get(asset), seen, silent_ms)
        for asset, picture in pictures.items()
        if asset.kind is Kind.BUS
    ]
    stations = [
        station(now_ms, picture, seen, silent_ms)
        for asset, picture in pictures.items()
        if asset.kind is Kind.STATION
    ]
    rows = [made for one in buses for made in one.rows] + [one.row for one in stations]
    rows.sort(key=lambda made: (made.measurement, made.tags))
    rows.append(_fleet(now_ms, site, buses, stations))
    return rows, Before(pictures, _booked(before, pictures, buses))


def _pictures(
    site: str, seen: Seen, before: Before, live_within_ms: int
) -> Mapping[AssetId, Picture]:
    pictures = dict(before.pictures)
    for reading in seen.readings:
        asset = reading.asset
        if asset.site == site and asset.kind in {Kind.BUS, Kind.STATION}:
            pictures[asset] = paint(reading, pictures.get(asset), live_within_ms)
    return pictures


def _known(
    now_ms: int, pictures: Mapping[AssetId, Picture], seen: Seen, settings: tree.State
) -> Mapping[AssetId, Picture]:
    known_ms = settings.known_days * DAY_MS
    return {
        asset: picture
        for asset, picture in pictures.items()
        if is_heard(heard := heard_ms(picture, picture.received_ms, seen), now_ms, known_ms)
        and not is_over(seen.register, asset, heard, now_ms)
    }


def _booked(
    before: Before, known: Mapping[AssetId, Picture], buses: Iterable[Bus]
) -> Mapping[AssetId, Picture]:
    """Where the next differences begin; a bus without values in this row keeps its place."""
    kept = {asset: picture for asset, picture in before.booked.items() if asset in known}
    return kept | {one.picture.asset: one.picture for one in buses if one.is_fresh}


def _fleet(now_ms: int, site: str, buses: Sequence[Bus], stations: Sequence[Station]) -> StateRow:
    there = [one for one in buses if one.online]
    open_ = [one for one in stations if one.online]
    return row(
        StateMeasurement.FLEET,
        now_ms,
        (site,),
        {
            "buses_known": len(buses),
            "buses_online": len(there),
            "buses_degraded": sum(one.state is State.DEGRADED for one in buses),
            "buses_planned_off": sum(one.state is State.PLANNED_OFF for one in buses),
            "buses_silent": sum(one.state is State.SILENT for one in buses),
            "clients": _total(one.clients for one in there),
            "clients_guest": _total(one.clients_guest for one in there),
            "guest_down_bytes": _total(one.guest_down_bytes for one in there),
            "guest_up_bytes": _total(one.guest_up_bytes for one in there),
            "stations_known": len(stations),
            "stations_online": len(open_),
            "stations_silent": sum(one.state is State.SILENT for one in stations),
            "stations_empty": sum(one.empty == 1 for one in open_),
            "stations_full": sum(one.full == 1 for one in open_),
            "stations_closed": sum(one.renting == 0 for one in open_),
            "bikes": _total(one.bikes for one in open_),
            "docks": _total(one.docks for one in open_),
        },
    )


def _total(counts: Iterable[int | None]) -> int | None:
    """What is known added up; None where nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
