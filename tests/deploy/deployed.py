"""The broker as deploy/init sets it up, on a free port of loopback, and clients of plain bytes."""

import getpass
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from deploy.parts import device, init
from tests.subscriber.mosquitto import free_port

SITE = "kiel"
DEADLINE_S = 30
STOP_S = 60
TRY_EVERY_S = 0.02


class Arrived(NamedTuple):
    topic: str
    payload: bytes


class Refused(Exception):  # noqa: N818 - the broker's answer, not a mistake
    """The CONNACK's reason."""


class Client:
    """One MQTT 5 connection over TLS that says what it is told and no more."""

    def __init__(
        self, deployed: "Deployed", port: int | None = None, pair: tuple[Path, Path] | None = None
    ) -> None:
        raw = socket.create_connection(("127.0.0.1", port or deployed.port), DEADLINE_S)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = deployed.tls(pair).wrap_socket(raw, server_hostname="localhost")
        self._buffer = bytearray()
        self._arrived: list[Arrived] = []
        self.session_present = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def connect(
        self,
        client_id: str,
        user: tuple[str, str] | None = None,
        *,
        is_clean: bool = True,
        will: tuple[str, bytes] | None = None,
    ) -> Self:
        flags = (0x02 if is_clean else 0) | (0xC0 if user else 0) | (0x0C if will else 0)
        # session expiry one hour, Receive Maximum 65,535
        properties = b"\x11\x00\x00\x0e\x10\x21\xff\xff"
        body = text("MQTT") + bytes((5, flags, 0, 60, len(properties))) + properties
        body += text(client_id)
        if will:
            body += b"\x00" + text(will[0]) + text(will[1])
        if user:
            body += text(user[0]) + text(user[1])
        self.send(packet(0x10, body))
        _, answer = self.receive()
        self.session_present = bool(answer[0] & 1)
        if answer[1]:
            raise Refused(hex(answer[1]))
        return self

    def subscribe(self, *topics: str) -> None:
        body = b"\x00\x01\x00" + b"".join(text(topic) + b"\x01" for topic in topics)
        self.send(packet(0x82, body))
        self._until(0x90)

    def publish(self, topic: str, payload: bytes) -> int:
        """At QoS 1; returns the reason in the PUBACK."""
        self.send(published(topic, payload, 1))
        answer = self._until(0x40)
        return answer[2] if len(answer) > 2 else 0

    def hear(self) -> Arrived:
        """The next message, acknowledged."""
        while not self._arrived:
            self._take(*self.receive())
        return self._arrived.pop(0)

    def _until(self, kind: int) -> bytes:
        while True:
            first, body = self.receive()
            if first & 0xF0 == kind:
                return body
            self._take(first, body)

    def _take(self, first: int, body: bytes) -> None:
        if first & 0xF0 != 0x30:
            return
        size = int.from_bytes(body[:2], "big")
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        if first & 0x06:
            self.send(b"\x40\x02" + rest[:2])
            rest = rest[2:]
        self._arrived.append(Arrived(topic, rest[1 + rest[0] :]))

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """The next packet: its first byte and its body."""
        while True:
            length, shift, at = 0, 0, 1
            while at < len(self._buffer):
                byte = self._buffer[at]
                length |= (byte & 0x7F) << shift
                shift, at = shift + 7, at + 1
                if byte < 0x80:
                    break
            else:
                at = 0
            if at and len(self._buffer) >= at + length:
                first, body = self._buffer[0], bytes(self._buffer[at : at + length])
                del self._buffer[: at + length]
                return first, body
            data = self._socket.recv(65_536)
            if not data:
                raise EOFError
            self._buffer += data


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(first: int, body: bytes) -> bytes:
    length, coded = len(body), bytearray()
    while True:
        length, low = length >> 7, length & 0x7F
        coded.append(low | (0x80 if length else 0))
        if not length:
            return bytes((first,)) + bytes(coded) + body


def published(topic: str, payload: bytes, number: int) -> bytes:
    """A PUBLISH of QoS 1 with this packet id."""
    return packet(0x32, text(topic) + number.to_bytes(2, "big") + b"\x00" + payload)


class Deployed:
    """A directory made by deploy/init, and a real Mosquitto that reads nothing else."""

    def __init__(self, folder: Path) -> None:
        self.port, self.certificates_port = free_port(), free_port()
        self.directory = folder / "secrets"
        self.data = folder / "data"
        self.data.mkdir()
        assert init.main(self.arguments) == 0
        self._config = self.directory / "mosquitto" / "mosquitto.conf"
        self._log = folder / "mosquitto.log"

    def tls(self, pair: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """What believes this authority and nobody else; with a certificate to show, if given."""
        context = ssl.create_default_context(cafile=self.directory / "ausguck" / "ca.crt")
        if pair:
            context.load_cert_chain(*pair)
        return context

    @property
    def arguments(self) -> list[str]:
        return [
            *("--dir", str(self.directory), "--site", SITE, "--certificates", "--simulator"),
            *("--mosquitto-config", str(self.directory / "mosquitto")),
            *("--mosquitto-data", str(self.data), "--mosquitto-user", getpass.getuser()),
            *("--mosquitto-listen", "127.0.0.1", "--mosquitto-port", str(self.port)),
            *("--mosquitto-certificates-port", str(self.certificates_port)),
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["mosquitto", "-c", str(self._config)], stdout=log, stderr=log
            )
        for _ in attempts():
            assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
            try:
                for port in (self.port, self.certificates_port):
                    socket.create_connection(("127.0.0.1", port), DEADLINE_S).close()
            except OSError:
                continue
            return

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(STOP_S)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(STOP_S)

    def restart(self) -> None:
        """What deploy/device says to do after it."""
        self.stop()
        self.start()

    @property
    def snapshot_s(self) -> float:
        """When the broker last wrote what it holds."""
        path = self.data / "mosquitto.db"
        return path.stat().st_mtime if path.exists() else 0.0

    def add(self, name: str, capsys: object) -> tuple[str, str]:
        """A user and its password, as deploy/device prints them."""
        read = getattr(capsys, "readouterr")  # noqa: B009 - pytest's fixture
        read()
        assert device.main(["--dir", str(self.directory), "add", name]) == 0
        lines = dict(line.split() for line in read().out.splitlines())
        return lines["user"], lines["password"]

    def password(self, path: str) -> str:
        return (self.directory / path).read_text(encoding="utf-8")

    @property
    def collector(self) -> tuple[str, str]:
        return "collector", self.password("ausguck/broker-password")

    @property
    def gateway(self) -> tuple[str, str]:
        return "gateway/simulator", self.password("simulator/password")


def attempts() -> Iterator[int]:
    """Try again until the deadline; then the test has failed."""
    for number in range(int(DEADLINE_S / TRY_EVERY_S)):
        yield number
        time.sleep(TRY_EVERY_S)
    raise AssertionError("in vain")
