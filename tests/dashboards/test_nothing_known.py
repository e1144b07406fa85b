"""A city of which nothing is known yet: no share of nothing is shown as perfect."""

import asyncio

import httpx
import pytest

from ausguck.fleet.minute import minute
from ausguck.fleet.seen import Before, Seen
from ausguck.settings.tree import Retention, State
from ausguck.store.influxdb.adapter import open_influxdb
from dashboards.columns import column
from dashboards.files import boards
from dashboards.macros import Range
from dashboards.palette import GREEN, RED, YELLOW
from dashboards.sheet.asking import Cell, Influx, answers
from dashboards.words import Language, Texts
from tests.dashboards.week import END_MS, HOUR_MS, MINUTE_MS, SITE
from tests.influx import Influx as Server
from tests.store.influx_room import InfluxRoom, headers

SHARES = {"heard_pct", "empty_pct", "full_pct"}


async def write_minutes(room: InfluxRoom) -> None:
    async with open_influxdb(room.settings(), Retention()) as store:
        for at_ms in range(END_MS - 9 * MINUTE_MS, END_MS, MINUTE_MS):
            rows, _ = minute(at_ms, SITE, Seen([]), Before(), State())
            await store.record(rows)


@pytest.mark.influxdb
def test_shares_of_no_bus_and_no_station_are_no_data(influx: Server) -> None:
    room = InfluxRoom(influx)
    asyncio.run(write_minutes(room))
    board, shown = boards(Language.EN)["ops-now"], Range(END_MS - HOUR_MS, END_MS)
    with httpx.Client(base_url=influx.url, headers=headers(influx), trust_env=False) as client:
        answered = answers(Influx(client, room.prefix), board, shown, {})

    found: dict[str, list[Cell]] = {}
    for one in answered:
        for series in one.series:
            for index, name in enumerate(series.columns):
                found.setdefault(name, []).extend(row[index] for row in series.values)
    assert 0 in found["buses_silent"]
    known = {name: [v for v in found.get(name, []) if v is not None] for name in SHARES}
    assert known == {name: [] for name in SHARES}


def test_one_restart_a_day_is_green_as_its_text_says() -> None:
    steps = column("reboots", Texts(Language.DE, "common")).steps
    wanted = {1.0: GREEN, 2.0: YELLOW, 5.0: RED}

    for value, colour in wanted.items():
        reached = [step for step in steps if step["value"] is None or step["value"] <= value]
        assert reached[-1]["color"] == colour
