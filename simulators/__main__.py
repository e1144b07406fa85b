"""`python -m simulators --port 1883 ...`: a city in a process of its own, for `ausguck demo`.

There is one option for each field of `simulators.run.Job`. The password, if any, is read from
the variable AUSGUCK_SIMULATOR_PASSWORD. The city ends on SIGTERM, on SIGINT, and when its
standard input is a pipe and closes: it never outlives a parent that holds the other end.
"""

import argparse
import asyncio
import os
import signal
import stat
import sys
from collections.abc import Sequence

import msgspec

from ausguck.clock import SystemClock
from simulators.run import Job, run_city, surroundings

PASSWORD_VARIABLE = "AUSGUCK_SIMULATOR_PASSWORD"  # noqa: S105 - the variable's name


def parse(arguments: Sequence[str]) -> Job:
    """The job that the options ask for; a wrong one ends the program with its reason."""
    parser = argparse.ArgumentParser("python -m simulators", description="A simulated city.")
    for field in msgspec.structs.fields(Job):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, help=f"default: {field.default}", default=argparse.SUPPRESS)
    found = vars(parser.parse_args(arguments))
    try:
        return msgspec.convert(found, Job, strict=False)
    except msgspec.ValidationError as error:
        parser.error(str(error))


async def _run(job: Job) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        loop.add_reader(sys.stdin.fileno(), _stop_at_end, stop)
    around = surroundings(job, SystemClock(), password=os.environ.get(PASSWORD_VARIABLE))
    await run_city(job, around, stop)


def _stop_at_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


if __name__ == "__main__":
    asyncio.run(_run(parse(sys.argv[1:])))
