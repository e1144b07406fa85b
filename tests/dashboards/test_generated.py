"""What is committed is what would be generated, and Grafana's own types keep all of it."""

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from ausguck import catalogue
from ausguck.catalogue.state import TABLES, Bucket
from ausguck.cli.dashboards import dashboards as command
from ausguck.model import Kind
from dashboards.columns import unit
from dashboards.files import BOARDS, GENERATED, boards, generated, stale, write
from dashboards.influxql import MEASUREMENTS, SOURCES, Source
from dashboards.lint.showing import KNOWN_UNITS
from dashboards.panels import Json, number
from dashboards.provisioning import Grafana
from dashboards.questions import panels
from dashboards.words import Language, MissingText, Texts, keys

FILES = generated(tuple(Language), Grafana())
EVERY = [
    pytest.param(board, id=board["uid"])
    for language in Language
    for board in boards(language).values()
]


def test_what_is_committed_is_current() -> None:
    assert stale(GENERATED, FILES) == []


def test_writing_twice_changes_nothing_and_strays_go(tmp_path: Path) -> None:
    assert write(tmp_path, FILES) == sorted(FILES)
    (tmp_path / "en/retired.json").write_text("{}", encoding="utf-8")
    (tmp_path / "en/ops-now.json").write_text("{}", encoding="utf-8")

    assert write(tmp_path, FILES) == ["en/ops-now.json", "en/retired.json"]
    assert stale(tmp_path, FILES) == []


