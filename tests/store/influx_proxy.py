"""Something real between the adapter and its server, which fails as proxies and networks do."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

import httpx


class Cut(Enum):
    """Ways to leave a request without an answer."""

    BEFORE = auto()  # the server never sees it
    AFTER = auto()  # the server has done it
    NEVER = auto()  # the connection stays open, and nothing comes


@dataclass(frozen=True)
class Said:
    """An answer that is not the server's."""

    status: int
    body: bytes = b'{"code":"x","message":"said by the proxy"}'
    headers: Mapping[str, str] = field(default_factory=dict)


class Drip:
    """The server's own answer, a byte at a time."""


Fault = Cut | Said | Drip


@dataclass
class Proxy:
    """Answers requests whose line holds `where` with the faults in line, and passes on the rest."""

    target: str
    port: int = 0
    where: str = "/api/v2/write"
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    passed: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    full_at: int = 1
    is_full: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when so many wait for what never comes."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, *faults: Fault, where: str = "/api/v2/write") -> None:
        self.where = where
        self.faults.extend(faults)

    def next_fault(self, line: str) -> Fault | None:
        if self.where not in line:
            return None
        return self.faults.popleft() if self.faults else self.always

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with httpx.AsyncClient(base_url=self.target, timeout=30) as client:
                while await self._one(reader, writer, client):
                    pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: httpx.AsyncClient
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        fault = self.next_fault(head[0])
        if isinstance(fault, Said):
            await answer(writer, fault.status, fault.headers, fault.body)
            return True
        if fault is Cut.BEFORE:
            return False
        if fault is Cut.NEVER:
            self.waiting += 1
            if self.waiting >= self.full_at:
                self.is_full.set()
            await self.released.wait()
            return False
        method, path, _ = head[0].split(" ")
        del headers["Host"]
        try:
            response = await client.request(method, path, headers=headers, content=body)
        except httpx.TransportError:
            return False
        self.passed += 1
        if fault is Cut.AFTER:
            return False
        kept = {"Content-Type": response.headers.get("Content-Type", "text/plain")}
        await answer(
            writer,
            response.status_code,
            kept,
            response.content,
            is_slow=isinstance(fault, Drip),
        )
        return True


async def answer(
    writer: asyncio.StreamWriter,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    is_slow: bool = False,
) -> None:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {text}" for name, text in headers.items())]
    if status != 204:
        lines.append(f"Content-Length: {len(body)}")
    whole = "\r\n".join([*lines, "", ""]).encode() + (b"" if status == 204 else body)
    parts: Sequence[bytes] = [whole]
    if is_slow:
        parts = [whole[place : place + 1] for place in range(len(whole))]
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0)


@asynccontextmanager
async def proxy(target: str) -> AsyncIterator[Proxy]:
    """A proxy before a server, on a free port of loopback."""
    between = Proxy(target)
    server = await asyncio.start_server(between.serve, "127.0.0.1", 0)
    between.port = server.sockets[0].getsockname()[1]
    try:
        yield between
    finally:
        between.released.set()
        server.close()
