import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.metrics import TABLE
from ausguck import catalogue
from ausguck.catalogue.wire import REPORTING_KINDS
from ausguck.docs.example import example
from ausguck.docs.http import document
from ausguck.docs.pages import PAGES, refresh, stale
from ausguck.model import Reason
from ausguck.probe import CrashPoint
from ausguck.settings.fields import Shape, entries
from ausguck.settings.load import load
from ausguck.settings.tree import Settings
from collectors.decode.letters import Drop

ROOT = Path(__file__).parents[2]


def reference(name: str) -> str:
    return PAGES[f"docs/reference/{name}.md"]()


def check(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ausguck.docs", "--check", "--root", str(root)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_what_is_committed_is_current() -> None:
    assert stale(ROOT) == []


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    assert refresh(tmp_path) == list(PAGES)
    assert refresh(tmp_path) == []


def test_the_check_names_what_is_not_current(tmp_path: Path) -> None:
    refresh(tmp_path)
    fine = check(tmp_path)
    with (tmp_path / "docs/reference/settings.md").open("a", encoding="utf-8") as page:
        page.write("more\n")
    (tmp_path / "ausguck.example.toml").unlink()

    told = check(tmp_path)

    assert fine.returncode == 0
    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        "ausguck.example.toml is not current: run `make docs`.",
        "docs/reference/settings.md is not current: run `make docs`.",
    ]


def test_the_example_is_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "ausguck.toml"
    path.write_text(example(), encoding="utf-8")

    assert load(path, {}) == Settings()


def test_the_example_holds_every_key() -> None:
    text = example()

    for entry in entries().values():
        if entry.shape in {Shape.VALUE, Shape.LIST} and not entry.key.endswith("[]"):
            assert re.search(rf"^#?{entry.key.rpartition('.')[2]} = ", text, re.MULTILINE)


def test_what_is_commented_out_in_the_example_is_right_too(tmp_path: Path) -> None:
    text = re.sub(r"^#(?=[\[a-z])", "", example(), flags=re.MULTILINE)
    files = r"^(certificate|key|client_ca|ca|token_file|device_ca) = .*$"
    text = re.sub(files, "", text, flags=re.MULTILINE)
    text = text.replace("[listener.tls]", "").replace("port = 1883", "port = 1884", 1)
    path = tmp_path / "ausguck.toml"
    path.write_text(text, encoding="utf-8")

    settings = load(path, {})

    assert [user.name for user in settings.listener.users] == ["bus-0123"]
    assert [feed.name for feed in settings.gbfs] == ["sprottenflotte"]
    assert settings.subscriber.user == "ausguck"
    assert settings.store.influxdb.token is not None


@pytest.mark.parametrize("entry", entries().values(), ids=lambda entry: entry.key)
def test_every_setting_is_in_the_reference(entry: object) -> None:
    key = getattr(entry, "key", "")

    assert f"`{key}`" in reference("settings") or key.endswith("assets[]")


def test_every_metric_is_in_the_reference_with_its_help() -> None:
    for kind in REPORTING_KINDS:
        for metric in catalogue.metrics(kind):
            assert f"| `{metric.key}` |" in reference("catalogue")
            assert metric.help in reference("catalogue")


def test_every_reason_and_crash_point_is_in_the_reference() -> None:
    assert all(f"`{reason}`" in reference("deadletters") for reason in Reason)
    assert all(f"| `{drop}` |" in reference("deadletters") for drop in Drop)
    assert all(f"`{point}`" in reference("crash-points") for point in CrashPoint)


def test_every_route_and_what_it_answers_is_in_the_reference() -> None:
    api = document()
    page = reference("http")

    assert api.paths
    for path, operations in api.paths.items():
        for method in operations:
            assert f"## `{method.upper()} {path}`" in page
    assert all(f"### {name}" in page for name in api.components.schemas)


def test_every_figure_is_in_the_reference() -> None:
    assert all(f"| `{figure.name}` |" in reference("metrics") for figure in TABLE)


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} -> {target}"
