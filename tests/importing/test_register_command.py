import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ausguck.cli.main import main


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "var").mkdir()
    config = tmp_path / "ausguck.toml"
    config.write_text(f'[site]\ndata_dir = "{tmp_path / "var"}"\n')
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "assets.csv").write_text("id,title\nbus/0123,Solaris\nbus/0124,\n")
    (tmp_path / "fleet" / "devices.csv").write_text("id\nS1\n")
    return tmp_path


def ausguck(site: Path, *words: str | Path, says: str = "") -> Result:
    told = ["--config", str(site / "ausguck.toml"), "register", *map(str, words)]
    return CliRunner().invoke(main, told, input=says)


def test_an_import_shows_what_it_does_asks_and_can_be_taken_back(site: Path) -> None:
    fleet = site / "fleet"
    dry = ausguck(site, "import", fleet, "--dry-run")
    assert dry.exit_code == 3
    assert "assets: 2 added\n  + bus/0123  ever since: title Solaris\n" in dry.stdout
    assert ausguck(site, "import", fleet, says="n\n").exit_code == 1
    assert "bus/0123" not in ausguck(site, "show", "assets").stdout
    made = ausguck(site, "import", fleet, says="y\n")
    assert made.exit_code == 0
    assert "`ausguck register undo 1` takes it back" in made.stdout

    again = ausguck(site, "import", fleet, "--dry-run")
    assert (again.exit_code, again.stdout) == (0, "Nothing to change.\n")
    (fleet / "assets.csv").write_text("id,title\nbus/0123,MAN\n")
    changed = ausguck(site, "import", fleet, "--yes", "--json")
    things = {one["id"]: one for one in json.loads(changed.stdout)["things"]}
    assert (things["bus/0123"]["what"], things["bus/0124"]["what"]) == ("changed", "ended")
    assert things["bus/0123"]["fields"] == [{"name": "title", "before": "Solaris", "after": "MAN"}]
    assert "MAN" in ausguck(site, "show", "assets", "bus/0123").stdout
    assert "Solaris" in ausguck(site, "show", "assets", "--at", "2020-01-01").stdout
    assert len(ausguck(site, "changes").stdout.splitlines()) == 2
    assert ausguck(site, "undo", "--yes").exit_code == 0
    assert "MAN" not in ausguck(site, "show", "assets").stdout


def test_an_export_imports_to_nothing_and_is_not_written_over(site: Path) -> None:
    ausguck(site, "import", site / "fleet", "--yes")
    out = site / "out"
    assert ausguck(site, "export", out).exit_code == 0
    assert sorted(each.name for each in out.iterdir()) == ["assets.csv", "devices.csv"]
    assert ausguck(site, "import", out, "--dry-run").exit_code == 0
    refused = ausguck(site, "export", out)
    assert refused.exit_code == 1
    assert "assets.csv, devices.csv in" in refused.stderr
    assert ausguck(site, "export", out, "--force").exit_code == 0


def test_what_is_wrong_is_told_and_nothing_changed(site: Path) -> None:
    (site / "fleet" / "assets.csv").write_text("id,capacity\nbus/0123,many\n")
    for words in (("check", site / "fleet"), ("import", site / "fleet", "--yes")):
        found = ausguck(site, *words)
        assert found.exit_code == 1
        assert "Error: assets.csv, line 2: capacity: found 'many'" in found.stderr
    assert json.loads(ausguck(site, "show", "--json").stdout)["devices"] == 0
    assert "expected a folder with files" in ausguck(site, "check", site / "none").stderr
    assert ausguck(site, "import", site / "fleet", "--json").exit_code == 2
    assert ausguck(site, "import", site / "fleet", "--from", "soon").exit_code == 2
    assert ausguck(site, "show", "assets", "bus/77").exit_code == 1


def test_check_says_what_is_right(site: Path) -> None:
    found = ausguck(site, "check", site / "fleet")
    assert found.exit_code == 0
    assert "Right: 2 assets, 1 devices" in found.stdout


def test_an_import_counts_from_the_day_that_was_said(site: Path) -> None:
    ausguck(site, "import", site / "fleet", "--yes")
    (site / "fleet" / "assets.csv").write_text("id,title\nbus/0123,MAN\nbus/0124,\n")
    ausguck(site, "import", site / "fleet", "--yes", "--from", "2020-06-01")
    for at, title in (("2020-05-31", "Solaris"), ("2020-06-01", "MAN")):
        assert title in ausguck(site, "show", "assets", "bus/0123", "--at", at).stdout


def test_a_bike_feed_goes_by_its_name_and_prefix_in_the_settings(site: Path) -> None:
    with (site / "ausguck.toml").open("a") as config:
        config.write('[[gbfs]]\nname = "kielbike"\naddress = "https://kiel.example/gbfs.json"\n')
        config.write('prefix = "k"\n')
    station = {"station_id": "17", "name": "Hbf", "lat": 54.3, "lon": 10.1}
    (site / "station_information.json").write_text(json.dumps({"data": {"stations": [station]}}))
    made = ausguck(site, "import", site / "station_information.json", "--yes")
    assert made.exit_code == 0
    shown = ausguck(site, "show", "assets").stdout
    assert shown.startswith("station/k17  title Hbf")
    assert "external_id.kielbike 17" in shown