def test_the_command_writes_and_then_finds_nothing_to_do(tmp_path: Path) -> None:
    run = CliRunner()
    written = run.invoke(command, ["build", "--out", str(tmp_path), "--lang", "de"])
    checked = run.invoke(command, ["build", "--out", str(tmp_path), "--lang", "de", "--check"])
    (tmp_path / "de/pipeline.json").unlink()
    told = run.invoke(command, ["build", "--out", str(tmp_path), "--lang", "de", "--check"])

    assert (written.exit_code, checked.exit_code, told.exit_code) == (0, 0, 1)
    assert "de/pipeline.json is not current" in told.output
    assert not (tmp_path / "en").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--influx-url", "notaurl"], "--influx-url: found 'notaurl', expected an http or https"),
        (["--bucket-prefix", "kiel/"], "--bucket-prefix: found 'kiel/', expected at most 64"),
    ],
)
def test_what_grafana_could_not_use_is_refused(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = CliRunner().invoke(command, ["build", "--out", str(tmp_path), *arguments])

    assert done.exit_code == 2
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


def dropped(ours: object, theirs: object, path: str = "") -> Iterator[str]:
    """Where Grafana's types have lost or changed something of ours."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from dropped(value, theirs[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from dropped(one, other, f"{path}[{index}]")
    elif ours != theirs:
        yield path


@pytest.mark.parametrize("board", EVERY)
def test_the_sdk_drops_nothing(board: Json) -> None:
    with warnings.catch_warnings():
        # It prefers the second model, which Grafana 13.0 refuses to provision from files.
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: PLC0415 - warns
        from grafana_foundation_sdk.cog.plugins import register_default_plugins  # noqa: PLC0415
        from grafana_foundation_sdk.models.dashboard import Dashboard  # noqa: PLC0415 - warns
    register_default_plugins()
    ours = json.loads(json.dumps(board))
    for panel in panels(ours):
        if panel.get("datasource", {}).get("uid") == "-- Mixed --":
            # The SDK takes the panel's source for the type of its queries; Grafana does not.
            panel["datasource"]["type"] = "influxdb"

    theirs = json.loads(JSONEncoder().encode(Dashboard.from_json(ours)))

    assert list(dropped(ours, theirs)) == []


def test_our_units_are_grafanas() -> None:
    from grafana_foundation_sdk.models import units  # noqa: PLC0415 - as above

    assert {str(value) for value in vars(units).values()} >= KNOWN_UNITS


def test_every_field_has_a_unit_that_grafana_knows() -> None:
    raw = [metric.key for kind in (Kind.BUS, Kind.STATION) for metric in catalogue.metrics(kind)]
    fields = [field.key for table in TABLES for field in table.fields]

    assert {unit(key) for key in (*raw, *fields)} <= KNOWN_UNITS
    assert unit("rsrp_dbm") == "dBm"
    assert unit("guest_down_bytes") == "decbytes"


@pytest.mark.parametrize("name", [*BOARDS, "common", "sheet"])
def test_both_languages_say_the_same_things(name: str) -> None:
    assert sorted(keys(Language.EN, name)) == sorted(keys(Language.DE, name))


def test_no_text_is_left_over() -> None:
    shown = "".join(FILES.values())
    for language in Language:
        for name in BOARDS:
            texts = Texts(language, name)
            for key in {key.split(".")[0] for key in keys(language, name) if "." in key}:
                assert json.dumps(texts.panel(key).title, ensure_ascii=False) in shown


def test_a_missing_text_names_its_file() -> None:
    with pytest.raises(MissingText, match=r"dashboards/texts/de/pipeline\.toml: no text for 'x'"):
        Texts(Language.DE, "pipeline").panel("x")


def test_both_languages_ask_the_same() -> None:
    def asked(language: Language) -> list[tuple[int, str]]:
        return [
            (panel["id"], target["query"])
            for board in boards(language).values()
            for panel in panels(board)
            for target in panel.get("targets", ())
        ]

    assert asked(Language.EN) == asked(Language.DE)


def test_a_panels_number_stays() -> None:
    assert number("buses_heard") == 403_277


def test_the_whole_state_is_on_a_dashboard() -> None:
    asked = "".join(FILES.values())
    unused = {
        (table.measurement, field.key)
        for table in TABLES
        for field in table.fields
        if f'\\"{field.key}\\"' not in asked
    }

    # Of stations only what operations ask now; their own dashboards come with the rollups.
    assert {measurement for measurement, _ in unused} <= {"fleet", "station_state", "bus_state"}
    assert {key for _, key in unused} == {
        *("uplink", "buses_online", "stations_known", "stations_closed"),
        *("bikes_disabled", "capacity", "renting", "returning", "battery_pct"),
    }


def test_the_provisioning_is_yaml_and_holds_no_secret() -> None:
    sources = yaml.safe_load(FILES["provisioning/datasources/ausguck.yaml"])["datasources"]
    by_uid: dict[str, Any] = {one["uid"]: one for one in sources}

    assert set(by_uid) == {str(uid) for uid in Source}
    for bucket, uid in SOURCES.items():
        source = by_uid[uid]
        assert source["jsonData"]["dbName"] == bucket.value
        assert source["jsonData"]["httpMode"] == "POST"
        assert source["jsonData"]["version"] == "InfluxQL"
        token = source["secureJsonData"]["httpHeaderValue1"]
        assert re.fullmatch(r"Token \$__file\{/tokens/(reader|planner)\}", token)
        is_planners = bucket in {Bucket.ROLLUP, Bucket.ROLLUP_DAY}
        assert token.endswith("planner}") is is_planners
    assert [one["isDefault"] for one in sources].count(True) == 1


def test_providers_lead_to_each_language() -> None:
    found = yaml.safe_load(FILES["provisioning/dashboards/ausguck.yaml"])["providers"]

    assert [one["options"]["path"].rpartition("/")[2] for one in found] == ["en", "de"]
    assert not any(one["allowUiUpdates"] for one in found)


def test_a_prefix_stands_before_every_bucket() -> None:
    files = generated((Language.DE,), Grafana(bucket_prefix="kiel-"))
    sources = yaml.safe_load(files["provisioning/datasources/ausguck.yaml"])["datasources"]

    assert all(one["jsonData"]["dbName"].startswith("kiel-") for one in sources)


def test_every_measurement_is_one_of_the_catalogue() -> None:
    assert {str(table.measurement) for table in TABLES} <= set(MEASUREMENTS)
