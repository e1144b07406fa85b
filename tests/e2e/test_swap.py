"""Routers move while they speak: no false traffic, no gap, and every reading in its own bus."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from ausguck.clock import SystemClock, iso_utc
from ausguck.desk.registry import SqliteRegistry, open_registry
from ausguck.register.boots import is_another_device, own_boot_id
from ausguck.register.change import Given, Offer
from ausguck.register.keyring import Credential
from ausguck.register.rows import Asset, Device, Fitting, Row
from tests import device
from tests.crash.books import Answers
from tests.running import Running

MINUTE_MS = 60_000
PATIENCE_S = 30
POLL_S = 0.05
WHO = "test"
SITE = "kiel"
TOTAL = "guest_down_bytes_total"
STEP = 1000
"""Bytes that go through each minute."""
BUSES = ("bus/0123", "bus/0200", "bus/0300")


def noon_ms() -> int:
    """The moment of the swap: a whole minute half an hour ago."""
    return SystemClock().now_ms() // MINUTE_MS * MINUTE_MS - 30 * MINUTE_MS


def element(at_ms: int, seq: int, total: int) -> dict[str, object]:
    """What a router counts; every router's boot is called 1, as with some models."""
    return {"observed_at": at_ms, "boot_id": "1", "seq": seq, "clients": 3, TOTAL: total}


