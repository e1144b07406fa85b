"""The wire structs say what the catalogue says, no more and no less."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck import catalogue
from ausguck.catalogue import Metric, wire
from ausguck.model import Kind

METRICS = [(kind, metric) for kind in wire.REPORTING_KINDS for metric in catalogue.metrics(kind)]
IDS = [f"{kind}.{metric.key}" for kind, metric in METRICS]
NUMERIC = [(kind, metric) for kind, metric in METRICS if metric.minimum is not None]


def decoded(kind: Kind, **fields: object) -> wire.Telemetry:
    return msgspec.json.decode(json.dumps(fields).encode(), type=wire.telemetry(kind))


def accepted(kind: Kind, key: str, value: object) -> bool:
    try:
        msgspec.json.decode(json.dumps(value), type=wire.value_type(kind, key))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("kind", wire.REPORTING_KINDS)
def test_a_structs_fields_are_the_head_and_then_the_catalogue_in_order(kind: Kind) -> None:
    found = wire.telemetry(kind).__struct_fields__
    assert found == ("observed_at", "boot_id", "seq", *catalogue.keys(kind))
    assert msgspec.structs.astuple(decoded(kind)) == (None,) * len(found)


@pytest.mark.parametrize(("kind", "metric"), METRICS, ids=IDS)
def test_no_sentinel_lies_inside_its_metrics_range(kind: Kind, metric: Metric) -> None:
    # The fast path looks at ranges only.
    assert not any(accepted(kind, metric.key, sentinel) for sentinel in metric.sentinels)


@pytest.mark.parametrize(
    ("kind", "metric"), NUMERIC, ids=[f"{kind}.{metric.key}" for kind, metric in NUMERIC]
)
def test_both_ends_of_a_range_are_in_it_and_nothing_beyond(kind: Kind, metric: Metric) -> None:
    assert metric.minimum is not None
    assert metric.maximum is not None
    # As integers, which a float accepts too: 2**63 - 1 and 2**63 are the same float.
    low, high = int(metric.minimum), int(metric.maximum)
    values = [low, high, low - 1, high + 1]
    assert [accepted(kind, metric.key, value) for value in values] == [True, True, False, False]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("clients", True),
        ("clients", 1.0),
        ("clients", "1"),
        ("is_roaming", 1),
        ("rtt_ms", "12"),
        ("operator", "262-01\n"),
        ("operator", "٢٦٢-01"),
        ("access_technology", "6g"),
        ("boot_id", "0123456789abcdefg"),
        ("boot_id", "a b"),
        ("seq", -1),
        ("seq", 2**63),
        ("observed_at", "2026-11-22T10:05:30"),
        ("observed_at", 1.5),
    ],
)
def test_what_is_not_of_a_keys_type_or_form_is_refused(key: str, value: object) -> None:
    assert not accepted(Kind.BUS, key, value)


@pytest.mark.parametrize(("kind", "metric"), METRICS, ids=IDS)
def test_unknown_is_null(kind: Kind, metric: Metric) -> None:
    assert accepted(kind, metric.key, None)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        decoded(Kind.BUS, humidity=3)


@pytest.mark.parametrize(
    "types",
    [
        {"E-Bike": 1},
        {"": 1},
        {"x" * 33: 1},
        {"bike": -1},
        {"bike": 1001},
        {"bike": True},
        {f"type{number}": 1 for number in range(17)},
        ["bike"],
    ],
)
def test_vehicle_types_have_a_grammar_of_their_own(types: object) -> None:
    assert not accepted(Kind.STATION, wire.VEHICLE_TYPES, types)
    with pytest.raises(msgspec.ValidationError):
        decoded(Kind.STATION, vehicle_types_available=types)


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.from_regex(r"[a-z0-9_.-]{1,32}", fullmatch=True), st.integers(0, 1000)),
)
def test_vehicle_types_are_kept_sorted_and_whole(types: dict[str, int]) -> None:
    text = wire.vehicle_types_text(types)
    assert json.loads(text) == types
    assert list(json.loads(text)) == sorted(types)
    assert " " not in text


def test_the_largest_vehicle_types_fit_the_catalogue() -> None:
    types = {f"{number:032}": 1000 for number in range(wire.MAX_VEHICLE_TYPES)}
    limit = catalogue.by_key(Kind.STATION)[wire.VEHICLE_TYPES].max_length
    assert limit is not None
    assert len(wire.vehicle_types_text(types)) <= limit


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("rssi_dbm", -139, True),  # a station's
        ("rssi_dbm", -30, True),
        ("rssi_dbm", -141, False),
        ("boot_id", "5f3a9c01d2e4", True),
        ("line", "a@b.de", False),
        ("humidity", 3, False),
        ("clients", True, False),
        ("observed_at", "2026-11-22T10:05:30Z", True),
    ],
)
def test_accepts_a_value_valid_for_any_kind(key: str, value: object, *, expected: bool) -> None:
    assert wire.accepts(key, value) is expected
