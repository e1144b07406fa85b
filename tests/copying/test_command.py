"""`ausguck store copy` and `compare` as a person types them."""

import asyncio
import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from ausguck.app.lock import owned
from ausguck.cli.store import store
from ausguck.clock import SystemClock
from ausguck.model import Books, Kind
from ausguck.settings.tree import Retention, Settings, Site, Store
from ausguck.store.duckdb.adapter import open_duckdb
from ausguck.store.duckdb.whole import open_whole_duckdb
from ausguck.store.influxdb.adapter import open_influxdb
from ausguck.store.influxdb.whole import open_whole_influxdb
from ausguck.store.whole import Row, Stock
from tests.copying.sample import BOOKS, POSITION, changed, fill, history
from tests.influx import Influx
from tests.store.influx_room import InfluxRoom
from tests.store.makers import HOUR_MS, NOON_MS, Refused, batch, reading

pytestmark = pytest.mark.influxdb
FORTH = ["copy", "--from", "duckdb", "--to", "influxdb"]


@pytest.fixture
def settings(influx: Influx, tmp_path: Path) -> Settings:
    influxdb = InfluxRoom(influx).settings()
    return Settings(site=Site(data_dir=tmp_path), store=Store(influxdb=influxdb))


def recent(size: int = 300) -> dict[Stock, list[Row]]:
    """The sample, as if it had begun an hour ago: the commands ask the machine's clock."""
    shift_ms = SystemClock().now_ms() - HOUR_MS - NOON_MS
    return {stock: [moved(row, shift_ms) for row in rows] for stock, rows in history(size).items()}


def moved(row: Row, by_ms: int) -> Row:
    name = "at_ms" if hasattr(row, "at_ms") else "observed_at_ms"
    return msgspec.structs.replace(row, **{name: getattr(row, name) + by_ms})


def keep(settings: Settings, rows: dict[Stock, list[Row]], *, settled: bool = True) -> None:
    async def run() -> None:
        path = settings.site.data_dir / "history.duckdb"
        async with open_whole_duckdb(path, settings.store) as whole:
            await fill(whole, rows, settled=settled)

    asyncio.run(run())


