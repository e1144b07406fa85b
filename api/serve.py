"""Runs the API in this process: says which port it got, ends when it is cancelled.

The process's own signal handling stays as it is; uvicorn installs none.
"""

import asyncio
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from ausguck.errors import unlistenable

SHUTDOWN_S = 2
KEEP_ALIVE_S = 15
CONNECTIONS_MAX = 512
BACKLOG = 128


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers, and with a word when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._ready()


async def serve(app: ASGIApp, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve until cancelled; `ready(port)` is called once requests are answered.

    On cancellation no new request is taken, running ones have two seconds, and the port is
    free again when this returns.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    listening = _listen(host, port)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        limit_concurrency=CONNECTIONS_MAX,
    )
    server = _Server(config, lambda: ready(listening.getsockname()[1]))
    try:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve([listening]), name="api.http")
            try:
                await asyncio.wait({serving})
            except asyncio.CancelledError:
                server.should_exit = True
                await asyncio.wait({serving})
                raise
    finally:
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise unlistenable("api", host, port, error) from error
    return listening
