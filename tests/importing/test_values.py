from datetime import UTC, date, datetime

import pytest

from ausguck.importing import areas, cells, moments
from ausguck.importing.moments import Misfit
from tests.importing.scenes import KIEL

TRIANGLE = ((54.3, 10.1), (54.4, 10.1), (54.4, 10.25))


def utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat().removesuffix("+00:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29T05:00:00+02:00", "2026-03-29T03:00:00"),
        ("2026-03-29T05:00:00Z", "2026-03-29T05:00:00"),
        ("2026-03-29t05:00:00.250z", "2026-03-29T05:00:00.250000"),
        ("2026-01-15", "2026-01-14T23:00:00"),
        ("2026-03-29", "2026-03-28T23:00:00"),
        ("2026-03-30", "2026-03-29T22:00:00"),
        ("2026-10-25", "2026-10-24T22:00:00"),
        ("2026-10-26", "2026-10-25T23:00:00"),
        ("2026-03-29 05:00", "2026-03-29T03:00:00"),
        ("29.03.2026", "2026-03-28T23:00:00"),
        ("29.3.2026 5:00", "2026-03-29T03:00:00"),
    ],
)
def test_moments_are_read_by_the_sites_clock_or_their_offset(text: str, expected: str) -> None:
    assert utc(moments.moment_ms(text, KIEL)) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("yesterday", None),
        ("2026-02-30", None),
        ("20260329", None),
        ("2026-W13-7", None),
        ("2026-03-29 02:30", "'2026-03-29 02:30', which the clocks skip"),
        ("2026-10-25 02:30", "'2026-10-25 02:30', which the clocks show twice"),
    ],
)
def test_what_is_no_moment_or_two_is_refused(text: str, found: str | None) -> None:
    with pytest.raises(Misfit) as misfit:
        moments.moment_ms(text, KIEL)
    assert misfit.value.found == found


@pytest.mark.parametrize(
    ("on", "text", "expected"),
    [
        ("2026-06-15", "04:50", "2026-06-15T02:50:00"),
        ("2026-06-15", "25:30", "2026-06-15T23:30:00"),
        ("2026-03-28", "24:00", "2026-03-28T23:00:00"),
        ("2026-03-29", "24:00", "2026-03-29T22:00:00"),
        ("2026-03-28", "26:30", "2026-03-29T01:30:00"),
        ("2026-03-28", "27:30", "2026-03-29T01:30:00"),
        ("2026-10-25", "24:00", "2026-10-25T23:00:00"),
        ("2026-10-24", "26:30", "2026-10-25T00:30:00"),
        ("2026-10-24", "27:30", "2026-10-25T02:30:00"),
    ],
)
def test_a_duty_goes_by_the_clock_on_the_wall(on: str, text: str, expected: str) -> None:
    assert utc(moments.time_of_day_ms(date.fromisoformat(on), text, KIEL)) == expected


@pytest.mark.parametrize("text", ["48:00", "5", "05:60", "-1:00", "05:00:60"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(Misfit):
        moments.time_of_day_ms(date(2026, 6, 15), text, KIEL)


@pytest.mark.parametrize(
    "text",
    [
        "54.3 10.1; 54.4 10.1; 54.4 10.25",
        "54,3 10,1;54,4 10,1;54,4 10,25;",
        "54.3,10.1; 54.4,10.1; 54.4, 10.25",
        '{"type":"Polygon","coordinates":[[[10.1,54.3],[10.1,54.4],[10.25,54.4],[10.1,54.3]]]}',
        (
            '{"type":"Feature","properties":{},"geometry":{"type":"Polygon",'
            '"coordinates":[[[10.1,54.3,7],[10.1,54.4,7],[10.25,54.4,7],[10.1,54.3,7]]]}}'
        ),
        "POLYGON ((10.1 54.3, 10.1 54.4, 10.25 54.4, 10.1 54.3))",
        "SRID=4326;polygon((10.1 54.3,10.1 54.4,10.25 54.4,10.1 54.3))",
    ],
)
def test_areas_are_read_as_people_and_programs_write_them(text: str) -> None:
    assert areas.ring(text) == TRIANGLE


@pytest.mark.parametrize(
    "text",
    [
        "54.3 10.1; 54.4 10.1",
        "north of the canal",
        "91 10; 54 10; 54 11",
        '{"type":"MultiPolygon","coordinates":[]}',
        '{"type":"Polygon","coordinates":[[[1]],[[2]]]}',
        "POLYGON((1 1,1 2,2 2,1 1),(1 1,1 2,2 2,1 1))",
    ],
)
def test_what_is_no_area_is_refused(text: str) -> None:
    with pytest.raises(Misfit):
        areas.ring(text)


@pytest.mark.parametrize(
    ("cell", "text", "expected"),
    [
        (cells.SIZE, "50 GB", 50 * 10**9),
        (cells.SIZE, "1,5 TB", 15 * 10**11),
        (cells.SIZE, "2 GiB", 2 * 2**30),
        (cells.SIZE, "123", 123),
        (cells.NUMBER, "54,32", 54.32),
        (cells.NUMBER, "54.32", 54.32),
        (cells.WHOLE, "12,0", 12),
        (cells.FLAG, "WAHR", True),
        (cells.FLAG, "no", False),
        (cells.MANY, "11; 12;", ("11", "12")),
        (cells.MANY, '["a;b", "c"]', ("a;b", "c")),
        (cells.TEXT, '" x"', " x"),
        (cells.TEXT, '"half', '"half'),
    ],
)
def test_cells_hold_what_people_write(cell: cells.Cell, text: str, expected: object) -> None:
    assert cell.read(text, KIEL) == expected
    assert cell.read(cell.write(expected), KIEL) == expected


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (cells.WHOLE, "1.000"),
        (cells.WHOLE, "12.5"),
        (cells.NUMBER, "1.234,5"),
        (cells.NUMBER, "nan"),
        (cells.SIZE, "50 bananas"),
        (cells.LAT, "90.5"),
        (cells.BILLING_DAY, "29"),
        (cells.FLAG, "perhaps"),
        (cells.ID, "1,10723E+12"),
        (cells.ASSET, "0123"),
        (cells.ASSET, "device/S1"),
        (cells.HOURS, "always, nearly"),
    ],
)
def test_cells_do_not_guess(cell: cells.Cell, text: str) -> None:
    with pytest.raises(Misfit):
        cell.read(text, KIEL)
