"""The page's files: two languages in one catalogue, and nothing from anybody else."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from api.ports import Cause
from ausguck import catalogue
from ausguck.model import Kind
from tests.api.city import populated

WEB = Path(__file__).parents[2] / "api" / "web"
FILES = sorted(WEB.iterdir())
WORDS: dict[str, dict[str, str]] = json.loads((WEB / "words.json").read_text())
CODE = "\n".join(file.read_text() for file in FILES if file.suffix == ".js")
HTML = (WEB / "index.html").read_text()
PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Texts(HTMLParser):
    """What stands in the page by itself, outside of the catalogue."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append(data.strip())


def parsed() -> Texts:
    texts = Texts()
    texts.feed(HTML)
    return texts


def named_keys() -> set[str]:
    """Every key that the page or its code names in full."""
    in_html = re.findall(r'data-t(?:-label|-hint)?="([^"]+)"', HTML)
    in_code = re.findall(r'"((?:[a-z]+\.)+[a-z_0-9.]+)"', CODE)
    alone = re.findall(r'\bt\([^)]*?"(\w+)"', CODE)
    return {key for key in (*in_html, *in_code, *alone) if "/" not in key and ".js" not in key}


@pytest.mark.parametrize("key", sorted(WORDS))
def test_every_string_has_german_and_english(key: str) -> None:
    words = WORDS[key]

    assert set(words) == {"de", "en"}
    assert all(text.strip() for text in words.values())
    assert PLACEHOLDER.findall(words["de"]) == PLACEHOLDER.findall(words["en"])


def test_every_named_string_is_in_the_catalogue() -> None:
    named = named_keys()

    assert {key for key in named if key not in WORDS and key != "words.json"} == set()
    assert len(named) > 30


def test_every_string_of_the_catalogue_is_used() -> None:
    families = ("cause.", "net.", "station.", "none.")

    assert {key for key in WORDS if not key.startswith(families)} <= named_keys() | {"resume"}


def test_every_cause_and_technology_has_words() -> None:
    technologies = catalogue.by_key(Kind.BUS)["access_technology"].choices

    assert {f"cause.{cause}" for cause in Cause} <= set(WORDS)
    assert {f"net.{name}" for name in technologies} <= set(WORDS)


def test_no_text_stands_outside_of_the_catalogue() -> None:
    noscript = "Diese Seite braucht JavaScript. This page needs JavaScript."

    assert set(parsed().found) == {"Ausguck", "DE", "EN", noscript}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_names_a_foreign_host(file: Path) -> None:
    text = file.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert not re.search(r"[a-z]+://|[\"'(]//|@import|url\(", text)


def test_the_policy_is_kept() -> None:
    tags = parsed().tags

    assert not [tag for tag, attrs in tags if tag == "style" or "style" in attrs]
    assert not [attrs for _, attrs in tags if any(name.startswith("on") for name in attrs)]
    assert all("src" in attrs for tag, attrs in tags if tag == "script")
    assert "innerHTML" not in CODE
    assert "eval(" not in CODE


def test_nothing_stands_there_before_it_is_known_who_asks() -> None:
    rule = '[data-level="asking"] :is(header, section, footer) { display: none; }'

    assert '<body data-level="asking">' in HTML
    assert '<form id="login" hidden>' in HTML
    assert rule in (WEB / "parts.css").read_text()


def test_the_page_has_landmarks_and_names() -> None:
    tags = parsed().tags
    names = [tag for tag, _ in tags]

    assert {"header", "nav", "main", "footer", "h1"} <= set(names)
    assert [attrs["id"] for _, attrs in tags if "aria-live" in attrs] == ["says"]
    assert all("data-t-label" in attrs for tag, attrs in tags if tag == "input")
    assert all("aria-labelledby" in attrs for tag, attrs in tags if tag in {"section", "table"})


def test_every_file_is_served_as_what_it_is_and_only_once() -> None:
    city = populated()
    referred = set(re.findall(r"/web/[\w.]+", HTML + CODE)) | {
        f"/web/{name}" for name in re.findall(r'"\./([\w.]+)"', CODE)
    }

    for path in sorted(referred):
        answer = city.ask("GET", path)
        assert answer.status_code == 200, path
        again = city.ask("GET", path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert len(referred) == len(FILES) - 1
    assert city.ask("GET", "/").headers["content-type"] == "text/html; charset=utf-8"
    assert city.ask("GET", "/web/../app.py").status_code == 404
    assert city.ask("GET", "/web/%2e%2e/app.py").status_code == 404


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_has_the_contrast_of_aa(theme: int) -> None:
    base = (WEB / "base.css").read_text()
    roots = [
        dict(re.findall(r"--(\w+): (#\w+);", block))
        for block in re.findall(r":root \{(.*?)\}", base, re.DOTALL)
    ]
    colours = roots[0] | roots[theme]
    pairs = [(text, ground) for text in ("text", "muted", "link") for ground in ("ground", "card")]
    pairs += [("on", ground) for ground in ("ok", "warn", "bad", "old")]

    for text, ground in pairs:
        lights = sorted((_luminance(colours[text]), _luminance(colours[ground])))
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5, (text, ground)
