"""In a real browser nothing on a sheet runs out of its box."""

import re
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from dashboards.palette import states
from dashboards.words import Language, Texts

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--dump-dom",
)
MEASURE = """
const found = document.createRange();
for (const number of document.querySelectorAll('.number')) {
  found.selectNodeContents(number);
  const box = number.closest('article').getBoundingClientRect();
  const text = found.getBoundingClientRect();
  const over = Math.max(text.right - box.right, box.left - text.left);
  number.dataset.over = Math.max(0, Math.round(over));
}
"""
NARROWEST = 3


def words() -> list[str]:
    found = [
        str(word["text"])
        for language in Language
        for mapping in states(Texts(language, "common"))
        for word in mapping["options"].values()
    ]
    return [*found, "-97 dBm", "87,5 %", "-112,5 dBm", "1,234.5 kB"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1500, 1000, 901, 400])
def test_a_number_stays_in_its_box(tmp_path: Path, width: int) -> None:
    style = (files("dashboards.sheet") / "sheet.css").read_text(encoding="utf-8")
    panels = "".join(
        f'<article style="--w:{NARROWEST}" class="stat"><h3>x</h3><div class=numbers>'
        f'<p class=number style="border-color:red">{word}</p></div></article>'
        for word in words()
    )
    page = tmp_path / "page.html"
    page.write_text(
        f"<!doctype html><meta charset=utf-8><style>{style}</style><section>{panels}</section>"
        f"<script>{MEASURE}</script>",
        encoding="utf-8",
    )
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    size = f"--window-size={width},800"

    done = subprocess.run(
        ["chromium", *FLAGS, size, profile, page.as_uri()],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
    )

    assert re.findall(r'data-over="(\d+)"', done.stdout) == ["0"] * len(words())
