"""The HTTP server of a simulated feed, in a thread of its own, with faults to be planted."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from simulators.feed.documents import Document, Version, documents
from simulators.feed.stations import FeedStation

HOST: Final = "127.0.0.1"
Edit = Callable[[Document], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file: its content, or how it is answered."""

    edit: Edit | None = None  # changes the document before it is written
    body: bytes | None = None  # is sent in place of it
    cut_to: int | None = None  # only so many bytes of it
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    is_slow: bool = False  # half of it, and the rest when `release` is called
    has_validators: bool = True


@dataclass(slots=True)
class Asked:
    """One request as it came."""

    name: str
    headers: Mapping[str, str]
    status: int = 0


class FeedServer:
    """Serves `<base_url>/<file>.json`; `stations`, `at_s` and `faults` may change at any time."""

    def __init__(self, stations: list[FeedStation], at_s: int, version: Version = "3.0") -> None:
        self.stations = stations
        self.at_s = at_s
        self.version: Version = version
        self.ttl_s = 60
        self.faults: dict[str, Fault] = {}
        self.prefix = ""  # where the sub-files are: another one is a move
        self.asked: list[Asked] = []
        self._slow = threading.Event()
        self._server = _Server((HOST, 0), _Handler)
        self._server.feed = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="feed"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every answer that waits, then the server."""
        self._slow.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The address of gbfs.json."""
        return f"{self.base_url}/gbfs.json"

    @property
    def counts(self) -> Counter[str]:
        """How often each file was asked for."""
        return Counter(asked.name for asked in self.asked)

    def release(self) -> None:
        """Let slow answers go on."""
        self._slow.set()

    def told(self) -> Mapping[str, Document]:
        """The files as they are now, without faults."""
        return documents(
            self.version, f"{self.base_url}{self.prefix}", self.stations, self.at_s, self.ttl_s
        )

    def answer(self, prefix: str, file: str) -> tuple[Fault, bytes] | None:
        """What a file's address answers; None if there is none."""
        expected = "" if file == "gbfs" else self.prefix
        document = self.told().get(file)
        if document is None or prefix != expected:
            return None
        fault = self.faults.get(file, Fault())
        if fault.edit is not None:
            fault.edit(document)
        body = fault.body
        if body is None:
            body = json.dumps(document, ensure_ascii=False).encode()
        return fault, body if fault.cut_to is None else body[: fault.cut_to]

    def wait_slow(self) -> None:
        """Stand still in the middle of an answer."""
        self._slow.wait()


class _Server(ThreadingHTTPServer):
    """A server that knows whose feed it serves."""

    daemon_threads = True
    feed: FeedServer


class _Handler(BaseHTTPRequestHandler):
    """One connection to the feed."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - theirs
        """Say nothing; `asked` tells."""

    def do_GET(self) -> None:
        """Answer one question."""
        feed = self.server.feed
        path = self.path.partition("?")[0].removesuffix(".json")
        prefix, _, name = path.rpartition("/")
        asked = Asked(name, {key.lower(): value for key, value in self.headers.items()})
        feed.asked.append(asked)
        found = feed.answer(prefix, name)
        if found is None:
            asked.status = HTTPStatus.NOT_FOUND
            self._send(HTTPStatus.NOT_FOUND, {}, b"", Fault())
            return
        fault, body = found
        headers = {"Content-Type": "application/octet-stream", **fault.headers}
        asked.status = fault.status
        if fault.has_validators and fault.status == HTTPStatus.OK:
            etag = f'"{sha256(body).hexdigest()[:16]}"'
            headers["ETag"] = etag
            headers["Last-Modified"] = formatdate(feed.at_s, usegmt=True)
            if asked.headers.get("if-none-match") == etag:
                asked.status, body = HTTPStatus.NOT_MODIFIED, b""
        self._send(HTTPStatus(asked.status), headers, body, fault)

    def _send(
        self, status: HTTPStatus, headers: Mapping[str, str], body: bytes, fault: Fault
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if fault.is_slow:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                self.server.feed.wait_slow()
                body = body[len(body) // 2 :]
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # they did not wait for it
