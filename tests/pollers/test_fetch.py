"""Files over HTTP and from a disk, from a server that does what it likes."""

import asyncio
import logging
import os
from http import HTTPStatus
from pathlib import Path

import pytest

from ausguck import __version__
from ausguck.settings.partners import Gbfs
from collectors.pollers.fetch import NONE_HELD, Answer, Failed, Fresh, Same, Validators, open_door
from simulators.feed import Fault, FeedServer
from tests.pollers.scene import feed_of, station


def fetched(address: str, held: Validators = NONE_HELD, **settings: object) -> Answer:
    """The answer to one question."""
    # The settings themselves take a path, where the door is given addresses.
    given = {"name": "sim", "address": "gbfs.json" if "file:" in address else address}
    feed = Gbfs.model_validate({**given, "timeout_s": 5.0, **settings})

    async def ask() -> Answer:
        async with open_door(feed) as door:
            return await door.fetch(address, held)

    return asyncio.run(ask())


def failed(answer: Answer) -> Failed:
    assert isinstance(answer, Failed)
    return answer


def test_a_file_is_fetched_once_and_then_known() -> None:
    with feed_of(station()) as feed:
        first = fetched(feed.url)
        assert isinstance(first, Fresh)
        assert first.body.startswith(b'{"last_updated"')
        assert first.validators.etag
        assert first.validators.last_modified
        assert isinstance(fetched(feed.url, first.validators), Same)
        assert isinstance(fetched(feed.url, Validators('"another"')), Fresh)
    agent = feed.asked[0].headers["user-agent"]
    assert agent == f"Ausguck/{__version__} (GBFS poller)"
    assert "authorization" not in feed.asked[0].headers
    assert feed.asked[1].headers["if-modified-since"] == first.validators.last_modified


@pytest.mark.parametrize(
    ("status", "reason", "is_gone"),
    [
        (HTTPStatus.NOT_FOUND, "http_404", True),
        (HTTPStatus.GONE, "http_410", True),
        (HTTPStatus.TOO_MANY_REQUESTS, "http_429", False),
        (HTTPStatus.UNAUTHORIZED, "http_401", False),
        (HTTPStatus.BAD_GATEWAY, "http_502", False),
        (HTTPStatus.NO_CONTENT, "http_204", False),
    ],
)
def test_a_refusal_is_counted_by_its_status(
    status: HTTPStatus, reason: str, *, is_gone: bool
) -> None:
    with feed_of() as feed:
        feed.faults["gbfs"] = Fault(status=status, body=b"", headers={"Retry-After": "7"})
        answer = failed(fetched(feed.url))
    assert (answer.reason, answer.is_gone, answer.retry_after) == (reason, is_gone, "7")
    assert f"answers {status.value}" in answer.detail


def test_what_is_too_large_is_not_read_to_its_end() -> None:
    with feed_of() as feed:
        feed.faults["gbfs"] = Fault(body=b" " * 3_000_000)
        answer = failed(fetched(feed.url, max_bytes=2_000_000))
    assert answer.reason == "too_large"
    assert "larger than max_bytes, 2000000" in answer.detail


def test_a_slow_file_is_given_up() -> None:
    with feed_of() as feed:
        feed.faults["gbfs"] = Fault(is_slow=True)
        answer = failed(fetched(feed.url, timeout_s=0.2))
        feed.release()
    assert answer.reason == "timeout"
    assert "no whole answer in 0.2 s" in answer.detail


def test_a_feed_that_is_not_there_is_named() -> None:
    with feed_of() as feed:
        address = feed.url
    answer = failed(fetched(f"{address}?token=secret"))
    assert answer.reason == "unreachable"
    assert answer.detail.startswith(f"{address}: ")
    assert "secret" not in answer.detail


def redirecting(feed: FeedServer, location: str) -> None:
    feed.faults["gbfs"] = Fault(status=HTTPStatus.FOUND, body=b"", headers={"Location": location})


