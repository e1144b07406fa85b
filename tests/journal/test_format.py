import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.journal.format import (
    HEADER_SIZE,
    PREAMBLE,
    Fault,
    Fields,
    FormatError,
    Header,
    decode,
    decode_header,
    decode_source,
    encode,
    encode_source,
    next_record,
)
from ausguck.journal.port import RecordType, Source

SYNC = 0x1234_5678

fields = st.builds(
    Fields,
    st.sampled_from(RecordType),
    st.integers(0, 255),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=80),
    st.integers(0, 65_535),
    st.binary(max_size=80),
    st.binary(max_size=200),
)
numbers = st.integers(0, 2**63 - 1)
headers = st.builds(
    Header, numbers, numbers, numbers, numbers, numbers, numbers, st.integers(1, 2**32 - 1)
)


@given(fields, st.binary(max_size=20), st.integers(1, 2**32 - 1))
def test_what_was_encoded_is_decoded(record: Fields, before: bytes, sync: int) -> None:
    encoded = encode(sync, record)
    assert decode(sync, before + encoded, len(before)) == (record, len(before) + len(encoded))


@given(fields)
def test_every_truncation_of_a_record_is_an_error(record: Fields) -> None:
    encoded = encode(SYNC, record)
    for size in range(len(encoded)):
        with pytest.raises(FormatError) as raised:
            decode(SYNC, encoded[:size])
        assert raised.value.fault is Fault.SHORT


@given(fields, st.data())
def test_every_flipped_bit_of_a_record_is_an_error(record: Fields, data: st.DataObject) -> None:
    encoded = bytearray(encode(SYNC, record))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(FormatError):
        decode(SYNC, bytes(encoded))


@given(fields, st.binary(max_size=60))
def test_reading_resumes_at_the_next_record(record: Fields, damage: bytes) -> None:
    encoded = encode(SYNC, record)
    assert next_record(SYNC, damage + encoded, 0) == len(damage)


@given(fields)
def test_a_record_of_another_journal_is_none(record: Fields) -> None:
    encoded = encode(SYNC + 1, record)
    with pytest.raises(FormatError) as raised:
        decode(SYNC, encoded)
    assert raised.value.fault is Fault.SYNC
    assert next_record(SYNC, encoded, 0) is None


@given(st.builds(Source, st.text(), st.text(), st.text()))
def test_sources_come_back(source: Source) -> None:
    assert decode_source(encode_source(source)) == source


@given(headers, st.integers(0, HEADER_SIZE - 1), st.booleans())
def test_one_sound_copy_of_a_header_is_enough(header: Header, at: int, second: bool) -> None:  # noqa: FBT001 - hypothesis draws it
    encoded = bytearray(header.encode())
    assert len(encoded) == PREAMBLE
    assert decode_header(bytes(encoded)) == header
    encoded[at + second * HEADER_SIZE] ^= 0xFF
    assert decode_header(bytes(encoded)) == header


@given(headers)
def test_no_header_without_a_whole_copy(header: Header) -> None:
    encoded = header.encode()
    for size in range(HEADER_SIZE):
        with pytest.raises(FormatError) as raised:
            decode_header(encoded[:size])
        assert raised.value.fault is Fault.SHORT


def test_headers_differ_in_each_field() -> None:
    header = Header(1, 2, 3, 4, 5, 6, 7)
    for field in dataclasses.fields(header):
        other = dataclasses.replace(header, **{field.name: 99})
        assert decode_header(other.encode()) == other != header
