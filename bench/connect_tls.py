"""How long ten thousand registered devices take to come in over TLS, all at once.

`python -m bench.connect_tls`, also a part of `make bench`, starts a listener with a journal in
one process and the devices in another, and prints JSON. Every device does a whole handshake
(ECDSA P-256, nothing resumed), shows a secret of its own and waits for its CONNACK; so many try
at the same time as `--at-once` says. Then the register changes twice: nothing that matters, and
every secret.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import cast

import mqtt5
import uvloop

from ausguck.clock import SystemClock
from ausguck.journal.journal import Journal
from ausguck.register.directory import Directory
from ausguck.register.keyring import Credential, Keyring, digest
from ausguck.register.register import Register
from ausguck.register.rows import DeviceState, Fitting, Tables
from ausguck.settings.load import load
from bench.processes import Figures, Served, cpu_s, ended, python
from collectors.listener.server import Listener
from tests.listener.certificates import authority, issue

AT_ONCE = 200
"""Handshakes at the same time."""


def serial(number: int) -> str:
    """A device's serial number."""
    return f"SN{number:05}"


def secret(number: int) -> bytes:
    """A device's secret: as long as a real one."""
    return b"%032x" % number


def known(devices: int) -> tuple[Register, Keyring]:
    """As many devices, each with a secret and in a bus of its own."""
    credentials = (
        Credential(
            id=number, user=serial(number), secret_sha256=digest(secret(number)), created_at_ms=0
        )
        for number in range(devices)
    )
    fittings = tuple(
        Fitting(id=serial(number), asset=f"bus/{number:05}") for number in range(devices)
    )
    states = {serial(number): DeviceState.FITTED for number in range(devices)}
    return Register(Tables(fittings=fittings), "kiel"), Keyring(credentials, None, states)


async def listen(devices: int) -> None:
    """Let them in; at SIGUSR1 change the register and tell how long it took."""
    settings = load(None, os.environ)
    clock, directory = SystemClock(), Directory(*known(devices))
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, asked.set)
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(
            Journal.open(settings.site.data_dir / "journal", settings.journal, clock)
        )
        listener = await stack.enter_async_context(
            Listener(settings.listener, "kiel", journal, clock, directory=directory)
        )
        print(f"ready: page none devices mqtts://127.0.0.1:{listener.port}", flush=True)
        await asked.wait()
        register, keyring = known(devices)
        begun = time.perf_counter()
        directory.replace(register, keyring)
        changed_s = time.perf_counter() - begun
        nobody = Keyring()
        begun = time.perf_counter()
        directory.replace(register, nobody)
        muted_s = time.perf_counter() - begun
        longest_s = await drained(listener)
        revoked_s = time.perf_counter() - begun
        figures = {
            "judge_all_anew_ms": round(1000 * changed_s, 1),
            "revoke_all_muted_ms": round(1000 * muted_s, 1),
            "revoke_all_gone_s": round(revoked_s, 2),
            "longest_stall_while_revoking_ms": round(1000 * longest_s, 1),
        }
        print(json.dumps(figures), flush=True)
        await asyncio.Event().wait()


async def drained(listener: Listener) -> float:
    """Wait until all are gone; returns the longest time the loop was away."""
    longest_s, before = 0.0, time.perf_counter()
    while listener.stats.sessions:
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest_s, before = max(longest_s, now - before), now
    return longest_s


class Device(asyncio.Protocol):
    """One connection, which says CONNECT and waits for CONNACK."""

    def __init__(self, number: int, greeted: asyncio.Future[bool]) -> None:
        self._number = number
        self.greeted = greeted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The event loop's word."""
        packet = mqtt5.ConnectPacket(
            serial(self._number),
            username=serial(self._number),
            password=secret(self._number),
            keep_alive=600,
            session_expiry_interval=3600,
        )
        # Not by isinstance: uvloop's transports are of no class of asyncio's.
        cast("asyncio.Transport", transport).write(packet.write())

    def data_received(self, data: bytes) -> None:
        """The event loop's word."""
        if not self.greeted.done():
            packet, _size = mqtt5.read(memoryview(data))
            code = packet.reason_code if isinstance(packet, mqtt5.ConnAckPacket) else None
            self.greeted.set_result(code == mqtt5.ConnAckReasonCode.SUCCESS)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        """The event loop's word."""
        if not self.greeted.done():
            self.greeted.set_result(False)


def same(device: Device) -> Device:
    """The protocol of a connection that is being made."""
    return device


async def connect(port: int, ca: str, devices: int, at_once: int) -> None:
    """Connect all, print how long it took, and stay."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(cafile=ca)
    numbers = iter(range(devices))
    waits: list[float] = []
    refused = 0

    async def one_after_the_other() -> None:
        nonlocal refused
        for number in numbers:
            begun = time.perf_counter()
            device = Device(number, loop.create_future())
            await loop.create_connection(partial(same, device), "127.0.0.1", port, ssl=context)
            refused += not await device.greeted
            waits.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(one_after_the_other())
    seconds = time.perf_counter() - begun
    waits.sort()
    figures = {
        "seconds": round(seconds, 1),
        "per_s": round(devices / seconds),
        "refused": refused,
        "wait_p50_ms": round(1000 * waits[len(waits) // 2]),
        "wait_p99_ms": round(1000 * waits[len(waits) * 99 // 100]),
    }
    print(json.dumps(figures), flush=True)
    await asyncio.Event().wait()


def connect_all(devices: int, at_once: int) -> Figures:
    """Both processes, from nobody connected to everybody revoked."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ca = authority(directory)
        certificate, key = issue(directory, "server", "localhost")
        environ = {
            "AUSGUCK_LISTENER__TLS__CERTIFICATE": str(certificate),
            "AUSGUCK_LISTENER__TLS__KEY": str(key),
            "AUSGUCK_LISTENER__ANONYMOUS": "false",
        }
        listen = ("-m", "bench.connect_tls", "--role", "listen", "--devices", str(devices))
        with python(*listen, data_dir=directory / "data", **environ) as served:
            return {"devices": devices, **tried(served, ca, devices, at_once)}


def tried(served: Served, ca: Path, devices: int, at_once: int) -> Figures:
    """The devices in a process of their own, beside a listener that waits."""
    before = served.rss_bytes()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "bench.connect_tls", "--role", "connect"),
            *("--devices", str(devices), "--at-once", str(at_once)),
            *("--port", str(served.port), "--ca", str(ca)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with ended(process):
        assert process.stdout is not None
        assert served.process.stdout is not None
        connected = json.loads(process.stdout.readline())
        figures = {
            **connected,
            "listener_cpu_s": round(served.cpu_s(), 1),
            "devices_cpu_s": round(cpu_s(process.pid), 1),
            "bytes_a_connection": round((served.rss_bytes() - before) / devices),
        }
        served.process.send_signal(signal.SIGUSR1)
        revoked: Figures = json.loads(served.process.stdout.readline())
        return figures | revoked


def main() -> None:
    """Measure, or be one of the two processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="handshakes at the same time")
    parser.add_argument("--role", choices=["listen", "connect"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--ca", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.role is None:
        figures: Figures = {"cores": os.cpu_count() or 0}
        print(json.dumps(figures | connect_all(options.devices, options.at_once), indent=2))
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if options.role == "listen":
            runner.run(listen(options.devices))
        else:
            runner.run(connect(options.port, options.ca, options.devices, options.at_once))


if __name__ == "__main__":
    main()
