"""A certificate is revoked like a secret."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import mqtt5
import pytest

from ausguck.clock import SystemClock
from ausguck.register.directory import Directory
from ausguck.register.keyring import Keyring
from ausguck.register.rows import DeviceState
from collectors.mqtt.protocol import V5
from tests.listener.certificates import authority, issue
from tests.listener.journal import MemoryJournal
from tests.listener.registered import (
    SECRET,
    SERIAL,
    credential,
    directory,
    fitting,
    keyring,
    register,
)
from tests.listener.test_revoke import dismissed, within_a_second
from tests.listener.test_tls import context, settings
from tests.listener.wire import Wire, listening, publish

HOUR_MS = 3_600_000
GATE = credential(9, "gate", speaks_for=("*",))


@pytest.fixture(scope="module", name="house")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("revoked")
    authority(made)
    for name, common_name in (
        ("server", "ausguck"),
        ("device", SERIAL),
        ("named", f"device/{SERIAL}"),
        ("bus", "bus/0123"),
        ("gate", "gate"),
    ):
        issue(made, name, common_name)
    return made


def denied(name: str) -> Keyring:
    return keyring(GATE, denied_before_ms={name: SystemClock().now_ms() + HOUR_MS})


CHANGES: dict[str, Callable[[str], Keyring]] = {
    "denied": denied,
    "stolen": lambda _name: keyring(GATE, state=DeviceState.STOLEN),
    "unknown": lambda _name: keyring(GATE, devices=()),
    "over": lambda _name: keyring(credential(9, "gate", speaks_for=("*",), revoked_at_ms=5)),
}


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("device", "denied", "revoked"),
        ("device", "stolen", "barred"),
        ("device", "unknown", "certificate_unknown"),
        ("named", "denied", "revoked"),
        ("named", "stolen", "barred"),
        ("named", "unknown", "certificate_unknown"),
        ("bus", "denied", "revoked"),
        ("bus", "stolen", "barred"),
        ("gate", "denied", "revoked"),
        ("gate", "over", "revoked"),
    ],
)
def test_who_came_in_by_it_is_sent_away(house: Path, name: str, change: str, reason: str) -> None:
    async def scene() -> None:
        states = {SERIAL: DeviceState.FITTED}
        known = Directory(register(fitting("bus/0123"), states=states), keyring(GATE))
        tls, journal = settings(house, client_ca=True), MemoryJournal()
        async with listening(journal, SystemClock(), directory=known, tls=tls) as listener:
            wire = await Wire.to(listener, context(house, name))
            await wire.connect("a")
            wire.send(publish(V5, qos=1))
            assert int((await wire.expect(mqtt5.PubAckPacket)).reason_code) == 0
            if change == "stolen":
                states = {SERIAL: DeviceState.STOLEN}
            user = {"bus": "bus/0123", "gate": "gate"}.get(name, SERIAL)
            async with within_a_second():
                known.replace(register(fitting("bus/0123"), states=states), CHANGES[change](user))
                wire.send(publish(V5, payload=b"late", qos=1))
                assert await dismissed(wire)
            assert len(journal.messages) == 1
            again = await Wire.to(listener, context(house, name))
            assert int((await again.connect("a")).reason_code) == 0x87
            assert listener.stats.refusals == {("session", reason): 1, ("connect", reason): 1}

    asyncio.run(scene())


def test_a_password_beside_a_certificate_proves_nothing(house: Path) -> None:
    async def scene() -> None:
        tls = settings(house, client_ca=True)
        known = directory()
        async with listening(MemoryJournal(), SystemClock(), directory=known, tls=tls) as listener:
            wire = await Wire.to(listener, context(house, "bus"))
            await wire.connect("a", username=SERIAL, password=SECRET.encode())
            assert list(listener.connected()) == ["bus/0123"]

    asyncio.run(scene())