def minutes(start_ms: int, count: int, total: int) -> list[dict[str, object]]:
    """One element a minute."""
    return [
        element(start_ms + n * MINUTE_MS, start_ms // MINUTE_MS + n, total + n * STEP)
        for n in range(count)
    ]


class Depot:
    """The register of a running process, as the commands write to it, and the devices' secrets."""

    def __init__(self, registry: SqliteRegistry) -> None:
        self._registry = registry

    def fill(self, *fittings: Fitting, spare: Sequence[str] = ()) -> None:
        """Put the buses, and some devices in them, into the register."""
        serials = dict.fromkeys([*(one.id for one in fittings), *spare])
        rows: dict[str, Sequence[Row]] = {
            "assets": [Asset(id=bus) for bus in BUSES],
            "devices": [Device(id=serial) for serial in serials],
            "fittings": fittings,
        }
        given = {
            table: [Given(row, is_dated=True, place=table) for row in some]
            for table, some in rows.items()
        }
        now_ms = SystemClock().now_ms()
        self._registry.apply(self._registry.diff(Offer(WHO, given), now_ms), WHO, now_ms)

    def add(self, serial: str) -> None:
        """A device that nobody knew."""
        self._registry.set_device(Device(id=serial), WHO, SystemClock().now_ms())

    def secret(self, serial: str) -> str:
        """A credential for a device."""
        now_ms = SystemClock().now_ms()
        asked = Credential(id=0, user=serial, secret_sha256=b"", created_at_ms=now_ms)
        return self._registry.issue(asked, WHO, now_ms).secret

    def swap(self, asset: str, out: str | None, into: str, at_ms: int) -> None:
        """As `ausguck devices swap` does."""
        now_ms = SystemClock().now_ms()
        self._registry.swap(asset, out, into, at_ms=at_ms, who=WHO, now_ms=now_ms)


class Asked:
    """What the running process answers."""

    def __init__(self, page_url: str) -> None:
        self.books = Answers(page_url)
        self._client = httpx.Client(base_url=f"{page_url}/api/v1", timeout=PATIENCE_S)

    def close(self) -> None:
        self.books.close()
        self._client.close()

    def readings(
        self, asset: str, metric: str, around_ms: int, every: str | None = None
    ) -> dict[str, Any]:
        """Twenty minutes on either side."""
        params = {
            "asset": asset,
            "metric": metric,
            "from": iso_utc(around_ms - 20 * MINUTE_MS),
            "to": iso_utc(around_ms + 20 * MINUTE_MS),
        }
        answer = self._client.get("/readings", params=params | ({"every": every} if every else {}))
        assert answer.status_code == httpx.codes.OK, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def times(self, asset: str, around_ms: int) -> list[int]:
        """The minutes before and after of which an asset told, once for each reading."""
        points = self.readings(asset, TOTAL, around_ms)["series"][0]["points"]
        return [(moment_ms(point["at"]) - around_ms) // MINUTE_MS for point in points]

    def increases(self, asset: str, around_ms: int) -> dict[int, int]:
        """By how much the counter rose in each minute in which it is known."""
        points = self.readings(asset, TOTAL, around_ms, "1m")["series"][0]["points"]
        return {
            (moment_ms(point["at"]) - around_ms) // MINUTE_MS: point["value"]
            for point in points
            if point["samples"]
        }

    def device(self, bus: str) -> str | None:
        """Which device is in a bus."""
        answer = self._client.get(f"/buses/{bus}")
        serial: str | None = answer.json()["device"] if answer.is_success else None
        return serial

    def told_by(self, serial: str, around_ms: int) -> list[str]:
        """The buses that a device was in."""
        parts = self.readings(f"device/{serial}", TOTAL, around_ms)["told_by"] or []
        return [part["asset"] for part in parts]


def moment_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again, with a deadline."""
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s, "it did not come to pass"
        threading.Event().wait(POLL_S)


@contextmanager
def house(data_dir: Path) -> Iterator[tuple[Running, Asked]]:
    with Running(data_dir) as running:
        asked = Asked(running.page_url)
        try:
            yield running, asked
        finally:
            asked.close()


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[Depot]:
    with open_registry(tmp_path / "desk.sqlite", SITE) as registry:
        yield Depot(registry)


def send(port: int, serial: str, secret: str | None, topic: str, *payloads: object) -> None:
    """Connect, publish, wait for every answer, and go."""
    router = device.Device(port, serial, secret=secret)
    router.connect()
    for payload in payloads:
        router.publish(f"v1/{SITE}/{topic}/telemetry", json.dumps(payload).encode())
    router.settle()
    assert len(router.acknowledged) == len(payloads)
    router.close()


def test_a_swap_is_no_traffic_no_gap_and_no_reboot(tmp_path: Path, depot: Depot) -> None:
    noon = noon_ms()
    depot.fill(Fitting(id="S1", asset="bus/0123"), spare=["S2"])
    first, second = depot.secret("S1"), depot.secret("S2")
    before = minutes(noon - 10 * MINUTE_MS, 6, 50_000)
    backlog = minutes(noon - 4 * MINUTE_MS, 4, 56_000)
    on_the_bench = minutes(noon, 3, 60_000)
    after = minutes(noon, 10, 9_000_000)

    with house(tmp_path) as (running, asked):
        send(running.port, "S1", first, "bus/0123", *before)
        asked.books.settle(6)
        depot.swap("bus/0123", "S1", "S2", noon)
        wait_until(lambda: asked.device("0123") == "S2")
        send(running.port, "S2", second, "bus/0123", *after[:5])
        # On the workbench it is switched on once more, and says what it still has.
        send(running.port, "S1", first, "bus/0123", [*backlog, *on_the_bench])
        send(running.port, "S2", second, "bus/0123", *after[5:])
        asked.books.settle(23)
        expected = dict.fromkeys((*range(-9, 0), *range(1, 10)), STEP)
        assert asked.increases("bus/0123", noon) == expected
        assert asked.times("bus/0123", noon) == [*range(-10, 10)]
        assert asked.books.dead_letters() == {"identity": 3}
        assert asked.books.health()["books"]["balanced"]
        assert asked.times("device/S1", noon) == [*range(-10, 0)]
        assert asked.times("device/S2", noon) == [*range(10)]
        running.kill()

    with house(tmp_path) as (running, asked):
        # What was on the way when the power failed comes once more.
        send(running.port, "S2", second, "bus/0123", *after)
        asked.books.settle(33)
        assert asked.books.books()["duplicates"] == 10
        assert asked.increases("bus/0123", noon) == expected
        assert asked.times("bus/0123", noon) == [*range(-10, 10)]

    boots = boots_of(tmp_path, "0123")
    assert [own_boot_id(boot) for boot in boots] == ["1"] * 20
    swaps = [n for n in range(1, 20) if is_another_device(boots[n - 1], boots[n])]
    assert swaps == [10]


def boots_of(data_dir: Path, bus: str) -> list[str | None]:
    """What tells the runs of a bus's devices apart, in order of time."""
    (file,) = data_dir.glob("*.duckdb")
    with duckdb.connect(str(file), read_only=True) as database:
        rows = database.execute(
            "SELECT boot_id FROM hotspot WHERE bus_id = ? ORDER BY observed_at_ms", [bus]
        ).fetchall()
    return [boot_id for (boot_id,) in rows]


def test_a_router_moves_at_noon_with_a_backlog(tmp_path: Path, depot: Depot) -> None:
    noon = noon_ms()
    depot.fill(Fitting(id="SN77", asset="bus/0200"), spare=["S3"])
    secret = depot.secret("SN77")
    told = minutes(noon - 10 * MINUTE_MS, 20, 50_000)

    with house(tmp_path) as (running, asked):
        send(running.port, "SN77", secret, "device/SN77", *told[:5])
        asked.books.settle(5)
        assert asked.times("bus/0200", noon) == [*range(-10, -5)]
        depot.swap("bus/0200", "SN77", "S3", noon)
        depot.swap("bus/0300", None, "SN77", noon)
        wait_until(lambda: asked.told_by("SN77", noon) == ["bus/0200", "bus/0300"])
        send(running.port, "SN77", secret, "device/SN77", told[5:15])
        send(running.port, "SN77", secret, "device/SN77", *told[15:])
        send(running.port, "SN77", secret, "device/SN77", told[5:15])  # for want of an answer
        asked.books.settle(30)
        assert asked.times("bus/0200", noon) == [*range(-10, 0)]
        assert asked.times("bus/0300", noon) == [*range(10)]
        assert asked.times("device/SN77", noon) == [*range(-10, 10)]
        assert asked.increases("bus/0200", noon) == dict.fromkeys(range(-9, 0), STEP)
        assert asked.increases("bus/0300", noon) == dict.fromkeys(range(1, 10), STEP)
        books = asked.books.books()
        assert (books["stored"], books["duplicates"], books["dead_lettered"]) == (20, 10, 0)


def test_who_was_unknown_is_stored_once_somebody_says_where_it_is(
    tmp_path: Path, depot: Depot
) -> None:
    noon = noon_ms()
    depot.fill()
    told = minutes(noon - 5 * MINUTE_MS, 10, 50_000)

    with house(tmp_path) as (running, asked):
        # Through a gateway, for it has no credential yet.
        send(running.port, "gateway", None, "device/SN99", told[:5], *told[5:])
        asked.books.settle(10)
        assert asked.books.dead_letters() == {"identity": 10}
        depot.add("SN99")
        depot.swap("bus/0300", None, "SN99", noon - 5 * MINUTE_MS)
        asked.books.settle(20)
        wait_until(lambda: not asked.books.dead_letters())
        assert asked.times("bus/0300", noon) == [*range(-5, 5)]
        books = asked.books.books()
        assert (books["stored"], books["dead_lettered"], books["duplicates"]) == (10, 10, 0)
        assert asked.books.health()["books"]["balanced"]
