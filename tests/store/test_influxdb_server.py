"""The door to the server: what becomes of requests that end in other ways than an answer."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from pydantic import SecretStr

from ausguck.catalogue.state import Bucket
from ausguck.errors import StoreUnavailable
from ausguck.settings.partners import Influxdb
from ausguck.store.influxdb.server import Server, connected

SETTINGS = Influxdb(token=SecretStr("a-token"))
ODD = "é".encode("latin-1")


def ask(answer: Callable[[httpx.Request], httpx.Response]) -> None:
    async def play() -> None:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url=SETTINGS.url) as client:
            await Server(SETTINGS, client).ask(Bucket.BOOKS, ["SELECT 1"], {})

    asyncio.run(play())


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a port is no number"),
        UnicodeDecodeError("utf-8", ODD, 0, 1, "no"),
        RuntimeError("the handler is closed"),
        ConnectionResetError("reset"),
        httpx.InvalidURL("no host"),
        httpx.StreamClosed(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_library_makes_of_an_answer_is_no_answer(error: Exception) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(StoreUnavailable) as raised:
        ask(answer)
    assert raised.value.__cause__ is error


def test_who_is_cancelled_is_not_held() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        ask(answer)


@pytest.mark.parametrize("body", [b'{"results":"' + ODD + b'"}', b"[" * 100_000, b"{}", b""])
def test_an_answer_that_is_none_is_said_to_be_something_else(body: bytes) -> None:
    with pytest.raises(StoreUnavailable):
        ask(lambda _request: httpx.Response(200, content=body))


def test_without_a_token_the_setting_is_named() -> None:
    async def play() -> None:
        async with connected(Influxdb()):
            pass

    with pytest.raises(StoreUnavailable, match=r"there is no token: set store\.influxdb\.token"):
        asyncio.run(play())
