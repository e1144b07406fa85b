"""The pages that show dashboards without Grafana."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from ausguck.cli.dashboards import dashboards as command
from ausguck.settings.tree import Settings
from dashboards.files import boards
from dashboards.panels import Json
from dashboards.questions import panels, questions
from dashboards.sheet.values import Look, clock, look, number
from dashboards.words import Language
from tests.dashboards.week import END_MS, SILENT_BUS, Week

EMPTY = frozenset(
    {"meta", "br", "circle", "rect", "line", "polyline", "li", "td", "th", "dt", "dd"}
)
HEARD = {"Buses heard", "Busse gehört"}


class Balanced(HTMLParser):
    """Checks that what is opened is closed, and keeps what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {name}" for name, _ in attrs if name in {"src", "href"}]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self.open.pop() == tag


@pytest.mark.influxdb
@pytest.mark.timeout(180)
def test_the_command_writes_a_page_for_each_dashboard(week: Week, tmp_path: Path) -> None:
    store = {
        "kind": "influxdb",
        "influxdb": {
            "url": week.server.url,
            "token": week.server.token,
            "bucket_prefix": week.prefix,
        },
    }
    settings = Settings.model_validate({"store": store})
    arguments = ["sheet", "--out", str(tmp_path), "--bus", SILENT_BUS, "--until-ms", str(END_MS)]

    done = CliRunner().invoke(command, arguments, obj=settings, catch_exceptions=False)

    assert done.exit_code == 0, done.output
    for language in Language:
        for name, board in boards(language).items():
            text = (tmp_path / language / f"{name}.html").read_text(encoding="utf-8")
            page = Balanced()
            page.feed(text)
            assert page.open == []
            assert page.fetched == []
            assert "url(" not in text
            assert text.count("<h3>") == len(list(panels(board)))
            assert all(panel["title"].split("'")[0] in text for panel in panels(board))
    told = (tmp_path / "queries.md").read_text(encoding="utf-8")
    asked = [one for board in boards(Language.EN).values() for one in questions(board)]
    assert len(re.findall(r"^\| (?:ops-now|bus-one|pipeline) \|", told, re.MULTILINE)) == len(asked)
    assert "silent" in (tmp_path / "en/bus-one.html").read_text(encoding="utf-8")


def test_without_an_influxdb_the_command_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["sheet", "--out", str(tmp_path)], obj=Settings())

    assert done.exit_code == 2
    assert "store.kind is 'duckdb'" in done.output


def test_an_influxdb_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    influxdb = {"url": "http://127.0.0.1:9", "token": "secret-of-the-test"}
    settings = Settings.model_validate({"store": {"kind": "influxdb", "influxdb": influxdb}})

    done = CliRunner().invoke(command, ["sheet", "--out", str(tmp_path)], obj=settings)

    assert done.exit_code == 1
    assert done.output.startswith("ausguck: store influxdb: ")
    assert "secret-of-the-test" not in done.output


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (93.4, "s", "93.4 s"),
        (2676.4, "s", "44.6 min"),
        (8_958_524_080, "decbytes", "9 GB"),
        (970_000, "bps", "970 kb/s"),
        (-97.0, "dBm", "-97 dBm"),
        (12.5, "percent", "12.5 %"),
        (1234, "short", "1.2 k"),
    ],
)
def test_numbers_have_their_units(value: float, unit: str, expected: str) -> None:
    assert number(value, unit, 1) == expected


@pytest.mark.parametrize(
    ("language", "expected"), [(Language.EN, "87.5 %"), (Language.DE, "87,5 %")]
)
def test_a_number_has_its_languages_decimal_mark(language: Language, expected: str) -> None:
    (panel,) = (p for p in panels(boards(language)["ops-now"]) if p["title"] in HEARD)

    assert look(panel, "heard_pct", language).text(87.5) == expected


def test_a_moment_is_of_the_place() -> None:
    assert clock(END_MS, "Europe/Berlin") == "2026-05-15 17:30:00"


def test_unknown_is_not_zero() -> None:
    steps: list[Json] = [{"color": "green", "value": None}, {"color": "red", "value": 5}]
    look = Look("x", "short", None, steps, {}, is_coloured=True)

    assert look.text(None) == "\N{EN DASH}"
    assert look.colour(None) is None
    assert (look.colour(0), look.colour(5)) == ("green", "red")
