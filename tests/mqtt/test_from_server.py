"""What a broker may send: every good packet passes, every cut or bent one is refused."""

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.mqtt.codec import decode
from collectors.mqtt.from_server import check_server_packet, locate, outline
from collectors.mqtt.protocol import V5, PacketType, ProtocolError
from tests.mqtt.packets import ID, NONE, REASON, USER, packet, properties, text

GOOD = {
    "connack": mqtt5.ConnAckPacket().write(),
    "connack_full": packet(
        0x20,
        b"\1\0",
        properties(
            b"\x11\0\0\0\x3c",
            b"\x12" + text("given"),
            b"\x13\0\x1e",
            b"\x1a" + text("info"),
            b"\x1c" + text("other"),
            REASON,
            b"\x21\0\x0a",
            b"\x22\0\x0a",
            b"\x24\1",
            b"\x25\1",
            USER,
            USER,
            b"\x27\0\1\0\0",
            b"\x28\1",
            b"\x29\0",
            b"\x2a\1",
        ),
    ),
    "connack_refused": packet(0x20, b"\0\x87", properties(REASON)),
    "publish_0": packet(0x30, text("a/b"), NONE, b"payload"),
    "publish_1": packet(0x3B, text("a/b"), ID, properties(b"\x0b\x01", b"\x0b\x02"), b"payload"),
    "publish_full": packet(
        0x34,
        text("a/b"),
        ID,
        properties(
            b"\x01\x01",
            b"\x02\0\0\0\x05",
            b"\x03" + text("json"),
            b"\x08" + text("answer"),
            b"\x09" + text("id"),
            USER,
        ),
        b"payload",
    ),
    "puback": packet(0x40, ID),
    "puback_code": packet(0x40, ID, b"\x87"),
    "puback_full": packet(0x40, ID, b"\x10", properties(REASON, USER)),
    "pubrel": packet(0x62, ID),
    "pubrel_full": packet(0x62, ID, b"\x92", properties(REASON, USER)),
    "suback": packet(0x90, ID, properties(REASON), b"\0\1\2\x87"),
    "unsuback": packet(0xB0, ID, NONE, b"\0\x11"),
    "pingresp": b"\xd0\0",
    "disconnect": b"\xe0\0",
    "disconnect_code": b"\xe0\1\x8e",
    "disconnect_full": packet(0xE0, b"\x9d", properties(REASON, b"\x1c" + text("other"), USER)),
}
CLIENTS = {kind for kind in PacketType if kind.name in {"CONNECT", "SUBSCRIBE", "UNSUBSCRIBE"}}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_a_good_packet_passes_and_the_codec_reads_it(data: bytes) -> None:
    assert check_server_packet(data) == data[0] >> 4
    decode(V5, data)


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_one_cut_short_is_refused_or_another_good_one(data: bytes) -> None:
    body = data[2:]
    assert len(body) == data[1]
    for size in range(len(body)):
        short = packet(data[0], body[:size])
        try:
            check_server_packet(short)
        except ProtocolError:
            continue
        decode(V5, short)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (packet(0x20, b"\2\0\0"), "reserved_bits"),
        (packet(0x20, b"\0\x01\0"), "reason_code"),
        (packet(0x20, b"\1\x87\0"), "session_of_refused"),
        (packet(0x20, b"\0\0"), "not_mqtt5"),
        (packet(0x20, b"\0\0", properties(b"\x13\0\1", b"\x13\0\1")), "property_repeated"),
        (packet(0x20, b"\0\0", properties(b"\x17\1")), "property_unknown"),
        (packet(0x20, b"\0\0", properties(b"\x01\1")), "property_out_of_place"),
        (packet(0x20, b"\0\0", properties(b"\x21\0\0")), "property_zero"),
        (packet(0x20, b"\0\0", properties(b"\x24\2")), "property_not_0_or_1"),
        (packet(0x20, b"\0\0\0x"), "trailing_bytes"),
        (packet(0x90, ID, NONE), "no_codes"),
        (packet(0x90, ID, NONE, b"\3"), "reason_code"),
        (packet(0x90, b"\0\0", NONE, b"\0"), "packet_id_zero"),
        (packet(0x91, ID, NONE, b"\0"), "reserved_flags"),
        (packet(0x30, text("a"), properties(b"\x0b\0")), "property_zero"),
        (packet(0x30, text("a"), properties(b"\x11\0\0\0\1")), "property_out_of_place"),
        (packet(0xE0, b"\x04"), "reason_code"),
        (b"\xd0\0\0", "not_one_packet"),
    ],
)
def test_a_bent_one_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError) as told:
        check_server_packet(data)

    assert told.value.reason == reason


@pytest.mark.parametrize("kind", sorted(CLIENTS))
def test_what_only_clients_send_is_refused(kind: PacketType) -> None:
    with pytest.raises(ProtocolError) as told:
        check_server_packet(packet(kind << 4, b"\0\1"))

    assert told.value.reason == "not_from_a_server"


@given(st.binary(min_size=1, max_size=1), st.binary(max_size=60))
def test_any_bytes_are_judged_and_never_panic_the_codec(first: bytes, body: bytes) -> None:
    data = packet(first[0], body)
    try:
        check_server_packet(data)
    except ProtocolError:
        return
    decode(V5, data)


@given(st.sampled_from(sorted(GOOD)), st.integers(0, 200), st.integers(0, 255))
def test_one_byte_changed_is_judged_and_never_panics_the_codec(
    name: str, at: int, byte: int
) -> None:
    bent = bytearray(GOOD[name])
    bent[at % len(bent)] = byte
    try:
        check_server_packet(bytes(bent))
    except ProtocolError:
        return
    decode(V5, bytes(bent))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (packet(0x36, text("a"), ID, NONE), "qos_3"),
        (packet(0x38, text("a"), NONE), "dup_at_qos_0"),
        (packet(0x32, text("a"), b"\0\0", NONE), "packet_id_zero"),
        (packet(0x32, text("a"), b"\0"), "truncated"),
        (packet(0x32, b"\0\2a"), "truncated"),
        (packet(0x30, b"\0"), "truncated"),
        (packet(0x30), "truncated"),
    ],
)
def test_the_frame_of_a_publish_is_the_brokers(data: bytes, reason: str) -> None:
    for take in (locate, outline):
        with pytest.raises(ProtocolError) as told:
            take(data)
        assert told.value.reason == reason


@given(
    topic=st.binary(max_size=20),
    qos=st.integers(0, 2),
    inside=st.binary(max_size=20),
    payload=st.binary(max_size=20),
)
def test_a_publishs_parts_are_found_whatever_is_in_them(
    topic: bytes, qos: int, inside: bytes, payload: bytes
) -> None:
    data = packet(0x30 | qos << 1, text(topic), ID if qos else b"", properties(inside), payload)
    found = locate(data)

    assert (found.topic, data[found.payload_at :]) == (topic, payload)
    assert found.packet_id == (int.from_bytes(ID, "big") if qos else 0)
    assert outline(data) == found._replace(part="", fault=None)
    if found.fault is None:
        check_server_packet(data)
        return
    assert found.part in {"topic", "properties"}
    with pytest.raises(ProtocolError) as told:
        check_server_packet(data)
    assert told.value.reason == found.fault.reason
