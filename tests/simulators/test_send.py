"""The city and single connections against a real Mosquitto that goes away and comes back."""

import asyncio
import random
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from ausguck.clock import ManualClock, SystemClock
from simulators.ledger import CountingLedger, FileLedger, Ledger, Run, read_ledger
from simulators.outgoing import Identity, Outgoing
from simulators.run import Connections, Job, run_city, surroundings
from simulators.send import LONGEST_DELAY_S, Link, Session, Surroundings, Tally, Target, delay_s
from tests.simulators.broker import Broker
from tests.subscriber.mosquitto import free_port

pytestmark = pytest.mark.broker

NUMBERS = 300
TOPIC = "v1/kiel/bus/0101/telemetry"


def reading(number: int) -> Outgoing:
    return Outgoing(TOPIC, ({"observed_at": number, "boot_id": "b", "seq": number},))


def seeded() -> random.Random:
    return random.Random(1)  # noqa: S311 - jitter


def around(port: int, ledger: Ledger) -> Surroundings:
    return Surroundings(Target("127.0.0.1", port), SystemClock(), ledger, Tally())


def heard_in(message: aiomqtt.Message) -> tuple[Identity, ...]:
    payload = msgspec.json.decode(bytes(message.payload))
    elements = tuple(payload) if isinstance(payload, list) else (payload,)
    return Outgoing(str(message.topic), elements).identities()


async def hear(client: aiomqtt.Client, heard: dict[Identity, None], until: int) -> None:
    """Add telemetry until there are so many different identities."""
    while len(heard) < until:
        message = await anext(client.messages)
        if str(message.topic).endswith("/telemetry"):
            heard.update(dict.fromkeys(heard_in(message)))


async def hear_left_over(client: aiomqtt.Client, heard: dict[Identity, None]) -> None:
    """Add what a client had acknowledged, and nobody had read, when it was closed."""
    while len(client.messages):
        heard.update(dict.fromkeys(heard_in(await anext(client.messages))))


def test_everything_arrives_in_order_and_is_in_the_ledger(tmp_path: Path) -> None:
    async def main(broker: Broker, ledger: Ledger) -> list[Identity]:
        async with broker.subscriber() as client, asyncio.TaskGroup() as tasks:
            link = Link(Session("bus-0101"), around(broker.port, ledger), seeded())
            for number in range(NUMBERS):
                link.offer(reading(number))
            link.close()
            tasks.create_task(link.run())
            heard: dict[Identity, None] = {}
            await hear(client, heard, NUMBERS)
            return list(heard)

    path = tmp_path / "ledger"
    with Broker(tmp_path) as broker, FileLedger(path, Run("test")) as ledger:
        heard = asyncio.run(main(broker, ledger))

    assert [identity.seq for identity in heard] == list(range(NUMBERS))
    content = read_ledger(path)
    assert content.acknowledged() == content.sent() == heard
    assert content.unacknowledged() == 0


def test_after_a_restart_of_the_broker_every_acknowledged_reading_has_arrived(
    tmp_path: Path,
) -> None:
    async def main(broker: Broker, shared: Surroundings) -> set[Identity]:
        heard: dict[Identity, None] = {}
        async with asyncio.TaskGroup() as tasks:
            link = Link(Session("bus-0101"), shared, seeded())
            running = tasks.create_task(link.run())
            async with broker.subscriber() as client:
                for number in range(NUMBERS):
                    link.offer(reading(number))
                await hear(client, heard, NUMBERS // 3)
            await hear_left_over(client, heard)
            await asyncio.to_thread(broker.stop)
            for number in range(NUMBERS, 2 * NUMBERS):
                link.offer(reading(number))
            broker.start()
            async with broker.subscriber() as client:
                link.close()
                await running
                await hear(client, heard, 2 * NUMBERS)
        return set(heard)

    path = tmp_path / "ledger"
    with Broker(tmp_path) as broker, FileLedger(path, Run("test")) as ledger:
        shared = around(broker.port, ledger)
        heard = asyncio.run(main(broker, shared))

    acknowledged = read_ledger(path).acknowledged()
    assert {identity.seq for identity in acknowledged} == set(range(2 * NUMBERS))
    assert set(acknowledged) <= heard
    assert shared.tally.unacknowledged == 0
    assert shared.tally.connected >= 2
    assert shared.tally.disconnected.total() >= 1, "a loss is counted with its reason"


def test_a_lost_device_is_said_to_be_lost_and_says_itself_that_it_is_back(tmp_path: Path) -> None:
    status = "v1/kiel/bus/0101/status"
    will = Outgoing(status, ({"state": "lost"},), retain=True)
    ready = Outgoing(status, ({"state": "ready", "observed_at": 1},), retain=True, at_connect=True)

    async def main(broker: Broker) -> list[str]:
        states = []
        shared = around(broker.port, CountingLedger())
        async with broker.subscriber() as client, asyncio.TaskGroup() as tasks:
            link = Link(Session("bus-0101", will=will), shared, seeded())
            link.offer(ready)
            running = tasks.create_task(link.run())
            async for message in client.messages:
                states.append(msgspec.json.decode(bytes(message.payload))["state"])
                if states == ["ready"]:
                    # Another connection of the same name throws the first one out.
                    async with aiomqtt.Client("127.0.0.1", broker.port, identifier="bus-0101"):
                        pass
                if len(states) == 3:
                    break
            link.close()
            await running
        return states

    with Broker(tmp_path) as broker:
        assert asyncio.run(main(broker)) == ["ready", "lost", "ready"]


def test_while_nobody_listens_the_oldest_messages_make_room_and_are_counted() -> None:
    async def main() -> Tally:
        shared = around(free_port(), CountingLedger())
        link = Link(Session("bus-0101", backlog=10), shared, seeded())
        for number in range(25):
            link.offer(reading(number))
        return shared.tally

    tally = asyncio.run(main())

    assert (tally.offered, tally.overflowed, tally.unacknowledged) == (25, 15, 10)


def test_waiting_grows_is_bounded_and_differs_between_devices() -> None:
    rng = seeded()
    waits = [delay_s(attempt, rng) for attempt in range(40)]

    assert waits[0] < 0.5
    assert max(waits) <= LONGEST_DELAY_S * 1.5
    assert len({delay_s(3, rng) for _ in range(10)}) == 10


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Target("127.0.0.1", 1883, "bus", "secret"))


