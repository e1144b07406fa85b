"""The truth to compare a receiver with: what was sent, what was acknowledged, by which shift.

A ledger is a file of JSON lines, only ever appended to:

    {"run": {"what": "replay austin-buses", "shift_ms": 123}}
    {"sent": 1, "topic": "v1/kiel/bus/0101/telemetry", "ids": [[at_ms, boot_id, seq, digest]]}
    {"ack": 1}
    {"truth": {"kind": "gap", "asset": "bus/0101", "from_ms": 1, "to_ms": 2, "why": "tunnel", …}}

Every line is handed to the operating system before the next message is sent, so that the
file outlives a killed simulator; a line cut off at the end is left out on reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import msgspec

from simulators.city.truth import Truth
from simulators.outgoing import Identity, Outgoing


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """One start of a simulator: what it was told, and by how much it moves the times."""

    what: str
    shift_ms: int = 0


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """Any line: exactly one of `run`, `sent`, `ack` and `truth` is there."""

    run: Run | None = None
    sent: int | None = None
    topic: str = ""
    ids: tuple[tuple[int | None, str | None, int | None, str], ...] = ()
    ack: int | None = None
    truth: Truth | None = None


class Ledger(Protocol):
    """Where a sender notes what it does."""

    def sent(self, message: Outgoing) -> int:
        """Note a message that goes out for the first time; its number."""
        ...

    def acknowledged(self, number: int) -> None:
        """Note that its PUBACK came."""
        ...


class CountingLedger:
    """Numbers the messages and keeps nothing, for a city nobody compares."""

    def __init__(self) -> None:
        self._number = 0

    def sent(self, _message: Outgoing) -> int:
        """Note a message that goes out for the first time; its number."""
        self._number += 1
        return self._number

    def acknowledged(self, number: int) -> None:
        """Nothing is kept."""


class FileLedger:
    """Appends to a file; a context manager."""

    def __init__(self, path: Path, run: Run) -> None:
        written = read_ledger(path) if path.exists() else LedgerContent()
        self._number = written.last_number
        self._file = path.open("ab", buffering=0)
        if not written.ends_whole:
            self._file.write(b"\n")
        self._append(_Line(run=run))

    def __enter__(self) -> Self:
        """The ledger itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def sent(self, message: Outgoing) -> int:
        """Note a message that goes out for the first time; its number."""
        self._number += 1
        ids = tuple((i.observed_at_ms, i.boot_id, i.seq, i.digest) for i in message.identities())
        self._append(_Line(sent=self._number, topic=message.topic, ids=ids))
        return self._number

    def acknowledged(self, number: int) -> None:
        """Note that its PUBACK came."""
        self._append(_Line(ack=number))

    def told(self, truth: Truth) -> None:
        """Note what was really so; a `Tell` for a city."""
        self._append(_Line(truth=truth))

    def _append(self, line: _Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of a ledger."""

    topic: str
    identities: tuple[Identity, ...]
    is_acknowledged: bool


@dataclass(slots=True)
class LedgerContent:
    """A ledger as it was read."""

    runs: list[Run] = field(default_factory=list)
    messages: dict[int, Sent] = field(default_factory=dict)
    truth: list[Truth] = field(default_factory=list)
    last_number: int = 0
    ends_whole: bool = True

    def acknowledged(self, message: str = "telemetry") -> list[Identity]:
        """Identities whose PUBACK came, of one kind of message, in the order of sending.

        A reading sent in two messages is there twice.
        """
        return [i for sent in self._of(message) if sent.is_acknowledged for i in sent.identities]

    def sent(self, message: str = "telemetry") -> list[Identity]:
        """Identities that went out, acknowledged or not, in the order of sending."""
        return [i for sent in self._of(message) for i in sent.identities]

    def unacknowledged(self) -> int:
        """Messages of every kind whose PUBACK never came."""
        return sum(not sent.is_acknowledged for sent in self.messages.values())

    def _of(self, message: str) -> Iterator[Sent]:
        ending = f"/{message}"
        return (sent for sent in self.messages.values() if sent.topic.endswith(ending))


def read_ledger(path: Path) -> LedgerContent:
    """Read a ledger, also one whose last line was cut off."""
    content = LedgerContent()
    decoder = msgspec.json.Decoder(_Line)
    raw = path.read_bytes()
    content.ends_whole = not raw or raw.endswith(b"\n")
    for line in raw.split(b"\n"):
        if line:
            _take(content, decoder, line)
    return content


def _take(content: LedgerContent, decoder: msgspec.json.Decoder[_Line], line: bytes) -> None:
    try:
        entry = decoder.decode(line)
    except msgspec.DecodeError:
        return  # cut off when a simulator was killed; what it noted is simply not known
    if entry.run is not None:
        content.runs.append(entry.run)
    elif entry.sent is not None:
        asset = "/".join(entry.topic.split("/")[2:4])
        identities = tuple(Identity(asset, *i) for i in entry.ids)
        content.messages[entry.sent] = Sent(entry.topic, identities, is_acknowledged=False)
        content.last_number = entry.sent
    elif entry.truth is not None:
        content.truth.append(entry.truth)
    elif entry.ack is not None and entry.ack in content.messages:
        sent = content.messages[entry.ack]
        content.messages[entry.ack] = Sent(sent.topic, sent.identities, is_acknowledged=True)