def test_a_redirect_within_the_host_is_followed_with_the_secret() -> None:
    with feed_of() as feed:
        redirecting(feed, "/system_information.json")
        answer = fetched(feed.url, authorization="Bearer secret")
    assert isinstance(answer, Fresh)
    assert [asked.name for asked in feed.asked] == ["gbfs", "system_information"]
    assert {asked.headers["authorization"] for asked in feed.asked} == {"Bearer secret"}


def test_a_redirect_to_another_host_is_not_followed() -> None:
    with feed_of() as feed, feed_of() as other:
        redirecting(feed, other.url)
        answer = failed(fetched(feed.url, authorization="Bearer secret"))
    assert answer.reason == "redirect"
    assert "leads to another host" in answer.detail
    assert other.asked == []


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/gbfs.json", "redirect"),
        ("file:///etc/hostname", "address"),
        ("http://[::1/x", "unreachable"),
    ],
)
def test_a_redirect_that_leads_nowhere_ends(location: str, reason: str) -> None:
    with feed_of() as feed:
        redirecting(feed, location)
        assert failed(fetched(feed.url)).reason == reason
    assert len(feed.asked) <= 6


def test_another_hosts_file_is_asked_for_without_the_secret() -> None:
    with feed_of() as feed, feed_of() as other:
        settings = Gbfs.model_validate(
            {"name": "sim", "address": feed.url, "authorization": "Bearer secret"}
        )

        async def ask() -> None:
            async with open_door(settings) as door:
                assert isinstance(await door.fetch(feed.url, NONE_HELD), Fresh)
                assert isinstance(await door.fetch(other.url, NONE_HELD), Fresh)

        asyncio.run(ask())
    assert feed.asked[0].headers["authorization"] == "Bearer secret"
    assert "authorization" not in other.asked[0].headers


def test_no_secret_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), feed_of() as feed:
        address = f"{feed.url}?token=hidden"
        assert isinstance(fetched(address, authorization="Bearer hidden"), Fresh)
        feed.faults["gbfs"] = Fault(status=HTTPStatus.FORBIDDEN)
        answer = failed(fetched(address, authorization="Bearer hidden"))
        unsendable = failed(fetched(address, authorization="hidden ü\n"))
    assert "hidden" not in caplog.text
    assert "hidden" not in answer.detail + unsendable.detail
    assert unsendable.reason in {"address", "unreachable"}


def test_a_cookie_is_not_given_back() -> None:
    with feed_of() as feed:
        feed.faults["gbfs"] = Fault(headers={"Set-Cookie": "who=us; Path=/"})
        settings = Gbfs.model_validate({"name": "sim", "address": feed.url})

        async def ask() -> None:
            async with open_door(settings) as door:
                await door.fetch(feed.url, NONE_HELD)
                await door.fetch(feed.url, NONE_HELD)

        asyncio.run(ask())
    assert ["cookie" in asked.headers for asked in feed.asked] == [False, False]


def test_a_file_of_a_disk_is_read_once_and_then_known(tmp_path: Path) -> None:
    path = tmp_path / "a feed" / "gbfs.json"
    path.parent.mkdir()
    path.write_bytes(b"{}")
    first = fetched(path.as_uri())
    assert isinstance(first, Fresh)
    assert first.body == b"{}"
    assert isinstance(fetched(path.as_uri(), first.validators), Same)
    path.write_bytes(b'{"a": 1}')
    assert isinstance(fetched(path.as_uri(), first.validators), Fresh)


def test_what_is_no_file_is_explained(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b" " * 2000)
    expected = {
        "none": ("no_file", "does not exist"),
        "pipe": ("no_file", "is no file"),
        ".": ("no_file", "Is a directory"),
        "large": ("too_large", "larger than max_bytes, 1024"),
    }
    for name, (reason, words) in expected.items():
        answer = failed(fetched((tmp_path / name).as_uri(), max_bytes=1024))
        assert answer.reason == reason
        assert words in answer.detail
    assert failed(fetched("file://elsewhere/x")).reason == "address"
