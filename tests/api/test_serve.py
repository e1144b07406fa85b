"""Serving: the real port is told, signals are left alone, and cancelling frees the port."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable

import httpx
import pytest

from api.serve import serve
from ausguck.errors import ConfigError
from tests.api.city import populated


def during(use: Callable[[int], Awaitable[None]]) -> int:
    """Serve a city, use it at its port, end it, and return the port."""

    async def run() -> int:
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            serving = group.create_task(
                serve(populated().app, "127.0.0.1", 0, ready.set_result), name="serve"
            )
            port = await ready
            await use(port)
            serving.cancel()
        return port

    return asyncio.run(run())


def test_a_free_port_is_taken_told_answered_and_given_back() -> None:
    async def use(port: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            answer = await client.get("/api/v1/health")
        assert answer.status_code == 200
        assert "server" not in answer.headers

    port = during(use)

    with socket.create_server(("127.0.0.1", port)):
        assert port > 0


def test_the_process_keeps_its_signals() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def use(_port: int) -> None:
        assert signal.getsignal(signal.SIGTERM) is before

    during(use)


def test_an_idle_connection_does_not_hold_up_the_end() -> None:
    async def run() -> bytes:
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(30):
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(
                    serve(populated().app, "127.0.0.1", 0, ready.set_result), name="serve"
                )
                reader, writer = await asyncio.open_connection("127.0.0.1", await ready)
                writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                first = await reader.readline()
                serving.cancel()
            writer.close()
            await writer.wait_closed()
        return first

    assert asyncio.run(run()).startswith(b"HTTP/1.1 200")


def test_a_port_in_use_is_a_setting_to_mend() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError, match=f"api.port: found {port}, which is in use"):
            asyncio.run(serve(populated().app, "127.0.0.1", port, lambda _port: None))


def test_a_foreign_address_is_a_setting_to_mend() -> None:
    with pytest.raises(ConfigError, match=r"api.host: found '192.0.2.1'"):
        asyncio.run(serve(populated().app, "192.0.2.1", 0, lambda _port: None))
