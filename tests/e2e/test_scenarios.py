"""Every scenario against a running Ausguck, at full speed: what is acknowledged has one end."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from ausguck.clock import SystemClock
from simulators.outgoing import Outgoing
from simulators.run import Connections
from simulators.scenario.load import library, load
from simulators.scenario.perform import Staging, Step, perform
from simulators.scenario.play import Play
from simulators.scenario.scaled import scaled
from simulators.send import Surroundings, Tally, Target
from tests.crash.books import Answers
from tests.running import Running
from tests.subscriber.mosquitto import free_port

pytestmark = pytest.mark.slow

BUSES, STATIONS, SLOWER = 8, 6, 4.0
FIRST_SOUND_MS = 1_577_836_800_000
HOUR_MS = 3_600_000


class Books:
    """A ledger that knows how many elements were acknowledged, and how many are unreadable."""

    def __init__(self) -> None:
        self._messages: list[Outgoing] = []
        self.elements = 0
        self.dead = 0
        self.readings: dict[str, Counter[int]] = {}

    def sent(self, message: Outgoing) -> int:
        self._messages.append(message)
        return len(self._messages) - 1

    def acknowledged(self, number: int) -> None:
        message = self._messages[number]
        if message.raw is not None:
            self.elements += 1
            self.dead += 1
            return
        self.elements += len(message.elements)
        if message.topic.endswith("/telemetry"):
            times = (int(str(element["observed_at"])) for element in message.elements)
            self.readings.setdefault(message.asset, Counter()).update(times)
        if message.is_array:  # a backlog from before there was a time
            self.dead += sum(int(str(e["observed_at"])) < FIRST_SOUND_MS for e in message.elements)


@contextmanager
def answers_of(running: Running) -> Iterator[Answers]:
    answers = Answers(running.page_url)
    try:
        yield answers
    finally:
        answers.close()


def moment_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def small(name: str, connections: Connections) -> Staging:
    scenario = scaled(load(name), BUSES, STATIONS, SLOWER)
    return Staging(scenario, connections=connections, speed=None)


async def play(
    staging: Staging, port: int, books: Books, on_step: Callable[[Step], None] = lambda _: None
) -> tuple[Step, Play]:
    """Play it to its end."""
    clock = SystemClock()
    around = Surroundings(Target("127.0.0.1", port), clock, books, Tally())
    found = staging.play(clock.now_ms())
    step = await perform(found, staging, around, asyncio.Event(), on_step=on_step)
    assert step.now_ms == found.end_ms
    assert step.tally.unacknowledged == 0
    return step, found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("scenarios")) as process:
        yield process


@pytest.mark.parametrize("name", library())
def test_a_scenario_runs_to_its_end_with_balanced_books(name: str, running: Running) -> None:
    books = Books()
    with answers_of(running) as answers:
        before = answers.books()
        asyncio.run(play(small(name, Connections.GATEWAY), running.port, books))
        answers.settle(before["decoded"] + books.elements)
        after = answers.books()
        health = answers.health()

    kinds = ("decoded", "stored", "duplicates", "dead_lettered")
    new = {kind: after[kind] - before[kind] for kind in kinds}
    assert health["books"]["balanced"]
    assert new["decoded"] == books.elements
    assert new["dead_lettered"] == books.dead
    assert new["stored"] == books.elements - books.dead
    assert new["duplicates"] == 0


def test_killed_in_the_middle_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    """Our own restart, by a kill as it begins and a start while devices wait and knock."""
    environ = {"AUSGUCK_LISTENER__PORT": str(free_port())}
    first, second = Running(tmp_path, environ), Running(tmp_path, environ)
    books = Books()

    async def main() -> Play:
        fallen = asyncio.Event()

        def fall(step: Step) -> None:
            if step.wrong and not fallen.is_set():
                first.kill()
                fallen.set()

        async with asyncio.TaskGroup() as tasks:
            staging = small("own-restart", Connections.PER_DEVICE)
            playing = tasks.create_task(play(staging, first.port, books, fall))
            await fallen.wait()
            await asyncio.to_thread(second.__enter__)
        step, found = playing.result()
        assert step.tally.disconnected.total() >= BUSES
        return found

    with first:
        found = asyncio.run(main())
    assert first.was_killed()
    try:
        with answers_of(second) as answers:
            answers.settle(books.elements)
            assert answers.health()["books"]["balanced"]
            assert answers.books()["dead_lettered"] == 0
            for asset, times in books.readings.items():
                if asset.startswith("bus/"):
                    points = answers.readings(asset[4:], "uptime_s", found.start_ms, HOUR_MS)
                    assert Counter(moment_ms(point["at"]) for point in points) == times
    finally:
        second.__exit__(None, None, None)


def test_broken_sockets_leave_wills_and_the_devices_own_word_after_them(running: Running) -> None:
    books = Books()
    with answers_of(running) as answers:
        before = answers.books()
        staging = small("certificate-expired", Connections.PER_DEVICE)
        step, found = asyncio.run(play(staging, running.port, books))
        answers.settle(before["decoded"] + books.elements)
        after = answers.books()

    assert found.links() == {"bus/0104"}
    assert step.tally.disconnected.total() == 1
    # What was on its way when the socket broke may have come twice, and is known by then.
    new = after["stored"] - before["stored"]
    assert new == books.elements + 1, "the will of the one that was cut off"
