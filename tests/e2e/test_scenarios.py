"""Every scenario against a running Ausguck, at full speed: each acknowledged element has one end."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ausguck.clock import SystemClock
from simulators.outgoing import Outgoing
from simulators.run import Connections
from simulators.scenario.faults import OwnRestart
from simulators.scenario.load import library, load
from simulators.scenario.perform import Staging, Step, perform
from simulators.scenario.scaled import scaled
from simulators.send import Surroundings, Tally, Target
from tests.crash.books import Answers
from tests.running import Running
from tests.subscriber.mosquitto import free_port

pytestmark = pytest.mark.slow

BUSES, STATIONS, SLOWER = 8, 6, 4.0
FIRST_SOUND_MS = 1_577_836_800_000


class Books:
    """A ledger that knows how many elements were acknowledged, and how many are unreadable."""

    def __init__(self) -> None:
        self._messages: list[Outgoing] = []
        self.acknowledged_ = 0
        self.elements = 0
        self.dead = 0

    def sent(self, message: Outgoing) -> int:
        self._messages.append(message)
        return len(self._messages) - 1

    def acknowledged(self, number: int) -> None:
        message = self._messages[number]
        self.acknowledged_ += 1
        if message.raw is not None:
            self.elements += 1
            self.dead += 1
            return
        self.elements += len(message.elements)
        if message.is_array:  # a backlog from before there was a time
            self.dead += sum(int(str(e["observed_at"])) < FIRST_SOUND_MS for e in message.elements)


@contextmanager
def answers_of(running: Running) -> Iterator[Answers]:
    answers = Answers(running.page_url)
    try:
        yield answers
    finally:
        answers.close()


def around(port: int, books: Books) -> Surroundings:
    return Surroundings(Target("127.0.0.1", port), SystemClock(), books, Tally())


def play(name: str, port: int, books: Books, connections: Connections) -> Step:
    staging = Staging(
        scaled(load(name), BUSES, STATIONS, SLOWER), connections=connections, speed=None
    )
    shared = around(port, books)

    async def main() -> Step:
        found = staging.play(shared.clock.now_ms())
        step = await perform(found, staging, shared, asyncio.Event())
        assert step.now_ms == found.end_ms
        return step

    return asyncio.run(main())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("scenarios")) as process:
        yield process


@pytest.mark.parametrize("name", library())
def test_a_scenario_runs_to_its_end_with_balanced_books(name: str, running: Running) -> None:
    books = Books()
    with answers_of(running) as answers:
        before = answers.books()
        step = play(name, running.port, books, Connections.GATEWAY)
        answers.settle(before["decoded"] + books.elements)
        after = answers.books()
        health = answers.health()

    new = {
        key: after[key] - before[key]
        for key in ("decoded", "stored", "duplicates", "dead_lettered")
    }
    assert step.tally.unacknowledged == 0
    assert health["books"]["balanced"]
    assert new["decoded"] == books.elements
    assert new["dead_lettered"] == books.dead
    assert new["stored"] == books.elements - books.dead
    assert new["duplicates"] == 0
