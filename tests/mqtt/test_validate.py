"""Every packet a client may send is judged in full before the codec sees it."""

import pytest

from collectors.mqtt.framing import encode_length, remaining_length
from collectors.mqtt.protocol import V5, V311, Code, ProtocolError
from collectors.mqtt.validate import check_connect, check_packet, connect_version
from tests.mqtt.packets import (
    GOOD,
    ID,
    NONE,
    REASON,
    USER,
    connect5,
    connect311,
    good,
    packet,
    properties,
    text,
)

SURROGATE = b"\xed\xa0\x80"
OVERLONG = b"\xc0\xaf"

# What mqtt5.read 0.8.0 answers with a panic: invalid UTF-8, wherever a string may stand.
PANICS = {
    "topic": packet(0x30, text(b"\xff"), NONE, b"A"),
    "topic_surrogate": packet(0x30, text(SURROGATE), NONE),
    "topic_overlong": packet(0x30, text(OVERLONG), NONE),
    "topic_cut": packet(0x30, text(b"a\xe2\x82"), NONE),
    "content_type": packet(0x30, text("a"), properties(b"\x03" + text(b"\xff"))),
    "response_topic": packet(0x30, text("a"), properties(b"\x08" + text(b"\xff"))),
    "user_key": packet(0x30, text("a"), properties(b"\x26" + text(b"\xff") + text("v"))),
    "user_value": packet(0x30, text("a"), properties(b"\x26" + text("k") + text(b"\xff"))),
    "filter": packet(0x82, ID, NONE, text(b"\xff"), b"\0"),
    "unfilter": packet(0xA2, ID, NONE, text(b"\xff")),
    "reason": packet(0x40, ID, b"\0", properties(b"\x1f" + text(b"\xff"))),
    "disconnect_reason": packet(0xE0, b"\0", properties(b"\x1f" + text(b"\xff"))),
    "auth_method": packet(0xF0, b"\x18", properties(b"\x15" + text(b"\xff"))),
}

