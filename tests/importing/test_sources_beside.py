"""A folder, a timetable, a bike feed and the workshop beside one another: none ends another's."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ausguck.cli.main import main
from tests.importing.scenes import zipped

ASSETS = "id,title\nbus/0123,Solaris\nbus/0124,\n"
DEVICES = "id\nS1\nS2\n"
FITTINGS = "device,asset\nS1,bus/0123\n"
LINES = "id,title\n11,Wik\n"
ZONES = "id,title\nwest,West\n"
PARTIES = "id,role\nkvg,bus_company\n"
FEED = {
    "agency.txt": "agency_id,agency_name,agency_timezone\nK,KVG,Europe/Berlin\n",
    "routes.txt": "route_id,route_short_name,route_type\nA,11,3\nB,22,3\n",
}
STATIONS = [
    {"station_id": str(name), "name": f"Station {name}", "lat": 54.3, "lon": 10.1, "region_id": "m"}
    for name in range(30)
]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "var").mkdir()
    (tmp_path / "ausguck.toml").write_text(f'[site]\ndata_dir = "{tmp_path / "var"}"\n')
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    for table, text in (
        ("assets", ASSETS),
        ("devices", DEVICES),
        ("fittings", FITTINGS),
        ("lines", LINES),
        ("zones", ZONES),
        ("parties", PARTIES),
    ):
        (fleet / f"{table}.csv").write_text(text)
    (tmp_path / "gtfs.zip").write_bytes(zipped(FEED))
    body = json.dumps({"data": {"stations": STATIONS}})
    (tmp_path / "station_information.json").write_text(body)
    return tmp_path


def ausguck(site: Path, *words: str | Path, says: str = "") -> Result:
    told = ["--config", str(site / "ausguck.toml"), *map(str, words)]
    return CliRunner().invoke(main, told, input=says)


def brought(site: Path, *words: str | Path) -> Result:
    made = ausguck(site, "register", "import", *words, "--yes")
    assert made.exit_code == 0, made.output
    return made


def counts(site: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads(ausguck(site, "register", "show", "--json").stdout)
    return found


def all_brought(site: Path) -> None:
    brought(site, site / "fleet")
    brought(site, site / "gtfs.zip")
    brought(site, site / "station_information.json", "--source", "kielbike")


def test_a_folder_once_more_ends_nothing_of_a_timetable_or_a_bike_feed(site: Path) -> None:
    all_brought(site)
    before = counts(site)
    assert (before["assets"], before["lines"], before["zones"], before["parties"]) == (32, 2, 2, 2)

    again = brought(site, site / "fleet")

    assert again.stdout == "Nothing to change.\n"
    assert counts(site) == before
    assert "note: assets: 30 came from kielbike, and stay though they are not in it" in again.stderr
    assert "note: lines: 1 came from gtfs, and stay though they are not in it" in again.stderr
    for path, source in (
        (site / "gtfs.zip", "gtfs"),
        (site / "station_information.json", "kielbike"),
    ):
        assert brought(site, path, "--source", source).stdout == "Nothing to change.\n"


def test_a_folder_ends_what_it_told_of_itself_and_a_feed_does_not_still_have(site: Path) -> None:
    all_brought(site)
    (site / "fleet" / "assets.csv").write_text("id\nbus/0123\n")
    (site / "fleet" / "lines.csv").write_text("id\n")
    brought(site, site / "fleet")
    after = counts(site)
    assert after["assets"] == 31, "bus/0124 is over"
    assert after["lines"] == 2, "the timetable has line 11 too"
    ausguck(site, "register", "undo", "--yes")
    assert counts(site)["assets"] == 32


def test_what_was_done_by_hand_outlives_the_next_import(site: Path) -> None:
    brought(site, site / "fleet")
    words = ("devices", "add", "bus/0125", "--model", "teltonika-rutx", "--serial", "S9")
    assert ausguck(site, *words).exit_code == 0
    assert ausguck(site, "devices", "swap", "bus/0124", "--in", "S2").exit_code == 0

    again = brought(site, site / "fleet")

    assert again.stdout == "Nothing to change.\n"
    assert "note: devices: 1 came from `ausguck devices`, and stay" in again.stderr
    assert "note: fittings: 2 came from `ausguck devices`, and stay" in again.stderr


def test_a_file_that_is_older_than_a_swap_is_refused_instead_of_taking_it_back(site: Path) -> None:
    brought(site, site / "fleet")
    ausguck(site, "devices", "swap", "bus/0123", "--out", "S1", "--in", "S2")
    again = ausguck(site, "register", "import", site / "fleet", "--yes")
    assert again.exit_code == 1
    assert "fittings.csv, line 2" in again.stderr
    assert "expected an asset without a device then; S2 is in it" in again.stderr


def test_a_stolen_device_that_a_file_still_fits_is_told_where_it_does(site: Path) -> None:
    brought(site, site / "fleet")
    assert ausguck(site, "devices", "state", "S1", "stolen").exit_code == 0
    refused = ausguck(site, "register", "import", site / "fleet", "--yes")
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1] == (
        "Error: fittings.csv, line 2: id: found 'S1', which is stolen, "
        "expected a device that is in use"
    )


def test_times_are_told_by_the_clock_of_the_site(site: Path) -> None:
    events = site / "events.csv"
    text = "id,kind,title,valid_from,valid_to\nkw,festival,Woche,2026-06-20,2026-06-29\n"
    events.write_text(text)
    dry = ausguck(site, "register", "import", events, "--dry-run")
    span = "from 2026-06-20T00:00+02:00 until 2026-06-29T00:00+02:00"
    assert f"  + kw  {span}: kind festival, title Woche" in dry.stdout
    assert ausguck(site, "register", "import", events, "--yes").exit_code == 0
    events.write_text(text.replace("06-20", "06-29"))
    refused = ausguck(site, "register", "check", events)
    assert (
        "found 2026-06-29T00:00+02:00, expected a time after 2026-06-29T00:00+02:00"
        in refused.stderr
    )
    lines = site / "lines.csv"
    lines.write_text("id,valid_from,valid_to\n9,2026-01-01,2026-06-20\n9,2026-06-01,\n")
    refused = ausguck(site, "register", "check", lines)
    assert (
        "valid_from: found 2026-06-01T00:00+02:00, expected at or after 2026-06-20T00:00+02:00"
        in refused.stderr
    )


def test_a_swap_says_how_a_new_device_becomes_known(site: Path) -> None:
    brought(site, site / "fleet")
    words = ("devices", "swap", "bus/0123", "--out", "S1", "--in", "NEW")
    refused = ausguck(site, *words)
    assert refused.exit_code == 1
    assert refused.stderr == (
        "Error: swap: in: found 'NEW', "
        "expected a device of the register; `--model MODEL` makes it known\n"
    )
    assert ausguck(site, *words, "--model", "RUTX50").exit_code == 0


def test_one_source_beside_another_ends_only_its_own(site: Path) -> None:
    (site / "a").mkdir()
    (site / "b").mkdir()
    (site / "a" / "assets.csv").write_text("id\nbus/1\nbus/2\n")
    (site / "b" / "assets.csv").write_text("id\nbus/3\n")
    brought(site, site / "a", "--source", "kvg")
    brought(site, site / "b", "--source", "autokraft")
    (site / "a" / "assets.csv").write_text("id\nbus/1\n")
    brought(site, site / "a", "--source", "kvg")
    shown = ausguck(site, "register", "show", "assets").stdout
    assert [line.split()[0] for line in shown.splitlines()] == ["bus/1", "bus/3"]


def test_half_a_file_ends_nothing_on_yes_alone(site: Path) -> None:
    assets = site / "fleet" / "assets.csv"
    assets.write_text("id\n" + "".join(f"bus/{name:04}\n" for name in range(120, 145)))
    brought(site, site / "fleet")
    assets.write_text("id\n" + "".join(f"bus/{name:04}\n" for name in range(120, 139)))
    words = ("register", "import", site / "fleet")

    refused = ausguck(site, *words, "--yes")

    assert refused.exit_code == 1
    assert "Error: found an end of 6 of 25 assets, expected at most a fifth" in refused.stderr
    assert "--ends-many" in refused.stderr
    assert counts(site)["assets"] == 25
    asked = ausguck(site, *words, says="n\n")
    assert "6 of 25 assets will be over. Change it?" in asked.stderr
    assert ausguck(site, *words, "--yes", "--ends-many").exit_code == 0
    assert counts(site)["assets"] == 19
