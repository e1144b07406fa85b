import hashlib

import msgspec

from simulators.outgoing import Identity, Outgoing

TOPIC = "v1/kiel/bus/0101/telemetry"


def test_a_live_message_is_one_object_with_the_identity_of_its_bytes() -> None:
    message = Outgoing(TOPIC, ({"observed_at": 5, "boot_id": "b", "seq": 7, "clients": 3},))

    assert message.payload == b'{"observed_at":5,"boot_id":"b","seq":7,"clients":3}'
    digest = hashlib.sha256(message.payload).hexdigest()
    assert message.identities() == (Identity("bus/0101", 5, "b", 7, digest),)


def test_a_backlog_is_an_array_whose_elements_keep_their_own_bytes() -> None:
    live = [Outgoing(TOPIC, ({"observed_at": at},)) for at in (1, 2)]
    backlog = Outgoing(TOPIC, tuple(m.elements[0] for m in live), is_array=True)

    assert msgspec.json.decode(backlog.payload) == [{"observed_at": 1}, {"observed_at": 2}]
    assert backlog.identities() == live[0].identities() + live[1].identities()


def test_a_time_sent_as_it_was_found_is_no_time_in_the_identity() -> None:
    message = Outgoing(TOPIC, ({"observed_at": "yesterday", "seq": True},))

    assert message.identities()[0][:4] == ("bus/0101", None, None, None)


def test_a_status_can_be_said_again() -> None:
    status = Outgoing(
        "v1/kiel/bus/0101/status",
        ({"state": "ready", "observed_at": 1},),
        retain=True,
        at_connect=True,
    )

    again = status.observed_again(9)

    assert again.elements == ({"state": "ready", "observed_at": 9},)
    assert (again.topic, again.retain, again.at_connect) == (status.topic, True, True)
