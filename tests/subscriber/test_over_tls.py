"""TLS with a certificate of our own, at the real Mosquitto."""

from pathlib import Path

import pytest
import uvloop

from ausguck.clock import SystemClock
from collectors.certificates import CertificateKind
from tests.listener.certificates import authority, issue
from tests.subscriber.living import living
from tests.subscriber.mosquitto import Mosquitto

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module", name="house")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    authority(directory)
    issue(directory, "server", "broker")
    issue(directory, "ours", "ausguck")
    return directory


def lines(house: Path) -> tuple[str, ...]:
    return (
        f"cafile {house}/ca.crt",
        f"certfile {house}/server.crt",
        f"keyfile {house}/server.key",
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous false",
        "persistence true",
    )


def test_a_certificate_lets_us_in(house: Path, tmp_path: Path) -> None:
    async def scene() -> None:
        with Mosquitto(tmp_path, lines(house)) as broker:
            await broker.is_up()
            tls = {"ca": house / "ca.crt"}
            ours = {"certificate": house / "ours.crt", "key": house / "ours.key"}
            async with living(tmp_path / "j", broker.port, tls=tls | ours) as life:
                await life.connected()
                seen = {one.kind: one for one in life.subscriber.certificates()}
                assert {kind: one.name for kind, one in seen.items()} == {
                    CertificateKind.BROKER_CA: "test",
                    CertificateKind.BROKER_CLIENT: "ausguck",
                    CertificateKind.BROKER: "127.0.0.1",
                }
                broker_end_ms = seen[CertificateKind.BROKER].not_after_ms
                assert broker_end_ms > SystemClock().now_ms()
            async with living(tmp_path / "j", broker.port, tls=tls) as life:
                await life.until(lambda stats: stats.disconnects.total() > 0)
                assert not life.stats.connects

    uvloop.run(scene())


def test_a_broker_of_another_authority_is_not_spoken_to(house: Path, tmp_path: Path) -> None:
    async def scene() -> None:
        with Mosquitto(tmp_path, lines(house)) as broker:
            await broker.is_up()
            async with living(tmp_path / "j", broker.port, tls={}) as life:
                await life.until(lambda stats: stats.disconnects["tls_certificate"] > 0)
                assert "certificate does not pass" in str(life.stats.last_error)

    uvloop.run(scene())


def test_the_next_connection_uses_the_new_files(
    house: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    strange = tmp_path_factory.mktemp("strange")
    authority(strange)
    issue(strange, "ours", "ausguck")
    crt, key = tmp_path / "ours.crt", tmp_path / "ours.key"
    crt.write_bytes((strange / "ours.crt").read_bytes())
    key.write_bytes((strange / "ours.key").read_bytes())

    async def scene() -> None:
        with Mosquitto(tmp_path, lines(house)) as broker:
            await broker.is_up()
            tls = {"ca": house / "ca.crt", "certificate": crt, "key": key}
            async with living(tmp_path / "j", broker.port, tls=tls) as life:
                await life.until(lambda stats: stats.disconnects.total() > 1)
                # Half of the change: the old pair goes on, and it is counted.
                crt.write_bytes((house / "ours.crt").read_bytes())
                await life.until(lambda stats: stats.tls_failures > 0)
                assert not life.stats.connects
                key.write_bytes((house / "ours.key").read_bytes())
                await life.connected()

    uvloop.run(scene())
