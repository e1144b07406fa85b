"""kill -9 at every named place of the flow: nothing acknowledged is lost, nothing doubled."""

from collections import Counter
from pathlib import Path

import pytest

from ausguck.probe import CrashPoint
from tests.crash.books import BROKEN_EVERY, SMALL_SEGMENTS, Answers, publish, start_ms
from tests.device import Device
from tests.running import Running

MESSAGES = 1200
ROUND = 200
BUS = "crash"

POINTS = [point for point in CrashPoint if not point.value.startswith(("subscriber", "influxdb"))]
TIMES = {point: 3 for point in CrashPoint if not point.value.startswith(("history", "store"))} | {
    CrashPoint.JOURNAL_NEW_SEGMENT: 2,
    CrashPoint.LISTENER_BEFORE_CONNACK: 2,  # there are two connections
    CrashPoint.STORE_BEFORE_COMMIT: 2,  # the first is retention's, before anyone connects
}
"""How often a place is passed before the kill; history may need a single batch for everything."""


def in_rounds(device: Device, begun_ms: int) -> None:
    """Send what was not sent yet, a round at a time, each until it is acknowledged."""
    device.settle()
    while device.published < MESSAGES:
        first = device.published + 1
        publish(device, BUS, range(first, min(first + ROUND, MESSAGES + 1)), begun_ms)
        device.settle()


def send(device: Device, port: int, begun_ms: int) -> None:
    """Send everything, as far as the process lives."""
    try:
        device.connect(port)
        device.close()
        device.connect(port)
        in_rounds(device, begun_ms)
    except OSError:
        pass  # it was killed under us, which is what the test is about
    finally:
        device.close()


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.value)
def test_nothing_is_lost_or_doubled(
    point: CrashPoint, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    begun_ms = start_ms()
    device = Device(0, "crash-device")
    request.addfinalizer(device.close)
    environ = SMALL_SEGMENTS
    crash = {"AUSGUCK_CRASH_AT": f"{point.value}:{TIMES.get(point, 1)}"}
    with Running(tmp_path, environ | crash) as running:
        send(device, running.port, begun_ms)
        running.wait()
        assert running.was_killed()

    with Running(tmp_path, environ) as running:
        device.connect(running.port)
        assert device.session_present
        in_rounds(device, begun_ms)
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.settle(MESSAGES)
        broken = {n for n in range(1, MESSAGES + 1) if n % BROKEN_EVERY == 0}
        good = set(range(1, MESSAGES + 1)) - broken

        assert answers.stored(BUS, begun_ms) == Counter(dict.fromkeys(good, 1))
        books = answers.books()
        assert books["stored"] == len(good)
        assert books["decoded"] == (books["stored"] + books["duplicates"] + books["dead_lettered"])
        assert answers.dead_letters() == Counter({"undecodable": books["dead_lettered"]})
        assert len(broken) <= books["dead_lettered"]
        assert running.stop() == 0
