"""The one door to the server: requests out, answers or one of our errors back, all counted."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from isal import igzip

from ausguck.catalogue.state import Bucket
from ausguck.errors import StoreUnavailable
from ausguck.settings.partners import Influxdb
from ausguck.settings.values import TOKEN
from ausguck.store.influxdb.answers import (
    UNREADABLE,
    WAIT_LONG_S,
    Answer,
    failed_query,
    unavailable,
)
from ausguck.store.influxdb.places import STORE

GZIP_LEVEL = 1
CONNECTIONS = 8
UNAUTHORIZED = 401
_UNSET = (
    "there is no token: set store.influxdb.token, best in AUSGUCK_STORE__INFLUXDB__TOKEN, or "
    "store.influxdb.token_file; `ausguck check --prepare` makes one"
)
_TOO_SLOW = frozenset({408, 504})
"""How a proxy says that the server did not answer in time."""
_UNANSWERED = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError)
"""Whatever a library makes of a broken answer is no answer, and no reason to end."""
Parameters = Mapping[str, str | int]
Cell = bool | int | float | str | None


class TooMuchError(StoreUnavailable):
    """There was no answer in time, or more than is read: the same will fail again."""


@dataclass(slots=True)
class Traffic:
    """What was sent and answered since the process started."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By bucket, or `query` or `delete`, and status; status 0 is no answer at all."""
    lines: int = 0
    line_bytes: int = 0
    sent_bytes: int = 0


class Table(msgspec.Struct):
    """One series of an answer."""

    columns: list[str]
    name: str = ""
    tags: dict[str, str] = {}
    values: list[list[Cell]] = []


class _Result(msgspec.Struct):
    series: list[Table] = []
    error: str | None = None
    partial: bool = False


class _Results(msgspec.Struct):
    results: list[_Result] = []
    error: str | None = None