# What it lets pass or explains with an error of its own kind.
BAD5: dict[str, tuple[bytes, str]] = {
    "topic_nul": (packet(0x30, text("a\0b"), NONE), "nul_in_text"),
    "topic_hash": (packet(0x30, text("a/#"), NONE), "topic_wildcard"),
    "topic_plus": (packet(0x30, text("+/a"), NONE), "topic_wildcard"),
    "topic_empty": (packet(0x30, text(""), NONE), "topic_empty"),
    "topic_beyond": (packet(0x30, b"\0\x09abc"), "truncated"),
    "id_zero": (packet(0x32, text("a"), b"\0\0", NONE), "packet_id_zero"),
    "qos_3": (packet(0x36, text("a"), ID, NONE), "qos_3"),
    "dup_0": (packet(0x38, text("a"), NONE), "dup_at_qos_0"),
    "alias": (packet(0x30, text("a"), properties(b"\x23\0\x01")), "topic_alias"),
    "publish_sub_id": (
        packet(0x30, text("a"), properties(b"\x0b\x01")),
        "property_out_of_place",
    ),
    "flag_value": (packet(0x30, text("a"), properties(b"\x01\x02")), "property_not_0_or_1"),
    "unknown": (packet(0x30, text("a"), properties(b"\x7f\x02")), "property_unknown"),
    "repeated": (
        packet(0x30, text("a"), properties(b"\x01\x01", b"\x01\x01")),
        "property_repeated",
    ),
    "property_cut": (packet(0x30, text("a"), properties(b"\x02\0\0")), "truncated"),
    "properties_beyond": (packet(0x30, text("a"), b"\x05\x01"), "properties_truncated"),
    "response_wildcard": (
        packet(0x30, text("a"), properties(b"\x08" + text("a/#"))),
        "topic_wildcard",
    ),
    "puback_flags": (packet(0x42, ID), "reserved_flags"),
    "pubrel_flags": (packet(0x60, ID), "reserved_flags"),
    "puback_zero": (packet(0x40, b"\0\0"), "packet_id_zero"),
    "puback_code": (packet(0x40, ID, b"\x42"), "reason_code"),
    "puback_more": (packet(0x40, ID, b"\0", NONE, b"x"), "trailing_bytes"),
    "pubrel_code": (packet(0x62, ID, b"\x87"), "reason_code"),
    "subscribe_flags": (packet(0x80, ID, NONE, text("a"), b"\0"), "reserved_flags"),
    "subscribe_none": (packet(0x82, ID, NONE), "no_filters"),
    "subscribe_empty": (packet(0x82, ID, NONE, text(""), b"\0"), "filter_empty"),
    "subscribe_qos_3": (packet(0x82, ID, NONE, text("a"), b"\x03"), "qos_3"),
    "subscribe_reserved": (packet(0x82, ID, NONE, text("a"), b"\x40"), "reserved_bits"),
    "subscribe_retain_3": (packet(0x82, ID, NONE, text("a"), b"\x30"), "retain_handling_3"),
    "subscribe_id": (
        packet(0x82, ID, properties(b"\x0b\x01"), text("a"), b"\0"),
        "subscription_id",
    ),
    "subscribe_nul": (packet(0x82, ID, NONE, text("a\0"), b"\0"), "nul_in_text"),
    "unsubscribe_none": (packet(0xA2, ID, NONE), "no_filters"),
    "unsubscribe_empty": (packet(0xA2, ID, NONE, text("")), "filter_empty"),
    "ping_body": (packet(0xC0, b"x"), "trailing_bytes"),
    "ping_flags": (packet(0xC1), "reserved_flags"),
    "disconnect_code": (packet(0xE0, b"\x8b"), "reason_code"),
    "disconnect_property": (
        packet(0xE0, b"\0", properties(b"\x21\0\x01")),
        "property_out_of_place",
    ),
    "auth_data_alone": (
        packet(0xF0, b"\x18", properties(b"\x16" + text("d"))),
        "auth_data_alone",
    ),
    "auth_success": (packet(0xF0), "reason_code"),
    "auth_without_method": (packet(0xF0, b"\x18", NONE), "auth_method_missing"),
    "connack": (packet(0x20, NONE, NONE, NONE), "not_from_a_client"),
    "suback": (packet(0x90, ID, NONE, NONE), "not_from_a_client"),
    "unsuback": (packet(0xB0, ID, NONE, NONE), "not_from_a_client"),
    "pingresp": (packet(0xD0), "not_from_a_client"),
    "type_0": (packet(0x00), "reserved_type"),
    "connect_again": (connect5(), "second_connect"),
    "two_packets": (packet(0xC0) + packet(0xC0), "not_one_packet"),
}
BAD311: dict[str, tuple[bytes, str]] = {
    "auth": (packet(0xF0), "reserved_type"),
    "puback_code": (packet(0x40, ID, b"\0"), "trailing_bytes"),
    "disconnect_code": (packet(0xE0, b"\0"), "trailing_bytes"),
    "subscribe_options": (packet(0x82, ID, text("a"), b"\x04"), "reserved_bits"),
    "topic_not_utf8": (packet(0x30, text(b"\xff")), "not_utf8"),
    "id_zero": (packet(0x32, text("a"), b"\0\0"), "packet_id_zero"),
    "id_missing": (packet(0x32, text("a"), b"\0"), "truncated"),
}

BAD_CONNECTS: dict[str, tuple[bytes, str]] = {
    "flags": (b"\x11" + connect5()[1:], "reserved_flags"),
    "reserved": (connect5(flags=0x03), "reserved_bits"),
    "will_qos_3": (connect5(flags=0x1E), "will_qos_3"),
    "will_qos_without": (connect5(flags=0x0A), "will_flags"),
    "will_retain_without": (connect5(flags=0x22), "will_flags"),
    "receive_zero": (connect5(props=properties(b"\x21\0\0")), "property_zero"),
    "size_zero": (connect5(props=properties(b"\x27\0\0\0\0")), "property_zero"),
    "problem_2": (connect5(props=properties(b"\x17\x02")), "property_not_0_or_1"),
    "alias_place": (connect5(props=properties(b"\x23\0\x01")), "property_out_of_place"),
    "expiry_twice": (
        connect5(props=properties(b"\x11\0\0\0\x01", b"\x11\0\0\0\x01")),
        "property_repeated",
    ),
    "delay_place": (connect5(props=properties(b"\x18\0\0\0\x01")), "property_out_of_place"),
    "client_id_utf8": (connect5(client_id=b"\xff"), "not_utf8"),
    "client_id_nul": (connect5(client_id=b"a\0"), "nul_in_text"),
    "will_topic": (connect5(topic=b"a/+"), "topic_wildcard"),
    "will_topic_empty": (connect5(topic=b""), "topic_empty"),
    "level_3": (packet(0x10, text("MQTT"), b"\x03\x02\0\0", text("a")), "protocol_level"),
    "name": (packet(0x10, text("MQIsdp"), b"\x03\x02\0\0", text("a")), "protocol_name"),
    "trailing": (packet(0x10, connect311(flags=2)[2:], b"x"), "trailing_bytes"),
    "password_alone_311": (connect311(flags=0x42), "password_alone"),
    "publish_first": (packet(0x30, text("a"), NONE), "before_connect"),
}


