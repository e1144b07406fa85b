"""The deployed Mosquitto, run for real: who may do what."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.parts import device
from tests.deploy.deployed import Client, Deployed, Refused

pytestmark = pytest.mark.broker

NOT_AUTHORIZED = 0x87
ANSWERS = {"telemetry", "status", "inventory", "event"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with Deployed(tmp_path_factory.mktemp("deployed")) as broker:
        yield broker


@pytest.fixture
def bus(shared: Deployed, request: pytest.FixtureRequest, capsys: object) -> tuple[str, str]:
    """A bus of this test's own."""
    return admitted(shared, f"bus/{request.node.name[-50:].replace('[', '-').strip(']')}", capsys)


def admitted(broker: Deployed, name: str, capsys: object) -> tuple[str, str]:
    """Add a device as deploy/device says to."""
    user = broker.add(name, capsys)
    broker.restart()
    return user


def listening(broker: Deployed, name: str, user: tuple[str, str], *topics: str) -> Client:
    client = Client(broker).connect(name, user)
    client.subscribe(*topics)
    return client


def test_anonymous_is_refused(shared: Deployed) -> None:
    with Client(shared) as client, pytest.raises(Refused, match="0x87"):
        client.connect("nobody")


def test_a_wrong_password_is_refused(shared: Deployed, bus: tuple[str, str]) -> None:
    with Client(shared) as client, pytest.raises(Refused, match="0x87"):
        client.connect("bus", (bus[0], "wrong"))


def test_plain_text_is_refused(shared: Deployed) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), 10) as plain:
        plain.sendall(b"\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x04abcd")
        try:
            answer = plain.recv(100)
        except ConnectionResetError:
            answer = b""

    assert not answer.startswith(b"\x20")


