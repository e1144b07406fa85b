"""Pure decisions: when to try again, what may be said, and the words for each end."""

import ssl
from pathlib import Path

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.errors import ConfigError, TopicError
from ausguck.settings.partners import BrokerTls, Subscriber
from ausguck.topics import parse
from collectors.subscriber import ends, tls
from collectors.subscriber.backoff import delay_s
from collectors.subscriber.intake import KNOWN_MAX, KNOWN_TOPIC_BYTES, Known
from collectors.subscriber.line import Line
from collectors.subscriber.marker import Marker
from collectors.subscriber.topictext import readable


@given(
    failures=st.integers(1, 10_000),
    cap_s=st.floats(0.1, 600),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_under_the_cap_and_grows(failures: int, cap_s: float, chance: float) -> None:
    wait_s = delay_s(failures, cap_s, lambda: chance, slow=False)

    assert 0 <= wait_s <= cap_s
    assert wait_s <= delay_s(failures + 1, cap_s, lambda: chance, slow=False)
    assert delay_s(failures, cap_s, lambda: chance, slow=True) == cap_s


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), max_size=30), st.data())
def test_a_line_says_all_in_order_and_nothing_early(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    line, ticket, committed, said = Line(), 0, 0, b""
    put: list[tuple[int, bytes]] = []
    for number, (rise, messages) in enumerate(steps):
        ticket += rise
        put.append((ticket, bytes((number,))))
        line.put(ticket, bytes((number,)), messages)
        committed = data.draw(st.integers(committed, ticket))
        said += line.take(committed)
        assert said == b"".join(part for at, part in put if at <= committed)
    assert said + line.take(ticket) == bytes(range(len(steps)))
    assert line.waiting == len(line) == 0


def test_a_line_that_ends_says_how_much_was_unsaid() -> None:
    line = Line()
    line.put(1, b"a", 3)
    line.put(2, b"b", 4)
    line.take(1)

    assert line.abandon() == 4
    assert line.take(9) == b""


def test_the_brokers_own_words_stand_behind_ours() -> None:
    packet = mqtt5.DisconnectPacket(
        reason_code=mqtt5.DisconnectReasonCode.ADMINISTRATIVE_ACTION, reason_str="maintenance"
    )

    end = ends.sent_away(packet, "c")

    assert end.reason == "administrative_action"
    assert end.words == "somebody at the broker has cut us off (it says: 'maintenance')"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "unreachable"),
        (ssl.SSLError(1, "wrong version number"), "tls"),
        (ssl.SSLCertVerificationError(1, "self-signed"), "tls_certificate"),
        (RuntimeError("secret"), "internal"),
    ],
)
def test_an_error_becomes_a_reason(error: Exception, reason: str) -> None:
    end = ends.unreachable(error)

    assert end.reason == reason
    assert "secret" not in end.words


def test_a_packet_that_ends_it_twice_is_named() -> None:
    end = ends.End("protocol_x", "the broker's x")
    first = ends.culprit(b"..\x32\x05abcde", 2)
    second = ends.culprit(b"\x3a\x05abcde", 0)  # with DUP

    assert ends.repeated(end, first, b"") is end
    assert ends.repeated(end, b"", b"") is end  # a connection that ended without one
    assert ends.repeated(end, b"\x32\x05xbcde", first) is end
    assert ends.repeated(end, second, first).reason == "same_packet"
    assert ends.repeated(end, second, first).words.startswith(end.words)


@pytest.mark.parametrize("topic", [b"t" * KNOWN_TOPIC_BYTES, b"t" * (KNOWN_TOPIC_BYTES + 1)])
def test_topics_are_remembered_up_to_a_length(topic: bytes) -> None:
    known = Known()

    known.remember(topic)

    assert (topic in known) is (len(topic) <= KNOWN_TOPIC_BYTES)
    for number in range(KNOWN_MAX + 10):
        known.remember(b"%d" % number)
    assert len(known) <= KNOWN_MAX


@given(st.binary(max_size=300) | st.binary(max_size=9).map(lambda part: part * 8_000))
def test_any_topic_can_be_shown_and_only_a_good_one_stays_itself(topic: bytes) -> None:
    topic = topic[:65_535]
    shown = readable(topic)

    assert shown.decode().isprintable()
    assert len(shown) <= 65_535
    if shown != topic:
        with pytest.raises(TopicError):
            parse(shown.decode())


def test_what_a_shown_topic_looks_like() -> None:
    assert readable("v1/kiel/bus/ä é".encode()) == "v1/kiel/bus/ä é".encode()
    assert readable(b"a\xff\0\xed\xa0\x80\\") == rb"a\xff\x00\xed\xa0\x80\\"
    assert readable(b"a" * 5_000) == b"a" * 4_096 + b"..."


@pytest.mark.parametrize("name", ["ca", "certificate"])
def test_a_file_that_is_no_pem_is_named(name: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nothing")
    settings = BrokerTls.model_validate(
        {"ca": wrong} if name == "ca" else {"certificate": wrong, "key": wrong}
    )

    with pytest.raises(ConfigError) as told:
        tls.context(settings)

    assert told.value.key == f"subscriber.tls.{name}"


def test_without_tls_there_is_no_context() -> None:
    assert tls.context(None) is None
    assert tls.context(BrokerTls()) is not None


def test_a_marker_that_cannot_be_written_or_read_is_borne(tmp_path: Path) -> None:
    settings = Subscriber()
    lost = Marker(tmp_path / "no" / "such" / "folder", settings)
    lost.set()
    assert not lost.is_set()

    kept = Marker(tmp_path / "session", settings)
    assert not kept.is_set()
    kept.set()
    assert kept.is_set()
    assert not Marker(tmp_path / "session", Subscriber(client_id="other")).is_set()
    (tmp_path / "session").write_bytes(b"\xff")
    assert not kept.is_set()
