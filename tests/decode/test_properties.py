"""Whatever the bytes are: no exception, balanced books, and what is valid survives."""

import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck import catalogue
from ausguck.catalogue import Metric, wire
from ausguck.journal.port import RecordType
from ausguck.model import Decoded, Kind, Position
from tests.decode.records import (
    BUS,
    DAY_MS,
    DECODER,
    IN_KIEL,
    RECEIVED_MS,
    STATION,
    known,
    record,
)

TOPICS = [
    f"v1/kiel/{kind}/7/{message}"
    for kind in ("bus", "station", "device")
    for message in ("telemetry", "status", "event", "inventory", "cmd")
]
topics = st.sampled_from(TOPICS) | st.text(max_size=60)
record_types = st.sampled_from([RecordType.MESSAGE, RecordType.REFUSED, RecordType.RETRY])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
any_json = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(sorted(wire.ALL_KEYS)), inner)
    ),
    max_leaves=20,
)
near_misses = st.dictionaries(
    st.sampled_from([*sorted(wire.ALL_KEYS), "state", "type", "detail", "model", "humidity"]),
    scalars,
    max_size=12,
)


def items(found: Decoded) -> int:
    return (
        len(found.readings) + len(found.events) + len(found.inventories) + len(found.dead_letters)
    )


def values_of(metric: Metric) -> st.SearchStrategy[object]:
    if metric.key == wire.VEHICLE_TYPES:
        names = st.from_regex(r"[a-z0-9_.-]{1,32}", fullmatch=True)
        return st.dictionaries(names, st.integers(0, 1000), max_size=16)
    if metric.choices:
        return st.sampled_from(metric.choices)
    if metric.pattern is not None:
        return st.from_regex(wire.whole(metric.pattern))
    if metric.minimum is None or metric.maximum is None:
        return st.booleans()
    if metric.type is int:
        return st.integers(int(metric.minimum), int(metric.maximum))
    return st.floats(metric.minimum, metric.maximum, allow_nan=False)


def elements_of(kind: Kind) -> st.SearchStrategy[dict[str, object]]:
    optional = {metric.key: values_of(metric) for metric in catalogue.metrics(kind)}
    return st.fixed_dictionaries(
        {"observed_at": st.integers(RECEIVED_MS - DAY_MS, RECEIVED_MS)},
        optional={
            "boot_id": st.from_regex(wire.whole(wire.BOOT_ID)),
            "seq": st.integers(0, wire.MAX_INT),
            **optional,
        },
    ).filter(lambda fields: not fields.get("lat") == fields.get("lon") == 0)


def has_whole_position(fields: dict[str, object]) -> bool:
    return ("lat" in fields) == ("lon" in fields)


@settings(deadline=None, max_examples=200)
@given(topics, st.binary(max_size=200), record_types, st.integers(0, 31), st.integers(0, 2**50))
def test_any_bytes_in_any_topic_are_something_and_never_an_error(
    topic: str, payload: bytes, record_type: RecordType, flags: int, received_at_ms: int
) -> None:
    found = DECODER.decode(
        record(
            topic,
            payload,
            record_type=record_type,
            flags=flags,
            received_at_ms=received_at_ms,
        )
    )
    assert items(found) >= 1


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(TOPICS), any_json | near_misses | st.lists(near_misses, max_size=5))
def test_the_books_balance(topic: str, document: object) -> None:
    found = IN_KIEL.decode(record(topic, json.dumps(document).encode()))
    holds_elements = topic.endswith("/7/telemetry")
    expected = len(document) if holds_elements and isinstance(document, list) else 1
    assert items(found) == max(1, expected)
    assert len(found.readings) == len(found.reading_origins)
    assert len(found.events) == len(found.event_origins)
    origins = [*found.reading_origins, *found.event_origins]
    origins += [letter.origin for letter in found.dead_letters]
    assert len(set(origins)) == len(origins)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([(Kind.BUS, BUS), (Kind.STATION, STATION)]), st.data())
def test_what_is_valid_survives_exactly_on_both_paths(
    kind_and_topic: tuple[Kind, str], data: st.DataObject
) -> None:
    kind, topic = kind_and_topic
    fields = data.draw(elements_of(kind).filter(has_whole_position))
    plain = DECODER.decode(record(topic, json.dumps(fields).encode()))
    # An unknown key sends the same element the slow way.
    slow = DECODER.decode(record(topic, json.dumps({**fields, "humidity": 3}).encode()))
    assert not plain.dropped
    assert [value.key for value in slow.dropped] == ["humidity"]
    (reading,) = plain.readings
    (explained,) = slow.readings
    expected = {key: fields[key] for key in catalogue.keys(kind) if key in fields}
    if wire.VEHICLE_TYPES in expected:
        expected[wire.VEHICLE_TYPES] = json.dumps(
            expected[wire.VEHICLE_TYPES], separators=(",", ":"), sort_keys=True
        )
    assert known(reading) == expected
    assert reading.observed_at_ms == fields["observed_at"]
    assert (reading.boot_id, reading.seq) == (fields.get("boot_id"), fields.get("seq"))
    assert msgspec.structs.replace(explained, digest=reading.digest) == reading


@settings(deadline=None, max_examples=150)
@given(near_misses)
def test_what_is_kept_is_valid_and_what_is_not_is_counted(fields: dict[str, object]) -> None:
    found = IN_KIEL.decode(record(BUS, json.dumps(fields).encode()))
    for reading in found.readings:
        kept = known(reading)
        assert all(wire.accepts(key, value) for key, value in kept.items())
        # Null is unknown, and only counted where the key is unknown too.
        told = {
            key
            for key, value in fields.items()
            if key not in wire.HEAD_KEYS
            and (value is not None or key not in wire.known_keys(Kind.BUS))
        }
        counted = {value.key for value in found.dropped} - set(wire.HEAD_KEYS)
        assert counted == told - set(kept)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(TOPICS), any_json | near_misses | elements_of(Kind.BUS))))
def test_a_row_of_records_says_what_each_of_them_says(row: list[tuple[str, object]]) -> None:
    records = [
        msgspec.structs.replace(
            record(topic, json.dumps(document).encode()), position=Position(3, 1, number)
        )
        for number, (topic, document) in enumerate(row)
    ]
    together = IN_KIEL.decode_all(records)
    alone = [IN_KIEL.decode(each) for each in records]
    for name in Decoded.__struct_fields__:
        if name != "elements":
            parts = [part for each in alone for part in getattr(each, name)]
            assert list(getattr(together, name)) == parts, name
    assert together.elements == sum(each.elements for each in alone)
