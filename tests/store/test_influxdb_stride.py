"""Look-ups that are too large or too slow for the server are asked again in smaller pieces."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ausguck.errors import StoreUnavailable
from ausguck.model import AssetId, Kind
from ausguck.settings.partners import Influxdb
from ausguck.store.influxdb.places import HOTSPOT, NS_PER_MS
from ausguck.store.influxdb.questions import Span, Wanted
from ausguck.store.influxdb.server import Server, TooMuchError
from ausguck.store.influxdb.stride import LEAST_MS, MOST_BYTES, MOST_MS, Stride, read_in_strides

SETTINGS = Influxdb(token=SecretStr("a-token"))
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
EVERY_MS = 10 * MINUTE_MS
"""The server has a row as often, of each asset."""


class Slow:
    """Answers what asks for no more than `most_ms` of time in all; to the rest it is silent."""

    def __init__(self, most_ms: int) -> None:
        self.most_ms = most_ms
        self.asked: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        form = httpx.QueryParams(request.content.decode())
        parameters: dict[str, int | str] = msgspec.json.decode(form["params"])
        numbers = [name.removeprefix("from") for name in parameters if name.startswith("from")]
        spans = [
            range(*(int(parameters[name + number]) // NS_PER_MS for name in ("from", "to")))
            for number in numbers
        ]
        self.asked.append(sum(map(len, spans)))
        if self.asked[-1] > self.most_ms:
            raise httpx.ReadTimeout("nothing")
        results = [
            {"series": [{"columns": ["time", "seq"], "values": [[t * NS_PER_MS, t] for t in rows]}]}
            for span in spans
            for rows in [range(-(-span.start // EVERY_MS) * EVERY_MS, span.stop, EVERY_MS)]
        ]
        return httpx.Response(200, content=msgspec.json.encode({"results": results}))


def look_up(
    answer: Callable[[httpx.Request], httpx.Response],
    wanted: Sequence[Wanted],
    stride: Stride,
) -> list[list[int]]:
    async def play() -> list[list[int]]:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url=SETTINGS.url) as client:
            found = await read_in_strides(Server(SETTINGS, client), wanted, stride)
            return [[row.at_ms for row in rows] for rows in found]

    return asyncio.run(play())


def of(number: int, hours: float) -> Wanted:
    asset = AssetId("kiel", Kind.BUS, f"{number}")
    return Wanted(Span(HOTSPOT, asset, 0, round(hours * HOUR_MS)), ("seq",))


def expected(wanted: Sequence[Wanted]) -> list[list[int]]:
    return [[*range(0, one.span.to_ms, EVERY_MS)] for one in wanted]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0.001, 48), min_size=1, max_size=30), st.integers(1, 100))
def test_whatever_the_server_can_do_all_is_found_once_and_in_order(
    hours: list[float], most_h: int
) -> None:
    wanted = [of(number, length) for number, length in enumerate(hours)]
    server, stride = Slow(most_h * HOUR_MS), Stride()
    for _ in range(10):
        try:
            assert look_up(server, wanted, stride) == expected(wanted)
            break
        except TooMuchError:
            continue
    else:
        pytest.fail("never answered")
    silent = [asked for asked in server.asked if asked > server.most_ms]
    assert len(silent) <= 4 + len(server.asked) // 8


def test_nothing_is_asked_twice_as_it_was() -> None:
    wanted, server, stride = [of(n, 48) for n in range(20)], Slow(0), Stride()
    for _ in range(3):
        with pytest.raises(TooMuchError):
            look_up(server, wanted, stride)
    assert len(server.asked) == 9
    assert all(
        later < earlier for earlier, later in zip(server.asked, server.asked[1:], strict=False)
    )


def test_a_server_that_is_back_is_soon_asked_for_much() -> None:
    wanted, server, stride = [of(n, 48) for n in range(20)], Slow(0), Stride()
    for _ in range(20):
        with pytest.raises(TooMuchError):
            look_up(server, wanted, stride)
    assert stride.most_ms == LEAST_MS
    server.most_ms, server.asked = MOST_MS, []
    assert look_up(server, wanted, stride) == expected(wanted)
    assert len(server.asked) < 150


def test_what_cannot_be_halved_is_asked_once() -> None:
    server, stride = Slow(0), Stride()
    with pytest.raises(StoreUnavailable, match="no answer within 10 s"):
        look_up(server, [of(0, 0.001)], stride)
    assert len(server.asked) == 1
    assert stride == Stride()


@pytest.mark.parametrize(
    "too_much",
    [
        httpx.Response(200, content=b" " * (MOST_BYTES + 1)),
        httpx.Response(200, json={"results": [{"partial": True}]}),
        httpx.Response(504, json={"message": "upstream"}),
        httpx.Response(408),
    ],
    ids=["large", "partial", "504", "408"],
)
def test_all_that_says_too_much_is_halved(too_much: httpx.Response) -> None:
    able = Slow(30 * HOUR_MS)

    def answer(request: httpx.Request) -> httpx.Response:
        try:
            return able(request)
        except httpx.ReadTimeout:
            return httpx.Response(too_much.status_code, content=too_much.content)

    assert look_up(answer, [of(0, 48)], Stride()) == expected([of(0, 48)])


def test_an_error_of_another_kind_is_not_halved() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(503)

    with pytest.raises(StoreUnavailable, match="503"):
        look_up(answer, [of(0, 48), of(1, 48)], Stride())
    assert len(asked) == 1
