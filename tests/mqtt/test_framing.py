"""A packet's end is known, and judged, before anything is kept for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.mqtt.framing import INCOMPLETE, encode_length, packet_end, remaining_length
from collectors.mqtt.protocol import Code, ProtocolError


@given(st.integers(0, 268_435_455))
def test_a_length_reads_as_it_was_written(length: int) -> None:
    encoded = encode_length(length)
    assert remaining_length(encoded, 0, len(encoded)) == (length, len(encoded))
    for cut in range(len(encoded)):
        assert remaining_length(encoded, 0, cut) == INCOMPLETE


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"\x80\x80\x80\x80\x01", "length_too_long"),
        (b"\xff\xff\xff\xff", "length_too_long"),
        (b"\x80\x00", "length_not_minimal"),
        (b"\xff\x80\x00", "length_not_minimal"),
    ],
)
def test_a_bad_length_is_refused(written: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        remaining_length(written, 0, len(written))
    assert raised.value.reason == reason


def test_a_large_packet_is_refused_before_it_arrives() -> None:
    header = b"\x30" + encode_length(1000)
    assert packet_end(header, 0, len(header), 1003) == 1003
    with pytest.raises(ProtocolError) as raised:
        packet_end(header, 0, len(header), 1002)
    assert raised.value.code is Code.TOO_LARGE
    assert packet_end(b"\x30\x80", 0, 2, 10) == 0