def test_another_authority_is_not_believed(shared: Deployed, tmp_path: Path) -> None:
    other = Deployed(tmp_path)

    with (
        socket.create_connection(("127.0.0.1", shared.port), 10) as raw,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        other.tls().wrap_socket(raw, server_hostname="localhost")


def test_a_device_speaks_for_its_asset(shared: Deployed, bus: tuple[str, str]) -> None:
    with (
        listening(shared, "c-own", shared.collector, f"v1/kiel/{bus[0]}/#") as collector,
        Client(shared) as client,
    ):
        client.connect("bus", bus)
        for message in sorted(ANSWERS):
            assert client.publish(f"v1/kiel/{bus[0]}/{message}", message.encode()) == 0

        heard = {collector.hear().payload.decode() for _ in ANSWERS}

    assert heard == ANSWERS


@pytest.mark.parametrize(
    "topic",
    [
        "v1/kiel/bus/0001/telemetry",
        "v1/kiel/station/own/telemetry",
        "v1/kiel/bus/own/more/telemetry",
        "v1/berlin/bus/own/telemetry",
        "v1/kiel/ausguck/ausguck/canary",
        "anything",
        "$SYS/broker/uptime",
    ],
)
def test_a_device_cannot_publish_as_another(
    shared: Deployed, capsys: object, topic: str, tmp_path: Path
) -> None:
    name = f"own{abs(hash(tmp_path)) % 10**9}"
    user = admitted(shared, f"bus/{name}", capsys)
    foreign = topic.replace("own", name)
    with (
        listening(shared, f"c-{name}", shared.collector, "v1/#", "anything") as collector,
        Client(shared) as client,
    ):
        client.connect(name, user)
        assert client.publish(foreign, b"foreign") == NOT_AUTHORIZED
        assert client.publish(f"v1/kiel/bus/{name}/event", b"own") == 0

        while (heard := collector.hear()).payload != b"own":
            assert heard.payload != b"foreign"


def test_a_will_is_bound_as_its_device_is(shared: Deployed, bus: tuple[str, str]) -> None:
    wills = ("v1/kiel/bus/foreign/status", f"v1/kiel/{bus[0]}/status")
    with listening(shared, "c-will", shared.collector, "v1/kiel/bus/+/status") as collector:
        for topic in wills:
            with Client(shared) as client:
                try:
                    client.connect("bus-will", bus, will=(topic, b"gone"))
                except Refused:
                    continue

        assert collector.hear().topic == wills[1]


def test_a_device_cannot_read_as_another(
    shared: Deployed, bus: tuple[str, str], capsys: object
) -> None:
    other = admitted(shared, f"{bus[0]}-b", capsys)
    with listening(shared, "spy", other, "#", "v1/#", f"v1/kiel/{bus[0]}/cmd", "$SYS/#") as spy:
        with Client(shared) as client:
            client.connect("bus", bus)
            client.publish(f"v1/kiel/{bus[0]}/telemetry", b"mine")
        with Client(shared) as client:
            client.connect("other", other)
            client.publish(f"v1/kiel/{other[0]}/telemetry", b"theirs")
        spy.send(b"\xc0\x00")  # what was delivered stands before the answer to a PINGREQ
        first, _ = spy.receive()

        assert first == 0xD0


def test_a_bus_and_a_station_of_one_number_are_two(shared: Deployed, bus: tuple[str, str]) -> None:
    with Client(shared) as client:
        client.connect("bus", bus)

        answer = client.publish(f"v1/kiel/{bus[0].replace('bus', 'station')}/telemetry", b"x")

    assert answer == NOT_AUTHORIZED


def test_a_removed_device_is_out(shared: Deployed, bus: tuple[str, str]) -> None:
    assert device.main(["--dir", str(shared.directory), "remove", bus[0]]) == 0
    shared.restart()

    with Client(shared) as client, pytest.raises(Refused, match="0x87"):
        client.connect("bus", bus)


def test_the_collector_hears_all_and_gets_its_canary_back(shared: Deployed) -> None:
    topics = ("v1/kiel/+/+/telemetry", "v1/kiel/ausguck/ausguck/canary")
    with (
        listening(shared, "ausguck", shared.collector, *topics) as collector,
        Client(shared) as city,
    ):
        city.connect("city", shared.gateway)
        for kind in ("bus", "station", "device"):
            assert city.publish(f"v1/kiel/{kind}/77/telemetry", kind.encode()) == 0
        assert collector.publish(topics[1], b"tweet") == 0

        heard = {collector.hear().payload for _ in range(4)}

    assert heard == {b"bus", b"station", b"device", b"tweet"}


def test_the_collector_reads_what_the_broker_dropped(shared: Deployed) -> None:
    dropped = "$SYS/broker/publish/messages/dropped"
    with listening(shared, "c-sys", shared.collector, dropped) as collector:
        assert collector.hear().topic == dropped


@pytest.mark.parametrize(
    "topic", ["v1/kiel/bus/0123/telemetry", "v1/kiel/bus/0123/cmd", "v1/berlin/ausguck/a/canary"]
)
def test_the_collector_says_nothing_else(shared: Deployed, topic: str) -> None:
    with Client(shared) as client:
        client.connect("c-mute", shared.collector)

        assert client.publish(topic, b"x") == NOT_AUTHORIZED


def test_the_health_check_of_the_container_succeeds(shared: Deployed) -> None:
    folder = shared.directory / "mosquitto" / "health"

    done = subprocess.run(
        ["mosquitto_sub", "-t", "$SYS/broker/uptime", "-C", "1", "-W", "5"],
        check=False,
        capture_output=True,
        text=True,
        env={"XDG_CONFIG_HOME": str(folder), "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("seconds")


def test_a_certificate_is_as_good_as_a_password(shared: Deployed, tmp_path: Path) -> None:
    arguments = ["--dir", str(shared.directory), "add", "bus/cert"]
    assert device.main([*arguments, "--certificate", str(tmp_path)]) == 0
    shared.restart()
    pair = (tmp_path / "bus-cert.crt", tmp_path / "bus-cert.key")

    with Client(shared, shared.certificates_port, pair) as client:
        client.connect("cert")
        assert client.publish("v1/kiel/bus/cert/telemetry", b"x") != NOT_AUTHORIZED
        assert client.publish("v1/kiel/bus/0001/telemetry", b"x") == NOT_AUTHORIZED


def test_without_a_certificate_its_listener_is_shut(shared: Deployed) -> None:
    with (
        socket.create_connection(("127.0.0.1", shared.certificates_port), 10) as raw,
        shared.tls().wrap_socket(raw, server_hostname="localhost") as wire,
    ):
        # TLS 1.3: the client learns of it with the first bytes it reads
        try:
            answer = wire.recv(1)
        except (ssl.SSLError, ConnectionError):
            answer = b""

    assert answer == b""


def test_a_packet_too_large_for_the_collector_is_refused_openly(
    shared: Deployed, bus: tuple[str, str]
) -> None:
    with Client(shared) as client:
        client.connect("bus", bus)
        with pytest.raises((EOFError, ConnectionError, ssl.SSLError)):
            client.publish(f"v1/kiel/{bus[0]}/telemetry", bytes(262_144))
