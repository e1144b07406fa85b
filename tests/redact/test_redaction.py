"""What must stay stays, what must go goes, and nothing makes redaction fail."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.catalogue import wire
from collectors.redact import redact_json, redact_text

VALUES = json.loads((Path(__file__).parent / "values.json").read_text())
STAY: list[dict[str, Any]] = VALUES["stay"]
GO: list[dict[str, Any]] = VALUES["go"]
DRESSES = (
    "{0}:{1}:{2}:{3}:{4}:{5}",
    "{0}-{1}-{2}-{3}-{4}-{5}",
    "{0}{1}.{2}{3}.{4}{5}",
    "{0}%3A{1}%3A{2}%3A{3}%3A{4}%3A{5}",
)
octets = st.lists(st.integers(0, 255).map("{:02x}".format), min_size=6, max_size=6)
words = st.text(max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def redacted(case: dict[str, Any]) -> str:
    if "text" in case:
        return redact_text(case["text"])
    return redact_json(json.dumps(case["json"]).encode(), wire.ALL_KEYS).decode()


def written(case: dict[str, Any]) -> str:
    if "text" in case:
        return str(case["text"])
    return json.dumps(case["json"], separators=(",", ":"))


def test_there_are_thirty_of_each() -> None:
    assert len(STAY) >= 30
    assert len(GO) >= 30


@pytest.mark.parametrize("case", STAY, ids=[case["why"] for case in STAY])
def test_stays(case: dict[str, Any]) -> None:
    assert redacted(case) == written(case)


@pytest.mark.parametrize("case", GO, ids=[f"{case['what']}: {written(case)}" for case in GO])
def test_goes(case: dict[str, Any]) -> None:
    found = redacted(case)
    assert case["secret"] not in found
    assert f"[redacted:{case.get('as', case['what'])}]" in found


@pytest.mark.parametrize("case", GO, ids=[f"{case['what']}: {written(case)}" for case in GO])
def test_goes_from_bytes_that_are_not_json(case: dict[str, Any]) -> None:
    if "text" in case:
        assert case["secret"].encode() not in redact_json(b"\xff " + case["text"].encode())


@settings(deadline=None, max_examples=150)
@given(octets, st.sampled_from(DRESSES), st.sampled_from((str.lower, str.upper)), words, words)
def test_a_mac_vanishes_from_any_text(
    address: list[str],
    dress: str,
    case: Callable[[str], str],
    before: str,
    after: str,
) -> None:
    mac = case(dress.format(*address))
    assert mac not in redact_text(f"{before} {mac} {after}")
    if dress is DRESSES[0]:
        assert mac not in redact_text(before + mac + after)


@settings(deadline=None, max_examples=150)
@given(st.text() | st.from_regex(r"[0-9a-fA-F:.@+ \-\[\]_]{0,60}", fullmatch=True))
def test_the_second_time_changes_nothing(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@settings(deadline=None, max_examples=150)
@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_redacted_without_an_error_and_once(raw: bytes) -> None:
    once = redact_json(raw, wire.ALL_KEYS)
    assert redact_json(once, wire.ALL_KEYS) == once


def test_known_keys_are_exempt_only_at_the_top_of_an_element() -> None:
    deep = b'{"x":{"trip_id":"aa:bb:cc:dd:ee:ff"}}'
    assert b"aa:bb" not in redact_json(deep, wire.ALL_KEYS)


def test_a_secret_hidden_behind_a_second_key_of_the_same_name_goes() -> None:
    assert b"aa:bb" not in redact_json(b'{"a":"aa:bb:cc:dd:ee:ff","a":1}', wire.ALL_KEYS)


@pytest.mark.parametrize("piece", ["aa:", "4539578763621486 ", "0171-", "1.2.3.", "+49 ", "a@b."])
def test_long_hostile_text_is_read_in_linear_time(piece: str) -> None:
    # The suite's time limit is the bar: a quadratic pattern would take minutes.
    redact_text(piece * (65_536 // len(piece)))
