"""One file of a feed, fetched over HTTP or from a disk: whole, unchanged, or why not."""

import asyncio
import logging
import os
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Final, Protocol

import httpx
import msgspec

from ausguck import __version__
from ausguck.settings.partners import Gbfs
from collectors.pollers import addresses
from collectors.pollers.addresses import FILE, Refused, is_same_host, shown

USER_AGENT: Final = f"Ausguck/{__version__} (GBFS poller)"
MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Validators(msgspec.Struct, frozen=True):
    """By what the other side knows the version we hold."""

    etag: str | None = None
    last_modified: str | None = None


NONE_HELD: Final = Validators()


class Fresh(msgspec.Struct, frozen=True):
    """The file's bytes."""

    body: bytes
    validators: Validators = NONE_HELD


class Same(msgspec.Struct, frozen=True):
    """The file is the one we hold."""


class Failed(msgspec.Struct, frozen=True):
    """There is no file, and why; `reason` is one of few words, for counting."""

    reason: str
    detail: str
    retry_after: str | None = None
    is_gone: bool = False


Answer = Fresh | Same | Failed


class Fetches(Protocol):
    """Whoever can get a file."""

    async def fetch(self, address: str, held: Validators) -> Answer:
        """The file at an address, unless it is the one that is held; never raises."""
        ...


class Door:
    """Fetches the files of one feed."""

    def __init__(self, feed: Gbfs, client: httpx.AsyncClient) -> None:
        self._feed = feed
        self._client = client
        self._home = addresses.absolute(feed.address)

    async def fetch(self, address: str, held: Validators) -> Answer:
        """The file at an address, unless it is the one that is held; never raises."""
        try:
            async with asyncio.timeout(self._feed.timeout_s):
                if address.startswith(f"{FILE}:"):
                    return await asyncio.to_thread(self._read, address, held)
                return await self._ask(address, held)
        except (TimeoutError, httpx.TimeoutException):
            detail = f"{shown(address)}: no whole answer in {self._feed.timeout_s:g} s"
            return Failed("timeout", detail)
        except Refused as refused:
            return Failed("address", str(refused))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            words = str(error) or type(error).__name__
            return Failed("unreachable", f"{shown(address)}: {words}")
        except ValueError as error:
            # Not its words: what cannot be sent may be the secret.
            detail = f"{shown(address)} cannot be asked for: {type(error).__name__}"
            return Failed("address", detail)

    async def _ask(self, address: str, held: Validators) -> Answer:
        start = address
        for _ in range(MAX_REDIRECTS + 1):
            request = self._client.build_request("GET", address, headers=self._head(address, held))
            response = await self._client.send(request, stream=True)
            try:
                location = response.headers.get("location")
                if response.status_code not in _REDIRECTS or location is None:
                    return await self._answer(address, response)
            finally:
                await response.aclose()
            onward = addresses.resolved(address, location)
            if not is_same_host(address, onward):
                host = shown(onward)
                return Failed("redirect", f"{shown(address)} leads to another host, {host}")
            address = onward
        return Failed("redirect", f"{shown(start)} leads on more than {MAX_REDIRECTS} times")

    def _head(self, address: str, held: Validators) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        if held.etag is not None:
            headers["If-None-Match"] = held.etag
        if held.last_modified is not None:
            headers["If-Modified-Since"] = held.last_modified
        secret = self._feed.authorization
        if secret is not None and is_same_host(self._home, address):
            headers["Authorization"] = secret.get_secret_value()
        return headers

    async def _answer(self, address: str, response: httpx.Response) -> Answer:
        status = response.status_code
        if status == httpx.codes.NOT_MODIFIED:
            return Same()
        if status != httpx.codes.OK:
            return Failed(
                f"http_{status}",
                f"{shown(address)} answers {status} {response.reason_phrase}".rstrip(),
                retry_after=response.headers.get("retry-after"),
                is_gone=status in {httpx.codes.NOT_FOUND, httpx.codes.GONE},
            )
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._feed.max_bytes:
                return self._too_large(address)
        headers = response.headers
        return Fresh(bytes(body), Validators(headers.get("etag"), headers.get("last-modified")))

    def _read(self, address: str, held: Validators) -> Answer:
        path = addresses.path_of(address)
        try:
            # A pipe or a device would not end: opened without waiting, and not read.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                state = os.fstat(file.fileno())
                if not stat.S_ISREG(state.st_mode):
                    return Failed("no_file", f"{path} is no file")
                mark = Validators(f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}")
                if mark == held:
                    return Same()
                body = file.read(self._feed.max_bytes + 1)
        except FileNotFoundError:
            return Failed("no_file", f"{path} does not exist", is_gone=True)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            return Failed("no_file", f"{path}: {reason}")
        return Fresh(body, mark) if len(body) <= self._feed.max_bytes else self._too_large(address)

    def _too_large(self, address: str) -> Failed:
        return Failed(
            "too_large", f"{shown(address)} is larger than max_bytes, {self._feed.max_bytes}"
        )


OpensDoor = Callable[[Gbfs], AbstractAsyncContextManager[Fetches]]


@asynccontextmanager
async def open_door(feed: Gbfs) -> AsyncIterator[Fetches]:
    """A way to the files of a feed."""
    # Their lines would tell whole addresses, and a token may be in one.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    headers = {"User-Agent": USER_AGENT}
    async with httpx.AsyncClient(
        headers=headers, follow_redirects=False, timeout=feed.timeout_s
    ) as client:
        # Whatever a feed wants remembered of us is not sent back.
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        yield Door(feed, client)