@pytest.mark.parametrize("name", PANICS)
def test_what_makes_the_codec_panic_never_reaches_it(name: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        check_packet(V5, PANICS[name])
    assert raised.value.reason == "not_utf8"


@pytest.mark.parametrize("name", BAD5)
def test_a_bad_packet_of_mqtt_5_is_refused_with_its_reason(name: str) -> None:
    bad, reason = BAD5[name]
    with pytest.raises(ProtocolError) as raised:
        check_packet(V5, bad)
    assert raised.value.reason == reason


@pytest.mark.parametrize("name", BAD311)
def test_a_bad_packet_of_mqtt_311_is_refused_with_its_reason(name: str) -> None:
    bad, reason = BAD311[name]
    with pytest.raises(ProtocolError) as raised:
        check_packet(V311, bad)
    assert raised.value.reason == reason


@pytest.mark.parametrize("name", BAD_CONNECTS)
def test_a_bad_connect_is_refused_with_its_reason(name: str) -> None:
    bad, reason = BAD_CONNECTS[name]
    with pytest.raises(ProtocolError) as raised:
        check_connect(bad)
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("alias", Code.TOPIC_ALIAS_INVALID),
        ("topic_hash", Code.TOPIC_INVALID),
        ("subscribe_id", Code.SUBSCRIPTION_IDS),
        ("repeated", Code.PROTOCOL_ERROR),
        ("topic_nul", Code.MALFORMED),
    ],
)
def test_the_answer_is_the_protocols_own(name: str, code: Code) -> None:
    with pytest.raises(ProtocolError) as raised:
        check_packet(V5, BAD5[name][0])
    assert raised.value.code is code


@pytest.mark.parametrize(("version", "name"), GOOD)
def test_a_good_packet_passes(version: int, name: str) -> None:
    kind = check_packet(version, good(version, name))
    assert name.startswith(kind.name.lower())


@pytest.mark.parametrize("flags", [0x00, 0x02, 0x06, 0x2E, 0x82, 0xC2, 0xEE, 0xF6, 0x42])
def test_a_good_connect_passes(flags: int) -> None:
    assert check_connect(connect5(flags=flags)) == V5
    if flags != 0x42:
        assert check_connect(connect311(flags=flags)) == V311


def test_the_version_is_known_before_the_rest_is_judged() -> None:
    assert connect_version(connect5(client_id=b"\xff")) == V5
    assert connect_version(packet(0x10, text("MQIsdp"), b"\x03\x02\0\0")) == 3
    assert connect_version(packet(0x10, text("HTTP"), b"\x01")) == 0


def shortened(whole: bytes) -> list[bytes]:
    """The packet with its body cut at every place, and a length that says so."""
    length, body = remaining_length(whole, 1, len(whole))
    return [whole[:1] + encode_length(n) + whole[body : body + n] for n in range(length)]


@pytest.mark.parametrize(("version", "name"), GOOD)
def test_a_shortened_packet_errs_or_is_a_shorter_good_one(version: int, name: str) -> None:
    for cut in shortened(good(version, name)):
        try:
            check_packet(version, cut)
        except ProtocolError as error:
            assert error.packet in {"framing", name.split("_", maxsplit=1)[0]}  # noqa: PT017 - either may be


@pytest.mark.parametrize("whole", [connect5(), connect311()], ids=["5", "311"])
def test_a_shortened_connect_errs(whole: bytes) -> None:
    for cut in shortened(whole):
        with pytest.raises(ProtocolError):
            check_connect(cut)


def test_several_of_a_user_property_are_fine() -> None:
    check_packet(V5, packet(0xE0, b"\0", properties(USER, REASON, USER, USER)))