def call(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(store, list(arguments), obj=settings)


def test_history_moves_and_goes_on_where_it_stopped(settings: Settings) -> None:
    rows = recent()
    keep(settings, rows)
    total = sum(map(len, rows.values()))

    copied = call(settings, *FORTH)
    again = call(settings, *FORTH)
    compared = call(settings, "compare", "--json")

    assert copied.exit_code == 0, copied.output
    assert f"Copied: {total:,} rows, compared one by one." in copied.output
    assert again.output == "Nothing to copy: the target has it all.\n"
    assert json.loads(compared.output) == {"rows": total, "differences": 0, "first": []}
    assert not (settings.site.data_dir / "copy.json").exists()
    asyncio.run(go_on(settings))


async def go_on(settings: Settings) -> None:
    """The adapters find in InfluxDB what DuckDB had, and know what they have seen."""
    path = settings.site.data_dir / "history.duckdb"
    retention = Retention()
    async with (
        open_influxdb(settings.store.influxdb, retention) as there,
        open_duckdb(path, settings.store, retention) as here,
    ):
        assert await there.position() == POSITION
        assert await there.books() == BOOKS
        for kind in (Kind.BUS, Kind.STATION):
            assert await there.latest(kind) == await here.latest(kind)
        seen = [one for one in await there.latest(Kind.BUS) if not one.clock_suspect]
        new = reading({"clients": 5}, at_ms=SystemClock().now_ms())
        behind = POSITION._replace(offset=POSITION.offset + 1)
        outcome = await there.write(batch(*seen, new), behind, Refused())
        assert (outcome.stored, outcome.duplicates) == (1, len(seen))


def test_a_planted_difference_is_named_and_nothing_is_settled(settings: Settings) -> None:
    rows = recent()
    keep(settings, rows)
    assert call(settings, *FORTH).exit_code == 0
    planted = changed(rows[Stock.STATION][100])

    async def plant() -> None:
        async with open_whole_influxdb(settings.store.influxdb) as whole:
            await whole.keep(Stock.STATION, [planted])

    asyncio.run(plant())
    result = call(settings, "compare")

    assert result.exit_code == 1
    first, second = result.output.splitlines()
    assert first.startswith("Different: 1 of ")
    assert "uptime_s is " in second
    assert second.endswith("77.0 in influxdb")


def test_a_running_ausguck_is_not_disturbed(settings: Settings) -> None:
    keep(settings, {}, settled=False)
    with owned(settings.site.data_dir):
        for arguments in (FORTH, ["compare"]):
            result = call(settings, *arguments)
            assert result.exit_code == 1
            assert "in use by another ausguck process" in str(result.exception)


@pytest.mark.parametrize("arguments", [FORTH, ["compare"]])
def test_a_file_that_is_not_there_is_refused_and_not_made(
    settings: Settings, arguments: list[str]
) -> None:
    result = call(settings, *arguments)

    path = settings.site.data_dir / "history.duckdb"
    assert result.exit_code == 1
    assert str(result.exception) == (f"store duckdb: {path} is not there; is site.data_dir right?")
    assert list(settings.site.data_dir.iterdir()) == []


def test_two_empty_stores_are_said_to_be_empty(settings: Settings) -> None:
    keep(settings, {}, settled=False)

    assert call(settings, "compare").output == "The same: both are empty.\n"


def test_rows_and_what_else_differs_are_counted_apart(settings: Settings) -> None:
    rows = recent(40)
    total = sum(map(len, rows.values()))
    keep(settings, rows)

    alone = call(settings, "compare")
    assert call(settings, *FORTH).exit_code == 0
    asyncio.run(forget(settings))
    after = call(settings, "compare")

    apart = "the place in the journal and the books"
    assert alone.output.startswith(f"Different: {total:,} of {total:,} rows, and {apart}.\n")
    first, *rest = after.output.splitlines()
    assert first == f"Different: {apart}; all {total:,} rows are the same."
    assert [line.split(":")[1] for line in rest] == [" place in the journal", " books"]


async def forget(settings: Settings) -> None:
    """InfluxDB's copy has another place and other books."""
    async with open_whole_influxdb(settings.store.influxdb) as whole:
        await whole.settle(POSITION._replace(offset=POSITION.offset + 1), Books())


def test_the_other_store_is_meant(settings: Settings) -> None:
    result = call(settings, "copy", "--from", "duckdb", "--to", "duckdb")

    assert result.exit_code == 2
    assert "expected the other store than --from" in result.output


def test_back_needs_an_empty_file(settings: Settings) -> None:
    keep(settings, recent(40))
    assert call(settings, *FORTH).exit_code == 0
    data_dir = settings.site.data_dir
    (data_dir / "history.duckdb").rename(data_dir / "history.before")

    result = call(settings, "copy", "--from", "influxdb", "--to", "duckdb")

    assert result.exit_code == 0, result.output
    assert json.loads(call(settings, "compare", "--json").output)["differences"] == 0


def test_control_c_leaves_it_to_be_gone_on_with(settings: Settings, influx: Influx) -> None:
    keep(settings, recent(2_000))
    environ = {
        "PATH": "",
        "AUSGUCK_SITE__DATA_DIR": str(settings.site.data_dir),
        "AUSGUCK_STORE__INFLUXDB__URL": influx.url,
        "AUSGUCK_STORE__INFLUXDB__ORG": influx.org,
        "AUSGUCK_STORE__INFLUXDB__TOKEN": influx.token,
        "AUSGUCK_STORE__INFLUXDB__BUCKET_PREFIX": settings.store.influxdb.bucket_prefix,
    }
    started = subprocess.Popen(
        [sys.executable, "-m", "ausguck", "store", *FORTH],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    progress = settings.site.data_dir / "copy.json"
    while started.poll() is None and not progress.exists():
        with suppress(subprocess.TimeoutExpired):
            started.wait(0.005)
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=30)

    assert started.returncode == 130, said
    assert "run it again to go on" in said
    result = call(settings, *FORTH)
    assert result.exit_code == 0, result.output
    assert "Going on behind" in result.output