@pytest.mark.parametrize("connections", list(Connections))
def test_a_whole_city_reports_and_says_farewell(tmp_path: Path, connections: Connections) -> None:
    buses, stations = 30, 20

    async def main(broker: Broker, ledger: Ledger) -> tuple[Tally, set[str], set[str]]:
        job = Job(port=broker.port, buses=buses, stations=stations, connections=connections)
        stop = asyncio.Event()
        reported: set[str] = set()
        gone: set[str] = set()
        async with broker.subscriber() as client, asyncio.TaskGroup() as tasks:
            city = tasks.create_task(run_city(job, surroundings(job, SystemClock(), ledger), stop))
            async for message in client.messages:
                asset = str(message.topic).split("/")[3]
                if b'"disconnected"' in bytes(message.payload):
                    gone.add(asset)
                elif str(message.topic).endswith("/status"):
                    reported.add(asset)
                if len(reported) == buses + stations:
                    stop.set()
                if len(gone) == buses + stations:
                    break
        return city.result(), reported, gone

    path = tmp_path / "ledger"
    with Broker(tmp_path) as broker, FileLedger(path, Run("city")) as ledger:
        tally, reported, gone = asyncio.run(main(broker, ledger))

    assert reported == gone
    assert tally.unacknowledged == 0
    assert tally.connected == (buses + stations if connections is Connections.PER_DEVICE else 4)
    assert read_ledger(path).unacknowledged() == 0


def test_a_fast_city_begins_in_the_past_and_is_never_ahead_of_now(tmp_path: Path) -> None:
    async def main(broker: Broker, ledger: Ledger) -> int:
        await broker.is_up()
        job = Job(port=broker.port, buses=3, stations=3, speed=600, duration_s=1.0)
        await run_city(job, surroundings(job, SystemClock(), ledger), asyncio.Event())
        return SystemClock().now_ms()

    path = tmp_path / "ledger"
    with Broker(tmp_path) as broker, FileLedger(path, Run("city")) as ledger:
        end_ms = asyncio.run(main(broker, ledger))

    times = [i.observed_at_ms for i in read_ledger(path).sent() if i.observed_at_ms is not None]
    assert max(times) <= end_ms
    assert end_ms - min(times) > 500_000


def test_after_the_machine_slept_the_city_goes_on_at_the_present(tmp_path: Path) -> None:
    begun_ms, night_ms = 1_800_000_000_000, 8 * 3_600_000

    async def main(broker: Broker) -> list[int]:
        clock = ManualClock(begun_ms)
        job = Job(port=broker.port, buses=0, stations=5, connections=Connections.GATEWAY)
        stop = asyncio.Event()
        times: list[int] = []
        async with broker.subscriber() as client, asyncio.TaskGroup() as tasks:
            tasks.create_task(run_city(job, surroundings(job, clock), stop))
            async for message in client.messages:
                if not str(message.topic).endswith("/telemetry"):
                    continue
                times += [i.observed_at_ms or 0 for i in heard_in(message)]
                if len(times) == 1:
                    clock.advance_ms(1_400)
                if len(times) == 5:
                    clock.jump_to_ms(begun_ms + night_ms)
                    clock.advance_ms(60_000)
                if len(times) == 10:
                    break
            stop.set()
        return times

    with Broker(tmp_path) as broker:
        times = asyncio.run(main(broker))

    assert max(times[:5]) <= begun_ms + 10_000
    assert min(times[5:]) > begun_ms + night_ms
    assert max(times[5:]) <= begun_ms + night_ms + 70_000
