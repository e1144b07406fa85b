"""The register's changes seen through rows in a real store: yesterday's stay, and none doubles."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from ausguck.catalogue.state import StateMeasurement, StateRow
from ausguck.clock import ManualClock
from ausguck.model import AssetId, Kind, Reading
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Assignment, Fitting, Line, Row, Tables, Zone
from ausguck.roles.minutes import Minutes, Senses
from ausguck.settings import tree
from ausguck.store.duckdb.adapter import open_duckdb
from tests.fleet.makers import BUS, MINUTE_MS, NOW_MS, OTHER_BUS, SITE, STATION, known, told
from tests.roles.turns import until
from tests.store.room import put

BUS_STATE, STATION_STATE = StateMeasurement.BUS_STATE, StateMeasurement.STATION_STATE
FIRST_MS = NOW_MS - 2 * MINUTE_MS
END_MS = NOW_MS + 3 * MINUTE_MS
MINUTES = range(FIRST_MS, END_MS, MINUTE_MS)
WEST = Zone(id="west", area=((54.2, 10.0), (54.2, 10.2), (54.4, 10.2), (54.4, 10.0)))
EAST = Zone(id="east", area=((54.2, 10.2), (54.2, 10.4), (54.4, 10.4), (54.4, 10.2)))

Told = Callable[[int], Sequence[Reading]]


def register(revision: int = 1, **tables: tuple[Row, ...]) -> Register:
    return Register(Tables(**tables), SITE, revision)  # type: ignore[arg-type]  # each its own rows


def play(path: Path, told_at: Told, registered_at: Callable[[int], Register]) -> list[StateRow]:
    """Minute by minute: devices tell, the register is as it is by then, rows are written."""
    clock = ManualClock(FIRST_MS - MINUTE_MS)
    senses = Senses(register=lambda: registered_at(clock.now_ms()))

    async def live() -> list[StateRow]:
        async with open_duckdb(path / "history.duckdb", tree.Store(), tree.Retention()) as store:
            minutes = Minutes(SITE, store, clock, tree.State(), senses)
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                running = group.create_task(minutes.run())
                for number, now_ms in enumerate(MINUTES, 1):
                    clock.advance_ms(now_ms - clock.now_ms())
                    await put(store, number, *told_at(now_ms))
                    before = minutes.stats.rows.stored
                    await minutes.look(now_ms)
                    await until(
                        lambda before=before: (
                            minutes.stats.rows.stored > before  # type: ignore[misc]  # bound now
                            and minutes.stats.rows.waiting == 0
                        )
                    )
                running.cancel()
            return [
                row
                for measurement in (BUS_STATE, STATION_STATE, StateMeasurement.FLEET)
                for row in await store.recorded(measurement, FIRST_MS, END_MS)
            ]

    return asyncio.run(live())


def tags(rows: Sequence[StateRow], measurement: StateMeasurement) -> list[tuple[int, str, str]]:
    """Of each row: how many minutes after NOW_MS, which asset, and its line or zone."""
    return [
        ((row.at_ms - NOW_MS) // MINUTE_MS, row.tags[1], row.tags[2])
        for row in rows
        if row.measurement is measurement
    ]


def counted(rows: Sequence[StateRow], key: str) -> list[object]:
    return [known(row)[key] for row in rows if row.measurement is StateMeasurement.FLEET]


def test_line_11_becomes_12_and_each_bus_is_counted_once_a_minute(tmp_path: Path) -> None:
    known_then = register(
        lines=(
            Line(id="11", valid_to_ms=NOW_MS, successor="12"),
            Line(id="12", valid_from_ms=NOW_MS),
        ),
        assignments=(
            Assignment(id="bus/0456", line="11", valid_to_ms=NOW_MS),
            Assignment(id="bus/0456", line="12", valid_from_ms=NOW_MS),
        ),
    )

    def told_at(now_ms: int) -> Sequence[Reading]:
        # One bus still tells the old name; the other tells none.
        return told(BUS, now_ms - 5_000, line="11"), told(OTHER_BUS, now_ms - 5_000)

    rows = play(tmp_path, told_at, lambda _: known_then)

    assert tags(rows, BUS_STATE) == [
        (minute, bus, "11" if minute < 0 else "12")
        for minute in range(-2, 3)
        for bus in ("0123", "0456")
    ]
    assert counted(rows, "buses_known") == [2] * 5


def test_a_change_that_is_made_while_we_run_holds_from_the_next_minute(tmp_path: Path) -> None:
    old = register(1, assignments=(Assignment(id="bus/0123", line="11"),))
    changed_ms = NOW_MS - 30_000
    new = register(
        2,
        assignments=(
            Assignment(id="bus/0123", line="11", valid_to_ms=changed_ms),
            Assignment(id="bus/0123", line="12", valid_from_ms=changed_ms),
        ),
    )

    rows = play(
        tmp_path,
        lambda now_ms: [told(BUS, now_ms - 5_000)],
        lambda now_ms: old if now_ms < changed_ms else new,
    )

    assert [line for _, _, line in tags(rows, BUS_STATE)] == ["11", "11", "12", "12", "12"]


def test_a_station_moves_300_m_into_another_zone(tmp_path: Path) -> None:
    known_then = register(
        zones=(WEST, EAST),
        assets=(
            Asset(id="station/13", lat=54.3, lon=10.198, valid_to_ms=NOW_MS),
            Asset(id="station/13", lat=54.3, lon=10.2026, valid_from_ms=NOW_MS),
        ),
    )

    rows = play(tmp_path, lambda now_ms: [told(STATION, now_ms - 5_000)], lambda _: known_then)

    assert tags(rows, STATION_STATE) == [
        (minute, "13", "west" if minute < 0 else "east") for minute in range(-2, 3)
    ]
    places = [known(row)["lon"] for row in rows if row.measurement is STATION_STATE]
    assert places == [10.198] * 2 + [10.2026] * 3
    assert counted(rows, "stations_known") == [1] * 5


def test_a_station_gets_a_new_id_and_is_counted_once(tmp_path: Path) -> None:
    known_then = register(
        assets=(
            Asset(id="station/13", valid_to_ms=NOW_MS, successor="station/2013"),
            Asset(id="station/2013", valid_from_ms=NOW_MS),
        )
    )
    renamed = AssetId(SITE, Kind.STATION, "2013")

    def told_at(now_ms: int) -> Sequence[Reading]:
        return [told(STATION if now_ms < NOW_MS else renamed, now_ms - 5_000)]

    rows = play(tmp_path, told_at, lambda _: known_then)

    assert [name for _, name, _ in tags(rows, STATION_STATE)] == ["13"] * 2 + ["2013"] * 3
    assert counted(rows, "stations_known") == [1] * 5


def test_a_router_moves_to_another_bus_and_nothing_is_booked_twice(tmp_path: Path) -> None:
    known_then = register(
        fittings=(
            Fitting(id="S1", asset="bus/0123", valid_to_ms=NOW_MS),
            Fitting(id="S2", asset="bus/0123", valid_from_ms=NOW_MS),
            Fitting(id="S0", asset="bus/0456", valid_to_ms=NOW_MS),
            Fitting(id="S1", asset="bus/0456", valid_from_ms=NOW_MS),
        )
    )

    def told_at(now_ms: int) -> Sequence[Reading]:
        """As the decoder marks them: S1 counts on in its next bus, S2 and S0 for themselves."""
        observed_ms = now_ms - 5_000
        total = 10_000 + (now_ms - FIRST_MS) // 60
        is_before = observed_ms < NOW_MS
        found = []
        for bus, serial in ((BUS, "S1" if is_before else "S2"), (OTHER_BUS, "S0")):
            serial = "S1" if bus == OTHER_BUS and not is_before else serial  # noqa: PLW2901 - moved
            found.append(
                told(
                    bus,
                    observed_ms,
                    boot_id=serial + known_then.boot_mark(str(bus), observed_ms),
                    guest_down_bytes_total=total if serial == "S1" else 5,
                )
            )
        return found

    rows = play(tmp_path, told_at, lambda _: known_then)
    of_buses = [row for row in rows if row.measurement is BUS_STATE]

    assert [known(row).get("reboots") for row in of_buses] == [None] * 2 + [0] * 8
    # A thousand a minute, but for the row of the swap, where nothing is known.
    assert [known(row).get("guest_down_bytes") for row in of_buses if row.tags[1] == "0456"] == [
        None,
        0,
        0,
        None,
        1000,
    ]
    assert counted(rows, "buses_known") == [2] * 5
