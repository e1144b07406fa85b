"""A publisher: what it showed to come in, what it may, and what was judged of its topics; pure."""

from collections.abc import Callable
from enum import IntEnum
from typing import Final, NamedTuple

from ausguck.errors import TopicError
from ausguck.topics import Message, Topic, parse
from collectors.mqtt.protocol import Code

VERDICTS_REMEMBERED = 4096
VERDICT_TOPIC_BYTES = 256
NEVER_MS: Final = 1 << 62


class Verdict(IntEnum):
    """What becomes of a publish to a topic."""

    OK = 0
    FOREIGN = 1  # not the publisher's to send
    GRAMMAR = 2  # not a topic of ours
    COMMAND = 3  # towards a device: handed on, never journalled


VERDICT_CODES = {Verdict.FOREIGN: Code.NOT_AUTHORIZED, Verdict.GRAMMAR: Code.TOPIC_INVALID}


class Claim(NamedTuple):
    """What somebody came in with: a credential of the register, a certificate, or a setting."""

    user: str
    credential_id: int | None = None
    not_before_ms: int | None = None  # of a certificate
    not_after_ms: int = NEVER_MS


class Rights(NamedTuple):
    """What a publisher may; another answer may be due at `until_ms`."""

    speaks_for: frozenset[str] = frozenset()  # assets such as 'bus/0123'
    present: frozenset[str] = frozenset()  # of these, for which it speaks and hears just now
    everything: bool = False
    operator: bool = False
    until_ms: int = NEVER_MS


Ask = Callable[[], Rights]


class Identity:
    """A publisher; its rights are asked for when they are needed, and kept until `forget`."""

    __slots__ = ("_ask", "_rights", "_site", "_verdicts", "claim", "known", "name", "until_ms")

    def __init__(self, name: str, site: str, ask: Ask, claim: Claim | None = None) -> None:
        self.name = name
        self.claim = claim
        self.until_ms = NEVER_MS  # then it must be judged anew
        self.known: set[bytes] = set()  # topics judged OK, for the hot path
        self._verdicts: dict[bytes, Verdict] = {}
        self._site = site
        self._ask = ask
        self._rights: Rights | None = None

    @property
    def rights(self) -> Rights:
        """What it may."""
        if self._rights is None:
            self._rights = self._ask()
            self.until_ms = min(self.until_ms, self._rights.until_ms)
        return self._rights

    def forget(self, until_ms: int = NEVER_MS) -> None:
        """Ask and judge anew, as something may have changed."""
        self.until_ms = until_ms
        self._rights = None
        self._verdicts.clear()
        self.known.clear()

    def judge(self, topic: bytes) -> Verdict:
        """What becomes of a publish to a topic, which must be well-formed UTF-8; remembered."""
        verdict = self._verdicts.get(topic)
        if verdict is None:
            verdict = self._judge(topic.decode(), self.rights.speaks_for)
            if len(topic) > VERDICT_TOPIC_BYTES:  # none of ours is so long; not worth its memory
                return verdict
            if len(self._verdicts) >= VERDICTS_REMEMBERED:
                self._verdicts.clear()
                self.known.clear()
            self._verdicts[topic] = verdict
            if verdict is Verdict.OK:
                self.known.add(topic)
        return verdict

    def judge_will(self, topic: bytes) -> Verdict:
        """What becomes of a will, which speaks of this moment and never of a backlog."""
        return self._judge(topic.decode(), self.rights.present)

    def may_hear(self, topic_filter: str) -> bool:
        """Whether a subscription may be granted: the `cmd` of where it is now, nothing else."""
        try:
            topic = parse(topic_filter)
        except TopicError:
            return False
        return topic.message is Message.CMD and self._is_among(topic, self.rights.present)

    def _judge(self, name: str, assets: frozenset[str]) -> Verdict:
        try:
            topic = parse(name)
        except TopicError:
            return Verdict.GRAMMAR
        if topic.message is Message.CMD:
            allowed = self.rights.operator and topic.site == self._site
            return Verdict.COMMAND if allowed else Verdict.FOREIGN
        return Verdict.OK if self._is_among(topic, assets) else Verdict.FOREIGN

    def _is_among(self, topic: Topic, assets: frozenset[str]) -> bool:
        if topic.site != self._site:
            return False
        return self.rights.everything or f"{topic.kind}/{topic.asset_id}" in assets
