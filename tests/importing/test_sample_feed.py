"""npm's `sample-gtfs-feed`: odd but valid, imported whole, and its trips as duties."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ausguck.importing.faults import Faults
from ausguck.importing.feeds import open_feed
from ausguck.importing.folder import read_folder
from ausguck.importing.making import Scene
from ausguck.importing.moments import local
from ausguck.importing.routes import read_gtfs, timetable_of
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Assignment, Line, Role, Tables
from tests.importing.scenes import KIEL, applied

FEED = Path(__file__).with_name("sample-gtfs-feed")
JUNE_MS = int(datetime(2019, 6, 1, tzinfo=UTC).timestamp() * 1000)
BUS = Tables(assets=(Asset(id="bus/0123"),))


def scene(known: Tables, source: str = "gtfs") -> Scene:
    return Scene(Register(known), KIEL, JUNE_MS, source)


def imported(known: Tables) -> Tables:
    with open_feed(FEED) as feed:
        return applied(known, read_gtfs(feed, scene(known)).offer, JUNE_MS)


def duties(known: Tables, *rows: str) -> list[tuple[str | None, str, str]]:
    """The assignments that a made-up list of duties makes: line, beginning and end."""
    text = "\n".join(["date,bus,trip", *rows]).encode()
    with open_feed(FEED) as feed:
        timetable = timetable_of(feed, scene(known))
    told = read_folder({"assignments.csv": text}, scene(known, "csv"), Faults(), timetable)
    found = [one.row for one in told.offer.rows["assignments"] if isinstance(one.row, Assignment)]
    zone = ZoneInfo("Europe/Berlin")
    return [
        (row.line, local(row.valid_from_ms, zone), local(row.valid_to_ms or 0, zone))
        for row in found
    ]


def test_it_imports_once_and_then_changes_nothing() -> None:
    tables = imported(BUS)
    assert {(one.id, one.title, one.role) for one in tables.parties} == {
        ("FTA", "Full Transit Agency", Role.BUS_COMPANY),
        ("MTA", "Minimal Transit Agency", Role.BUS_COMPANY),
    }
    lines: dict[str, Line] = {one.id: one for one in tables.lines}
    assert {name: (one.party, one.external_ids["gtfs"]) for name, one in lines.items()} == {
        "Ada": ("MTA", "A"),
        "Babbage": ("FTA", "B"),
        "Cerf": ("MTA", "C"),
        "DST": ("FTA", "D"),
    }
    assert all(one.service_hours for one in tables.lines)
    assert imported(tables) == tables


@pytest.mark.parametrize(
    ("duty", "expected"),
    [
        (
            "2019-06-03,bus/0123,a-downtown-all-day",
            ("Ada", "2019-06-03T15:24+02:00", "2019-06-03T15:35+02:00"),
        ),
        (  # every five minutes, the last beginning at 8:55
            "2019-06-03,bus/0123,b-downtown-on-working-days",
            ("Babbage", "2019-06-03T08:00+02:00", "2019-06-03T09:11+02:00"),
        ),
        (  # about every ten minutes until 16:00
            "2019-06-03,bus/0123,b-outbound-on-working-days",
            ("Babbage", "2019-06-03T15:00+02:00", "2019-06-03T16:16+02:00"),
        ),
        (  # a Saturday that calendar_dates adds, though the calendar has it
            "2019-06-15,bus/0123,c-outbound-on-weekends",
            ("Cerf", "2019-06-15T19:20+02:00", "2019-06-15T19:50+02:00"),
        ),
        (  # 25:58 to 26:03 in the night without a time from 2:00 to 3:00
            "2019-03-30,bus/0123,during-dst-1",
            ("DST", "2019-03-31T01:58+01:00", "2019-03-31T03:03+02:00"),
        ),
    ],
)
def test_a_trip_makes_a_duty(duty: str, expected: tuple[str, str, str]) -> None:
    assert duties(imported(BUS), duty) == [expected]
