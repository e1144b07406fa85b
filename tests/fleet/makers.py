from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ausguck import catalogue
from ausguck.catalogue.state import StateMeasurement, StateRow, table
from ausguck.fleet.minute import minute
from ausguck.fleet.seen import Before, Seen
from ausguck.model import AssetId, Event, Inventory, Kind, Reading, Scalar
from ausguck.register.register import Register
from ausguck.settings import tree

SITE = "kiel"
NOW_MS = 1_800_000_000_000 // 60_000 * 60_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
BUS = AssetId(SITE, Kind.BUS, "0123")
OTHER_BUS = AssetId(SITE, Kind.BUS, "0456")
STATION = AssetId(SITE, Kind.STATION, "13")
RULES = tree.State()

Value = int | float | str | None


def told(
    asset: AssetId = BUS,
    at_ms: int = NOW_MS - 5_000,
    *,
    received_ms: int | None = None,
    boot_id: str | None = "b1",
    clock_suspect: bool = False,
    values: Mapping[str, Scalar] = MappingProxyType({}),
    **more: Scalar,
) -> Reading:
    """A reading, received 200 ms after it was observed if nothing else is said."""
    keys = catalogue.keys(asset.kind)
    content = {**values, **more}
    assert set(content) <= set(keys)
    return Reading(
        asset=asset,
        observed_at_ms=at_ms,
        received_at_ms=at_ms + 200 if received_ms is None else received_ms,
        boot_id=boot_id,
        seq=at_ms,
        digest=1,
        clock_suspect=clock_suspect,
        values=tuple(content.get(key) for key in keys),
    )


def says(detail: str, at_ms: int, asset: AssetId = BUS) -> Event:
    return Event(
        asset=asset,
        observed_at_ms=at_ms,
        received_at_ms=at_ms + 200,
        type="status",
        detail=detail,
        digest=1,
    )


def stands(
    asset: AssetId = STATION,
    capacity: int | None = 20,
    name: str | None = "Hauptbahnhof",
    lat: float | None = 54.3,
    lon: float | None = 10.1,
) -> Inventory:
    return Inventory(
        asset=asset,
        observed_at_ms=NOW_MS - HOUR_MS,
        model=None,
        firmware=None,
        serial=None,
        profile=None,
        sim_count=None,
        name=name,
        lat=lat,
        lon=lon,
        capacity=capacity,
    )


def known(row: StateRow) -> dict[str, Value]:
    """The values of a row that are known, by key."""
    fields = table(row.measurement).fields
    return {
        field.key: value
        for field, value in zip(fields, row.values, strict=True)
        if value is not None
    }


class Watch:
    """Minute after minute of one site."""

    def __init__(self, rules: tree.State = RULES) -> None:
        self.rules = rules
        self.before = Before()
        self.rows: Sequence[StateRow] = ()

    def see(
        self,
        *readings: Reading,
        now_ms: int = NOW_MS,
        places: Sequence[Inventory] = (),
        statuses: Sequence[Event] = (),
        heard: Mapping[AssetId, int] | None = None,
        register: Register | None = None,
    ) -> "Watch":
        seen = Seen(
            readings,
            {place.asset: place for place in places},
            {status.asset: status for status in statuses},
            heard or {},
            register or Register(),
        )
        self.rows, self.before = minute(now_ms, SITE, seen, self.before, self.rules)
        return self

    def of(self, measurement: StateMeasurement) -> list[StateRow]:
        return [row for row in self.rows if row.measurement is measurement]

    def one(self, measurement: StateMeasurement) -> dict[str, Value]:
        (row,) = self.of(measurement)
        return known(row)

    @property
    def bus(self) -> dict[str, Value]:
        return self.one(StateMeasurement.BUS_STATE)

    @property
    def station(self) -> dict[str, Value]:
        return self.one(StateMeasurement.STATION_STATE)

    @property
    def fleet(self) -> dict[str, Value]:
        return self.one(StateMeasurement.FLEET)
