"""`python -m simulators JOB`: a city in a process of its own, for `ausguck demo`.

JOB is a `simulators.run.Job` as JSON; people use `ausguck simulate`. The password, if any, is
read from the variable AUSGUCK_SIMULATOR_PASSWORD. The city ends on SIGTERM, on SIGINT, and when
its standard input is a pipe and closes: it never outlives a parent that holds the other end.
"""

import asyncio
import os
import signal
import stat
import sys

import msgspec

from ausguck.clock import SystemClock
from simulators.run import Job, run_city, surroundings
from simulators.scenario.load import load
from simulators.scenario.perform import Staging, perform

PASSWORD_VARIABLE = "AUSGUCK_SIMULATOR_PASSWORD"  # noqa: S105 - the variable's name


async def _run(job: Job) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        loop.add_reader(sys.stdin.fileno(), _stop_at_end, stop)
    around = surroundings(job, SystemClock(), password=os.environ.get(PASSWORD_VARIABLE))
    if job.scenario is None:
        await run_city(job, around, stop)
        return
    staging = Staging(load(job.scenario), job.site, job.connections, job.speed, job.by_serial)
    await perform(staging.play(around.clock.now_ms()), staging, around, stop)


def _stop_at_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


if __name__ == "__main__":
    asyncio.run(_run(msgspec.json.decode(sys.argv[1], type=Job)))