class Server:
    """An InfluxDB 2 over HTTP; made by `connected`."""

    def __init__(
        self, settings: Influxdb, client: httpx.AsyncClient, traffic: Traffic | None = None
    ) -> None:
        self._settings = settings
        self._client = client
        self._token = _token(settings)
        self.traffic = Traffic() if traffic is None else traffic

    def bucket(self, bucket: Bucket) -> str:
        """A bucket's name on this server."""
        return f"{self._settings.bucket_prefix}{bucket.value}"

    async def write(self, bucket: Bucket, lines: Sequence[str]) -> Answer:
        """Send some lines; any answer that was given comes back.

        Raises:
            StoreUnavailable: there was no answer, and whether they are stored is unknown.
        """
        plain = "\n".join(lines).encode()
        sent = igzip.compress(plain, GZIP_LEVEL) if self._settings.gzip else plain
        traffic = self.traffic
        traffic.lines += len(lines)
        traffic.line_bytes += len(plain)
        traffic.sent_bytes += len(sent)
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._settings.gzip:
            headers["Content-Encoding"] = "gzip"
        name = self.bucket(bucket)
        parameters = {"org": self._settings.org, "bucket": name, "precision": "ns"}
        request = self._client.build_request(
            "POST", "/api/v2/write", params=parameters, content=sent, headers=headers
        )
        return await self._ask(name, request)

    async def ask(
        self,
        bucket: Bucket,
        statements: Sequence[str],
        parameters: Parameters,
        most_bytes: int | None = None,
    ) -> list[list[Table]]:
        """The series that each statement finds.

        Raises:
            TooMuchError: the answer has more than `most_bytes`, or did not come in time.
            StoreUnavailable: the server did not answer, or not with what was asked for.
        """
        form = {
            "db": self.bucket(bucket),
            "epoch": "ns",
            "q": "; ".join(statements),
            "params": msgspec.json.encode(parameters).decode(),
        }
        request = self._client.build_request(
            "POST", "/query", data=form, headers={"Accept": "application/json"}
        )
        answer = await self._ask("query", request, most_bytes)
        if answer.status in _TOO_SLOW:
            raise TooMuchError(STORE, unavailable("a query", answer).reason)
        if answer.status != 200:  # noqa: PLR2004 - HTTP's number
            raise unavailable("a query", answer)
        found = await asyncio.to_thread(_read, answer.body)
        if len(found) != len(statements):
            raise StoreUnavailable(STORE, f"{len(statements)} statements got {len(found)} results")
        return found

    async def delete(self, bucket: Bucket, from_: str, to: str, predicate: str) -> None:
        """Remove the points of [from, to] that a predicate names; times are RFC 3339.

        Raises:
            StoreUnavailable: it is not known to be done.
        """
        request = self._client.build_request(
            "POST",
            "/api/v2/delete",
            params={"org": self._settings.org, "bucket": self.bucket(bucket)},
            json={"start": from_, "stop": to, "predicate": predicate},
        )
        answer = await self._ask("delete", request)
        if answer.status != 204:  # noqa: PLR2004 - HTTP's number
            raise unavailable(f"a delete in bucket {self.bucket(bucket)}", answer)

    async def _ask(
        self, name: str, request: httpx.Request, most_bytes: int | None = None
    ) -> Answer:
        """Send a request; after a 401 once more where the token file holds another token."""
        answer = await self._send(name, request, most_bytes)
        if answer.status == UNAUTHORIZED:
            token = await asyncio.to_thread(_token, self._settings)
            if token != self._token:
                self._token = token
                answer = await self._send(name, request, most_bytes)
        return answer

    async def _send(self, name: str, request: httpx.Request, most_bytes: int | None) -> Answer:
        try:
            request.headers["Authorization"] = f"Token {self._token}"
            async with asyncio.timeout(self._settings.timeout_s):
                answer = await self._received(request, most_bytes)
        except _UNANSWERED as error:
            self.traffic.requests[name, 0] += 1
            where = self._settings.url
            if isinstance(error, TimeoutError | httpx.TimeoutException):
                said = f"no answer within {self._settings.timeout_s:g} s"
                raise TooMuchError(STORE, f"{where}: {said}") from error
            said = str(error) or type(error).__name__
            raise StoreUnavailable(STORE, f"{where}: {said}") from error
        self.traffic.requests[name, answer.status] += 1
        if most_bytes is not None and len(answer.body) > most_bytes:
            raise TooMuchError(STORE, f"an answer has more than {most_bytes} bytes")
        return answer

    async def _received(self, request: httpx.Request, most_bytes: int | None) -> Answer:
        """The answer; of one that is too large only as much as tells that it is."""
        response = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if most_bytes is not None and len(body) > most_bytes:
                    break
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, bytes(body))


@asynccontextmanager
async def connected(settings: Influxdb, traffic: Traffic | None = None) -> AsyncIterator[Server]:
    """A server's door with connections of its own; nothing is asked yet.

    Raises:
        StoreUnavailable: there is no token.
    """
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(
        base_url=str(settings.url), timeout=settings.timeout_s, limits=limits, trust_env=False
    ) as client:
        yield Server(settings, client, traffic)


def _token(settings: Influxdb) -> str:
    """The token as it is now."""
    if settings.token is not None:
        return settings.token.get_secret_value()
    if settings.token_file is None:
        raise StoreUnavailable(STORE, _UNSET, WAIT_LONG_S)
    try:
        found = settings.token_file.read_text().strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise StoreUnavailable(STORE, f"{settings.token_file}: {reason}") from error
    if not TOKEN.fullmatch(found):
        raise StoreUnavailable(STORE, f"{settings.token_file} holds no token and nothing else")
    return found


def _read(body: bytes) -> list[list[Table]]:
    try:
        read: Any = msgspec.json.decode(body, type=_Results)
    except UNREADABLE as error:
        raise StoreUnavailable(STORE, "a query was answered with something else") from error
    for result in read.results:
        if result.error is not None:
            raise failed_query(result.error)
        if result.partial:
            raise TooMuchError(STORE, "a query failed: the answer is not complete")
    if read.error is not None:
        raise failed_query(read.error)
    return [result.series for result in read.results]
