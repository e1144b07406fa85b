"""New certificates are taken over while everybody who is connected goes on."""

import asyncio
import logging
import os
import shutil
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import mqtt5
import pytest
import uvloop

from ausguck.clock import ManualClock, SystemClock
from collectors.certificates import CertificateKind
from collectors.listener.server import Listener
from collectors.mqtt.protocol import V5
from tests.listener.certificates import authority, issue
from tests.listener.journal import MemoryJournal
from tests.listener.wire import Wire, listening, publish, settled, wind

LOOPS = pytest.mark.parametrize(
    "loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
Loop = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture(scope="module", name="house")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reload")
    for name in ("ca", "next_ca"):
        authority(made, name, name)
    issue(made, "old", "old", days=2)
    issue(made, "new", "new", days=3)
    issue(made, "bus", "bus/0123")
    issue(made, "next_bus", "bus/0123", "next_ca", days=4)
    return made


class Site:
    """The files that a listener is told of, and what is put into them."""

    def __init__(self, house: Path, directory: Path) -> None:
        self._house = house
        self.directory = directory
        self.show("old")
        self.trust("ca")

    def _put(self, name: str, content: bytes) -> None:
        written = self.directory / f"{name}.new"
        written.write_bytes(content)
        written.replace(self.directory / name)

    def show(self, name: str) -> None:
        for end in ("crt", "key"):
            self._put(f"server.{end}", (self._house / f"{name}.{end}").read_bytes())

    def show_half(self, name: str) -> None:
        self._put("server.crt", (self._house / f"{name}.crt").read_bytes()[:200])

    def show_without_key(self, name: str) -> None:
        self._put("server.crt", (self._house / f"{name}.crt").read_bytes())

    def trust(self, *names: str) -> None:
        parts = [(self._house / f"{name}.crt").read_bytes() for name in names]
        self._put("clients.crt", b"".join(parts))

    def tls(self, *, client_ca: bool = True) -> dict[str, str]:
        files = {
            "certificate": str(self.directory / "server.crt"),
            "key": str(self.directory / "server.key"),
        }
        return files | ({"client_ca": str(self.directory / "clients.crt")} if client_ca else {})

    def context(self, client: str = "") -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=self._house / "ca.crt")
        if client:
            made.load_cert_chain(self._house / f"{client}.crt", self._house / f"{client}.key")
        return made


@pytest.fixture(name="site")
def files(house: Path, tmp_path: Path) -> Site:
    return Site(house, tmp_path)


def server_name(wire: Wire) -> str:
    shown = wire.transport.get_extra_info("peercert")
    return str(dict(pair[0] for pair in shown["subject"])["commonName"])


async def heard(wire: Wire) -> bool:
    wire.send(publish(V5, qos=1))
    return int((await wire.expect(mqtt5.PubAckPacket)).reason_code) == 0


async def comes_in(listener: Listener, context: ssl.SSLContext) -> bool:
    try:
        wire = await Wire.to(listener, context)
        wire.send(mqtt5.ConnectPacket("other").write())
        return await wire.raw() != b""
    except (ssl.SSLError, ConnectionError):
        return False


def play(loop: Loop, scene: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await scene()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(whole())


@LOOPS
def test_a_new_client_sees_the_new_certificate_and_the_old_one_goes_on(
    loop: Loop, site: Site
) -> None:
    async def scene() -> None:
        tls = site.tls(client_ca=False)
        async with listening(MemoryJournal(), SystemClock(), tls=tls) as listener:
            port = listener.port
            old = await Wire.to(listener, site.context())
            await old.connect("a")
            assert not await listener.reload()
            site.show("new")
            assert await listener.reload()
            assert listener.port == port
            new = await Wire.to(listener, site.context())
            await new.connect("b")
            assert [server_name(wire) for wire in (old, new)] == ["old", "new"]
            assert [await heard(wire) for wire in (old, new)] == [True, True]
            assert listener.stats.tls_reloads == 1
            assert listener.stats.connections == 2

    play(loop, scene)


@LOOPS
def test_who_is_in_the_middle_of_its_greeting_comes_in(loop: Loop, site: Site) -> None:
    async def scene() -> None:
        tls = site.tls(client_ca=False)
        async with listening(MemoryJournal(), SystemClock(), tls=tls) as listener:
            # A connection that has said nothing yet, not even its first TLS word.
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            site.show("new")
            assert await listener.reload()
            await writer.start_tls(site.context(), server_hostname="127.0.0.1")
            writer.write(mqtt5.ConnectPacket("a").write())
            assert (await reader.readexactly(1))[0] == 0x20
            writer.transport.abort()

    play(loop, scene)


@LOOPS
def test_an_authority_comes_and_another_goes(loop: Loop, site: Site) -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), SystemClock(), tls=site.tls()) as listener:
            first = await Wire.to(listener, site.context("bus"))
            await first.connect("a")
            assert not await comes_in(listener, site.context("next_bus"))
            site.trust("ca", "next_ca")
            assert await listener.reload()
            assert await comes_in(listener, site.context("bus"))
            assert await comes_in(listener, site.context("next_bus"))
            site.trust("next_ca")
            assert await listener.reload()
            assert not await comes_in(listener, site.context("bus"))
            assert await comes_in(listener, site.context("next_bus"))
            assert await heard(first)

    play(loop, scene)


