"""What a test that kills the process compares at the end: sent, acknowledged, stored."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx

from ausguck.clock import SystemClock, iso_utc
from tests.device import Device

SETTLE_S = 30
POLL_S = 0.05
BROKEN_EVERY = 29
EXACTLY_ONCE_EVERY = 5
HOUR_MS = 3_600_000
SMALL_SEGMENTS = {
    "AUSGUCK_JOURNAL__SEGMENT_BYTES": "65536",
    "AUSGUCK_JOURNAL__COMMIT_BYTES": "16384",
}


def topic(bus: str) -> str:
    """Where a bus reports."""
    return f"v1/kiel/bus/{bus}/telemetry"


def element(number: int, start_ms: int) -> bytes:
    """A reading that says its own number, or every 29th time something unreadable."""
    if number % BROKEN_EVERY == 0:
        return b'{"uptime_s": %d' % number
    reading = {
        "observed_at": start_ms + number,
        "boot_id": "crash",
        "seq": number,
        "uptime_s": number,
    }
    return json.dumps(reading).encode()


def publish(device: Device, bus: str, numbers: range, start_ms: int) -> None:
    """Send the numbered elements at QoS 1, every fifth at QoS 2."""
    for number in numbers:
        qos = 2 if number % EXACTLY_ONCE_EVERY == 0 else 1
        device.publish(topic(bus), element(number, start_ms), qos)


def start_ms() -> int:
    """A moment from which a test's readings lie in the last minutes."""
    return SystemClock().now_ms() - 60_000


class Answers:
    """What the API of a running process answers."""

    def __init__(self, page_url: str) -> None:
        self._client = httpx.Client(base_url=f"{page_url}/api/v1", timeout=SETTLE_S)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def settle(self, decoded: int) -> None:
        """Wait until history has at least so many elements in its books and no lag."""
        end_s = time.monotonic() + SETTLE_S
        while time.monotonic() < end_s:
            health = self._client.get("/health").json()
            if health["books"]["decoded"] >= decoded and not health["journal"]["lag_bytes"]:
                return
            threading.Event().wait(POLL_S)
        raise AssertionError(f"history did not settle: {health}")

    def wait_connected(self) -> None:
        """Wait until we have our session at the broker, which then keeps messages for us."""
        end_s = time.monotonic() + SETTLE_S
        while time.monotonic() < end_s:
            health = self.health()
            if health["subscriber"]["is_connected"]:
                return
            threading.Event().wait(POLL_S)
        raise AssertionError(f"no session at the broker: {health}")

    def health(self) -> dict[str, Any]:
        """How the process is."""
        health: dict[str, Any] = self._client.get("/health").json()
        return health

    def books(self) -> dict[str, int]:
        """The books as they stand."""
        books: dict[str, int] = self._client.get("/health").json()["books"]
        return books

    def stored(self, bus: str, since_ms: int) -> Counter[int]:
        """How often each number is in the store."""
        return Counter(int(point["value"]) for point in self.readings(bus, "uptime_s", since_ms))

    def dead_letters(self) -> Counter[str]:
        """How many dead letters there are of each reason."""
        counts: Counter[str] = Counter()
        for letter in self._pages("/deadletters"):
            counts[letter["reason"]] += letter["count"]
        return counts

    def readings(
        self, bus: str, metric: str, since_ms: int, width_ms: int = HOUR_MS
    ) -> list[dict[str, Any]]:
        """Every value of one metric of a bus."""
        answer = self._client.get(
            "/readings",
            params={
                "asset": f"bus/{bus}",
                "metric": metric,
                "from": iso_utc(since_ms),
                "to": iso_utc(since_ms + width_ms),
            },
        )
        assert answer.status_code == httpx.codes.OK, answer.text
        points: list[dict[str, Any]] = answer.json()["series"][0]["points"]
        return points

    def dropped_values(self) -> Counter[tuple[str, str]]:
        """How often values of a key were left out for a reason."""
        counts: Counter[tuple[str, str]] = Counter()
        for row in self._client.get("/deadletters/dropped-values").json()["items"]:
            counts[row["key"], row["reason"]] += row["count"]
        return counts

    def stations(self) -> list[dict[str, Any]]:
        """Every station's newest reading."""
        return list(self._pages("/stations"))

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            params = {"limit": 100} | ({"cursor": cursor} if cursor else {})
            page = self._client.get(path, params=params).json()
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return
