"""The socket that devices connect to, and the certificates it shows them.

New certificates need a new server on the same socket: whoever connected before goes on under
the old ones, and nothing of an old context, such as a ticket to resume a TLS session that began
under an authority that is gone, is of use to whoever comes after.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence

from ausguck.errors import ConfigError, unlistenable
from ausguck.settings.tree import Listener as Settings
from collectors.certificates import SeenCertificate
from collectors.listener.stats import ListenerStats
from collectors.listener.tls import Files, Loaded

log = logging.getLogger(__name__)

BACKLOG = 1024
Make = Callable[[], asyncio.Protocol]


class Door:
    """Open from `open` to `close`."""

    def __init__(self, settings: Settings, make: Make, stats: ListenerStats) -> None:
        self.certificates: Sequence[SeenCertificate] = ()
        self._settings = settings
        self._make = make
        self._stats = stats
        self._files = None if settings.tls is None else Files(settings.tls)
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._renewal = asyncio.Lock()

    @property
    def port(self) -> int:
        """The TCP port we listen on."""
        if self._socket is None:
            return self._settings.port
        return int(self._socket.getsockname()[1])

    async def open(self) -> None:
        """Listen.

        Raises:
            ConfigError: the certificates cannot be used, or the address cannot be had.
        """
        loaded = None if self._files is None else self._files.look()
        host, port = self._settings.host, self._settings.port
        host = "127.0.0.1" if host == "localhost" else host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise unlistenable("listener", host, port, error) from error
        self._socket.setblocking(False)  # noqa: FBT003 - the socket's own
        await self._serve(self._socket, loaded)

    async def renew(self) -> bool:
        """Show new certificates if the files have changed; returns whether they had.

        Files that cannot be used, such as one that is half written, change nothing.
        """
        if self._files is None:
            return False
        async with self._renewal:
            try:
                return await self._renew(self._files)
            except (ConfigError, OSError) as error:
                self._stats.tls_failures += 1
                self._stats.tls_error = str(error)
                log.error("listener: goes on with its old certificates: %s", error)  # noqa: TRY400 - it says all
                return False

    async def _renew(self, files: Files) -> bool:
        loaded = await asyncio.to_thread(files.look)
        if loaded is None or self._socket is None:
            return False
        before = self._server
        try:
            await self._serve(self._socket, loaded)
        except OSError:
            files.forget()
            raise
        if before is not None:
            before.close()
        self._stats.tls_reloads += 1
        log.info("listener: shows new certificates")
        return True

    async def _serve(self, sock: socket.socket, loaded: Loaded | None) -> None:
        context: ssl.SSLContext | None = None
        if loaded is not None:
            context, self.certificates = loaded
        timeout_s = self._settings.connect_timeout_s if context else None
        self._server = await asyncio.get_running_loop().create_server(
            self._make,
            # One of its own to close; what the kernel holds for us belongs to both.
            sock=sock.dup(),
            ssl=context,
            ssl_handshake_timeout=timeout_s,
            backlog=BACKLOG,
        )
        self._stats.tls_error = None

    def close(self) -> None:
        """Take nobody in any more; who is in stays."""
        if self._server is not None:
            self._server.close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