@LOOPS
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_ticket_of_an_authority_that_is_gone_opens_nothing(
    loop: Loop, version: ssl.TLSVersion, site: Site
) -> None:
    def dial(
        port: int, context: ssl.SSLContext, session: ssl.SSLSession | None
    ) -> tuple[bool, ssl.SSLSession | None]:

        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secure,
        ):
            secure.sendall(mqtt5.ConnectPacket("a").write())
            try:
                said = secure.recv(100)
            except (ssl.SSLError, ConnectionError):
                return False, None
            return bool(said), secure.session

    async def scene() -> None:
        async with listening(MemoryJournal(), SystemClock(), tls=site.tls()) as listener:
            context = site.context("bus")
            context.minimum_version = context.maximum_version = version
            is_in, ticket = await asyncio.to_thread(dial, listener.port, context, None)
            assert is_in
            assert ticket is not None
            site.trust("next_ca")
            assert await listener.reload()
            try:
                is_in, _ = await asyncio.to_thread(dial, listener.port, context, ticket)
            except (ssl.SSLError, ConnectionError):
                is_in = False
            assert not is_in

    play(loop, scene)


@pytest.mark.parametrize("fault", ["half", "no key", "no file", "directory"])
def test_files_that_cannot_be_used_change_nothing(
    site: Site, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        tls = site.tls(client_ca=False)
        path = site.directory / "server.crt"
        async with listening(MemoryJournal(), SystemClock(), tls=tls) as listener:
            if fault == "half":
                site.show_half("new")
            elif fault == "no key":
                site.show_without_key("new")
            else:
                path.unlink()
                if fault == "directory":
                    path.mkdir()
            with caplog.at_level(logging.ERROR):
                assert not await listener.reload()
                assert not await listener.reload()  # it is told once, until the files change
            assert listener.stats.tls_failures == 1
            assert str(path) in (listener.stats.tls_error or "")
            assert [str(path) in record.getMessage() for record in caplog.records] == [True]
            wire = await Wire.to(listener, site.context())
            assert server_name(wire) == "old"
            shutil.rmtree(path, ignore_errors=True)
            site.show("new")
            assert await listener.reload()
            assert listener.stats.tls_error is None
            wire = await Wire.to(listener, site.context())
            assert server_name(wire) == "new"

    asyncio.run(scene())


def test_a_broken_bundle_of_authorities_is_named(site: Site) -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), SystemClock(), tls=site.tls()) as listener:
            (site.directory / "clients.crt").write_text("nothing\n", encoding="utf-8")
            assert not await listener.reload()
            assert "clients.crt" in (listener.stats.tls_error or "")
            assert await comes_in(listener, site.context("bus"))

    asyncio.run(scene())


def test_files_are_looked_at_by_themselves(site: Site) -> None:
    async def scene() -> None:
        clock = ManualClock()
        tls = site.tls(client_ca=False)
        async with listening(MemoryJournal(), clock, tls=tls) as listener:
            site.show("new")
            wind(listener, clock, 3)
            async with asyncio.timeout(10):
                while not listener.stats.tls_reloads:
                    await settled()
            wire = await Wire.to(listener, site.context())
            assert server_name(wire) == "new"

    asyncio.run(scene())


def test_without_tls_there_is_nothing_to_reload() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            assert not await listener.reload()
            assert listener.certificates() == ()

    asyncio.run(scene())


def test_every_certificate_is_known_with_its_end(site: Site) -> None:
    async def scene() -> None:
        site.trust("ca", "next_ca")
        async with listening(MemoryJournal(), SystemClock(), tls=site.tls()) as listener:
            for client in ("next_bus", "bus"):  # the older one comes later
                assert await comes_in(listener, site.context(client))
            found = {(one.name, one.kind): one for one in listener.certificates()}
            assert list(found) == [
                ("old", CertificateKind.SERVER),
                ("ca", CertificateKind.CLIENT_CA),
                ("next_ca", CertificateKind.CLIENT_CA),
                ("bus/0123", CertificateKind.CLIENT),
            ]
            days = [
                round((one.not_after_ms - one.not_before_ms) / 86_400_000) for one in found.values()
            ]
            assert days == [2, 2, 2, 4]
            site.show("new")
            assert await listener.reload()
            assert listener.certificates()[0].name == "new"

    asyncio.run(scene())


@LOOPS
def test_a_hundred_reloads_leave_no_file_open(loop: Loop, site: Site) -> None:
    async def scene() -> None:
        tls = site.tls(client_ca=False)
        async with listening(MemoryJournal(), SystemClock(), tls=tls) as listener:
            await listener.reload()
            before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough
            for turn in range(30):
                site.show("new" if turn % 2 else "old")
                assert await listener.reload()
            await settled()
            assert len(os.listdir("/proc/self/fd")) <= before + 1  # noqa: PTH208 - as above

    play(loop, scene)
