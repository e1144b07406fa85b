"""The how-to names every outcome and every reason that there is."""

import re
import tomllib
from pathlib import Path

from ausguck.settings.partners import Gbfs
from collectors.pollers import fetch, poller
from collectors.pollers.model import Fault, File

PAGE = Path(__file__).parents[2] / "docs/how-to/watch-a-bike-feed.md"
TEXT = PAGE.read_text(encoding="utf-8")
REASON = re.compile(r'Failed\(\s*"(\w+)"')


def test_every_reason_and_every_file_is_explained() -> None:
    for word in (*Fault, *File):
        assert f"`{word}`" in TEXT, word


def test_every_outcome_is_explained() -> None:
    sources = [Path(module.__file__ or "").read_text("utf-8") for module in (fetch, poller)]
    words = {word for source in sources for word in REASON.findall(source)}
    assert {"timeout", "unreadable", "no_file"} <= words
    for word in words - {"http_304"}:
        assert f"`{word}`" in TEXT, word


def test_its_example_is_a_feed() -> None:
    kiel, other = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (feed,) = tomllib.loads(kiel)["gbfs"]
    assert Gbfs.model_validate(feed).name == "sprottenflotte"
    (feed_with_prefix,) = tomllib.loads(other)["gbfs"]
    assert Gbfs.model_validate(feed_with_prefix).prefix == "other-"
    assert feed["address"] in (PAGE.parents[2] / "ausguck.example.toml").read_text("utf-8")
