"""`make faults`: kill -9 at random moments, over and over, and count what is left at the end.

Devices speak to our listener and history goes into DuckDB; with `--city` they speak to a real
Mosquitto and history goes into a real InfluxDB. Prints progress on standard error and one JSON
object: acknowledged - (stored + duplicate + dead-lettered) and doubles must both be 0; exit
status 1 when they are not.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.partners import city, missing
from tests.crash.books import BROKEN_EVERY, SMALL_SEGMENTS, Answers, publish, start_ms
from tests.device import Device
from tests.running import Running

ROUND = 10
PAUSE_S = 0.02
LONGEST_LIFE_S = 1.5
BUS = "faults"
ENVIRON = SMALL_SEGMENTS | {"AUSGUCK_LISTENER__MESSAGES_PER_S": "100000"}


@dataclass
class Place:
    """Where messages are sent to, and what the process is told; its own listener without a port."""

    data_dir: Path
    environ: dict[str, str]
    port: int | None = None


@contextmanager
def place(*, in_city: bool) -> Iterator[Place]:
    """A directory for the process, with a broker and an InfluxDB around it where asked for."""
    if not in_city:
        with tempfile.TemporaryDirectory() as name:
            yield Place(Path(name), ENVIRON)
        return
    with city() as parts:
        with parts.served():
            pass  # the broker keeps messages for a session that it knows
        yield Place(parts.folder / "data", ENVIRON | parts.environ, parts.broker.port)


def live(running: Running, device: Device, port: int, begun_ms: int, life_s: float) -> None:
    """Send until the timer kills the process."""
    timer = threading.Timer(life_s, running.kill)
    timer.start()
    try:
        device.connect(port)
        device.settle()
        while timer.is_alive():
            first = device.published + 1
            publish(device, BUS, range(first, first + ROUND), begun_ms)
            device.settle()
            threading.Event().wait(PAUSE_S)
    except OSError:
        pass
    finally:
        timer.join()
        device.close()


def settle(where: Place, device: Device, begun_ms: int) -> dict[str, int]:
    """Let everything come to rest and compare."""
    with Running(where.data_dir, where.environ) as running:
        device.connect(where.port or running.port)
        device.settle()
        device.close()
        answers = Answers(running.page_url)
        numbers = range(1, device.published + 1)
        broken = sum(number % BROKEN_EVERY == 0 for number in numbers)
        answers.settle(device.published)
        stored = answers.stored(BUS, begun_ms)
        letters = answers.dead_letters()
    good = Counter({number: 1 for number in numbers if number % BROKEN_EVERY})
    return {
        "acknowledged": len(device.acknowledged),
        "stored": stored.total(),
        "dead_lettered": sum(letters.values()),
        "missing": (good - stored).total() + max(0, broken - sum(letters.values())),
        "doubles": (stored - good).total(),
    }


def main() -> int:
    """Kill as often as asked, then settle and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--city", action="store_true", help="between a broker and an InfluxDB")
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - not a secret
    begun_ms = start_ms()
    device = Device(0, "faults-device")
    absent = missing() if options.city else []
    if absent:
        print(json.dumps({"missing": ", ".join(absent)}))
        return 0
    with place(in_city=options.city) as where:
        for kill in range(1, options.kills + 1):
            with Running(where.data_dir, where.environ) as running:
                port = where.port or running.port
                live(running, device, port, begun_ms, chance.uniform(0, LONGEST_LIFE_S))
            print(
                f"\r{kill}/{options.kills} kills, {device.published} sent", end="", file=sys.stderr
            )
        print(file=sys.stderr)
        result = {"kills": options.kills, **settle(where, device, begun_ms)}
    print(json.dumps(result))
    return int(bool(result["missing"] or result["doubles"]))


if __name__ == "__main__":
    sys.exit(main())
