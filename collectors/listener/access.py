"""Who may connect, and which topics are theirs to publish; pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from enum import IntEnum
from ipaddress import ip_address
from typing import NamedTuple

from ausguck.errors import TopicError
from ausguck.settings.tree import Listener, User
from ausguck.topics import Message, Topic, parse
from collectors.mqtt.protocol import Code

SCRYPT_N = 16_384
SCRYPT_R = 8
SCRYPT_P = 1
SCRYPT_MEMORY = 134_217_728
DIGEST_BYTES = 32
VERDICTS_REMEMBERED = 4096
VERDICT_TOPIC_BYTES = 256


class Verdict(IntEnum):
    """What becomes of a publish to a topic."""

    OK = 0
    FOREIGN = 1  # not the publisher's to send
    GRAMMAR = 2  # not a topic of ours
    COMMAND = 3  # towards a device: handed on, never journalled


VERDICT_CODES = {Verdict.FOREIGN: Code.NOT_AUTHORIZED, Verdict.GRAMMAR: Code.TOPIC_INVALID}


def hash_password(password: str, salt: bytes) -> str:
    """The form `[[listener.users]] password_hash` takes."""
    digest = _scrypt(password.encode(), salt, (SCRYPT_N, SCRYPT_R, SCRYPT_P), DIGEST_BYTES)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return "$".join(("scrypt", str(SCRYPT_N), str(SCRYPT_R), str(SCRYPT_P), *parts))


def verify_password(password: bytes, password_hash: str) -> bool:
    """Whether the password is the one of the hash; takes about 50 ms, so not in the loop."""
    _scheme, n, r, p, salt, expected = password_hash.split("$")
    try:
        digest = base64.b64decode(expected)
        found = _scrypt(password, base64.b64decode(salt), (int(n), int(r), int(p)), len(digest))
    except (ValueError, MemoryError):  # no base64, or a cost that this machine will not pay
        return False
    return hmac.compare_digest(found, digest)


def _scrypt(password: bytes, salt: bytes, cost: tuple[int, int, int], size: int) -> bytes:
    n, r, p = cost
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=SCRYPT_MEMORY, dklen=size)


class Identity:
    """A publisher, the assets it may speak for, and what was judged of its topics so far."""

    __slots__ = ("_assets", "_everything", "_site", "_verdicts", "known", "name", "operator")

    def __init__(self, name: str, site: str, assets: Iterable[str], *, everything: bool) -> None:
        self.name = name
        self.operator = False
        self.known: set[bytes] = set()  # topics judged OK, for the hot path
        self._verdicts: dict[bytes, Verdict] = {}
        self._site = site
        self._assets = frozenset(assets)
        self._everything = everything

    def owns(self, topic: Topic) -> bool:
        """Whether it may speak for the topic's asset."""
        if topic.site != self._site:
            return False
        return self._everything or f"{topic.kind}/{topic.asset_id}" in self._assets

    def judge(self, topic: bytes) -> Verdict:
        """What becomes of a publish to a topic, which must be well-formed UTF-8; remembered."""
        verdict = self._verdicts.get(topic)
        if verdict is None:
            verdict = self._judge(topic.decode())
            if len(topic) > VERDICT_TOPIC_BYTES:  # none of ours is so long; not worth its memory
                return verdict
            if len(self._verdicts) >= VERDICTS_REMEMBERED:
                self._verdicts.clear()
                self.known.clear()
            self._verdicts[topic] = verdict
            if verdict is Verdict.OK:
                self.known.add(topic)
        return verdict

    def _judge(self, name: str) -> Verdict:
        try:
            topic = parse(name)
        except TopicError:
            return Verdict.GRAMMAR
        if topic.message is Message.CMD:
            allowed = self.operator and topic.site == self._site
            return Verdict.COMMAND if allowed else Verdict.FOREIGN
        return Verdict.OK if self.owns(topic) else Verdict.FOREIGN

    def may_hear(self, topic_filter: str) -> bool:
        """Whether a subscription may be granted: an own asset's `cmd`, nothing else."""
        try:
            topic = parse(topic_filter)
        except TopicError:
            return False
        return topic.message is Message.CMD and self.owns(topic)


class Refused(NamedTuple):
    """No entry, and why."""

    reason: str
    code: Code


class Proof(NamedTuple):
    """Entry for whoever knows the password of `password_hash`; `identity` None lets nobody in.

    For an unknown name there is a hash too, so that the answer takes as long.
    """

    identity: Identity | None
    password_hash: str


class Access:
    """The identities the settings know."""

    def __init__(self, settings: Listener, site: str, secret: bytes) -> None:
        self._site = site
        self._secret = secret
        self._users = {user.name: user for user in settings.users}
        self._identities: dict[str, Identity] = {}
        self._verified: dict[str, bytes] = {}
        self._anonymous: Identity | None = None
        if settings.anonymous and is_loopback(settings.host):
            self._anonymous = Identity("", site, (), everything=True)
            self._anonymous.operator = True

    def by_certificate(self, common_name: str | None) -> Identity | Refused:
        """Entry by a client certificate: a user of that name, or the asset it names."""
        if not common_name:
            return Refused("certificate_without_name", Code.NOT_AUTHORIZED)
        user = self._users.get(common_name)
        if user is not None:
            return self._of_user(user)
        if common_name.count("/") != 1:
            return Refused("certificate_unknown", Code.NOT_AUTHORIZED)
        known = self._identities.get(common_name)
        if known is None:
            known = Identity(common_name, self._site, (common_name,), everything=False)
            self._identities[common_name] = known
        return known

    def by_password(self, name: str | None, password: bytes | None) -> Identity | Proof | Refused:
        """Entry by user and password, or without both; `Proof` asks for the slow check."""
        if name is None and password is None:
            return self._anonymous or Refused("anonymous", Code.NOT_AUTHORIZED)
        if not name or password is None or not self._users:
            return Refused("credentials", Code.BAD_CREDENTIALS)
        user = self._users.get(name)
        if user is None:
            some = next(iter(self._users.values()))
            return Proof(None, some.password_hash.get_secret_value())
        if hmac.compare_digest(self._verified.get(name, b""), self._fingerprint(password)):
            return self._of_user(user)
        return Proof(self._of_user(user), user.password_hash.get_secret_value())

    def remember(self, identity: Identity, password: bytes) -> None:
        """Spare the next connection with the same password the slow check.

        Kept is a keyed digest under a secret of this process, never the password.
        """
        self._verified[identity.name] = self._fingerprint(password)

    def _fingerprint(self, password: bytes) -> bytes:
        return hmac.digest(self._secret, password, "sha256")

    def _of_user(self, user: User) -> Identity:
        known = self._identities.get(user.name)
        if known is None:
            known = Identity(user.name, self._site, user.assets, everything=user.gateway)
            known.operator = user.operator
            self._identities[user.name] = known
        return known


def is_loopback(host: str) -> bool:
    """Whether nobody beyond this machine can connect to the address."""
    return host == "localhost" or ip_address(host).is_loopback
