"""TLS, and a client certificate as the identity."""

import asyncio
import ssl
from pathlib import Path

import mqtt5
import pytest

from ausguck.clock import ManualClock, SystemClock
from ausguck.errors import ConfigError
from ausguck.settings.tree import Listener as Settings
from collectors.listener.server import Listener
from collectors.mqtt.protocol import V5
from tests.listener.certificates import authority, issue
from tests.listener.journal import MemoryJournal
from tests.listener.wire import TOPIC, Wire, listening, publish


@pytest.fixture(scope="module", name="house")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    authority(directory)
    for name, common_name in (
        ("server", "ausguck"),
        ("bus", "bus/0123"),
        ("other", "bus/9"),
        ("stranger", "stranger"),
    ):
        issue(directory, name, common_name)
    return directory


def settings(house: Path, *, client_ca: bool) -> dict[str, str]:
    tls = {"certificate": str(house / "server.crt"), "key": str(house / "server.key")}
    return {**tls, "client_ca": str(house / "ca.crt")} if client_ca else tls


def context(house: Path, name: str = "") -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=house / "ca.crt")
    if name:
        made.load_cert_chain(house / f"{name}.crt", house / f"{name}.key")
    return made


def test_messages_go_through_tls(house: Path) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal, tls=settings(house, client_ca=False)) as listener:
            wire = await Wire.to(listener, context(house))
            await wire.connect("a")
            wire.send(*(publish(V5, payload=b"x" * 5000, qos=1, packet_id=i) for i in (1, 2, 3)))
            assert [(await wire.expect(mqtt5.PubAckPacket)).packet_id for _ in "123"] == [1, 2, 3]
            assert len(journal.messages) == 3

    asyncio.run(scene())


@pytest.mark.parametrize(("name", "code"), [("bus", 0), ("other", 0x87)])
def test_a_certificate_speaks_for_its_asset(house: Path, name: str, code: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(
            journal, clock=SystemClock(), tls=settings(house, client_ca=True)
        ) as listener:
            wire = await Wire.to(listener, context(house, name))
            await wire.connect("a")
            wire.send(publish(V5, TOPIC, qos=1))
            assert int((await wire.expect(mqtt5.PubAckPacket)).reason_code) == code
            assert [record.source.identity for record in journal.messages] == (
                [] if code else ["bus/0123"]
            )

    asyncio.run(scene())


def test_a_certificate_that_names_nobody_does_not_enter(house: Path) -> None:
    async def scene() -> None:
        async with listening(
            MemoryJournal(), clock=SystemClock(), tls=settings(house, client_ca=True)
        ) as listener:
            wire = await Wire.to(listener, context(house, "stranger"))
            assert (await wire.connect("a")).reason_code == 0x87
            assert listener.stats.refusals["connect", "certificate_unknown"] == 1

    asyncio.run(scene())


def test_without_a_certificate_there_is_no_connection(house: Path) -> None:
    async def scene() -> None:
        async with listening(
            MemoryJournal(), clock=SystemClock(), tls=settings(house, client_ca=True)
        ) as listener:
            wire = await Wire.to(listener, context(house))
            wire.send(mqtt5.ConnectPacket("a").write())
            assert await wire.ended()
            assert listener.stats.accepted == 0

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("change", "key"),
    [({"key": "/nowhere"}, "listener.tls"), ({"client_ca": "/nowhere"}, "listener.tls.client_ca")],
)
def test_a_certificate_that_is_not_there_is_a_wrong_setting(
    house: Path, change: dict[str, str], key: str
) -> None:
    tree = Settings.model_validate(
        {"port": 0, "tls": {**settings(house, client_ca=True), **change}}
    )

    async def scene() -> None:
        async with Listener(tree, "kiel", MemoryJournal(), ManualClock()):
            pass

    with pytest.raises(ConfigError) as raised:
        asyncio.run(scene())
    assert raised.value.key == key


@pytest.mark.parametrize(
    "change",
    [{"anonymous": False}, {"host": "0.0.0.0"}],  # noqa: S104 - the case in question
)
def test_a_listener_that_nobody_could_enter_is_a_wrong_setting(change: dict[str, object]) -> None:
    async def scene() -> None:
        Listener(Settings.model_validate(change), "kiel", MemoryJournal(), ManualClock())

    with pytest.raises(ConfigError):
        asyncio.run(scene())
