"""Who may connect: by the settings, by the register, or by a certificate; pure."""

import base64
import hashlib
import hmac
from functools import partial
from ipaddress import ip_address
from typing import NamedTuple

from ausguck.clock import Clock
from ausguck.model import Kind
from ausguck.register.directory import Directory
from ausguck.settings.tree import Listener
from ausguck.topics import VERSION, Topic
from collectors.certificates import SeenCertificate
from collectors.listener.claims import Claims, Standing
from collectors.listener.identity import Claim, Identity, Rights
from collectors.mqtt.protocol import Code

SCRYPT_N = 16_384
SCRYPT_R = 8
SCRYPT_P = 1
SCRYPT_MEMORY = 134_217_728
DIGEST_BYTES = 32


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


class Refused(NamedTuple):
    """No entry, and why."""

    reason: str
    code: Code


class Proof(NamedTuple):
    """Entry for whoever knows the password of `password_hash`; `identity` None lets nobody in.

    Where users of the settings are all there are, there is a hash for an unknown name too, so
    that the answer takes as long.
    """

    identity: Identity | None
    password_hash: str


class Access:
    """The identities that the settings and the register know."""

    def __init__(
        self, settings: Listener, site: str, secret: bytes, clock: Clock, directory: Directory
    ) -> None:
        self._site = site
        self._secret = secret
        self._clock = clock
        self._directory = directory
        self._users = {user.name: user for user in settings.users}
        self._claims = Claims(self._users, directory)
        self._verified: dict[str, bytes] = {}
        self._anonymous: Identity | None = None
        if settings.anonymous and is_loopback(settings.host):
            everything = Rights(everything=True, operator=True)
            self._anonymous = Identity("", site, lambda: everything)

    def by_certificate(self, shown: SeenCertificate | None) -> Identity | Refused:
        """Entry by a client certificate: of a user, a registered device, or an asset."""
        if shown is None:
            return Refused("certificate_without_name", Code.NOT_AUTHORIZED)
        name = self._claims.shown_by(shown.name)
        claim = Claim(name, None, shown.not_before_ms, shown.not_after_ms)
        fault = self.standing(claim).fault
        return Refused(fault, Code.NOT_AUTHORIZED) if fault else self._identity(claim)

    def by_password(self, name: str | None, password: bytes | None) -> Identity | Proof | Refused:
        """Entry by user and password, or without both; `Proof` asks for the slow check."""
        if name is None and password is None:
            return self._anonymous or Refused("anonymous", Code.NOT_AUTHORIZED)
        if not name or password is None:
            return Refused("credentials", Code.BAD_CREDENTIALS)
        keyring = self._directory.keyring
        if keyring.is_barred(name):
            return Refused("barred", Code.BAD_CREDENTIALS)
        credential = keyring.opens(name, password, self._clock.now_ms())
        if credential is not None:
            return self._identity(Claim(name, credential.id))
        return self._by_settings(name, password)

    def _by_settings(self, name: str, password: bytes) -> Proof | Identity | Refused:
        user = self._users.get(name)
        if user is None:
            # Devices of the register are many: a wrong secret of theirs costs no slow check. So
            # where there are any, a name nobody has must not cost one either, or strangers could
            # tell serials by the clock, and keep the slow checks from those who need one.
            if not self._users or self._directory.keyring.knows_anybody:
                return Refused("credentials", Code.BAD_CREDENTIALS)
            some = next(iter(self._users.values()))
            return Proof(None, some.password_hash.get_secret_value())
        identity = self._identity(Claim(name))
        if hmac.compare_digest(self._verified.get(name, b""), self._fingerprint(password)):
            return identity
        return Proof(identity, user.password_hash.get_secret_value())

    def standing(self, claim: Claim | None) -> Standing:
        """What a claim is worth now."""
        return self._claims.standing(claim, self._clock.now_ms())

    def renew(self, identity: Identity) -> str:
        """Judge anew what was known of somebody who is in; returns why they may not stay."""
        standing = self.standing(identity.claim)
        identity.forget(standing.until_ms)
        return standing.fault

    def device_topic(self, topic: Topic) -> str | None:
        """Under which topic the device hears what is sent to the asset that it is in now."""
        asset = f"{topic.kind}/{topic.asset_id}"
        fitting = self._directory.register.fitted(asset, self._clock.now_ms())
        if fitting is None:
            return None
        return f"{VERSION}/{self._site}/{Kind.DEVICE}/{fitting.id}/{topic.message}"

    def remember(self, identity: Identity, password: bytes) -> None:
        """Spare the next connection with the same password the slow check.

        Kept is a keyed digest under a secret of this process, never the password.
        """
        self._verified[identity.name] = self._fingerprint(password)

    def _fingerprint(self, password: bytes) -> bytes:
        return hmac.digest(self._secret, password, "sha256")

    def _identity(self, claim: Claim) -> Identity:
        # One a connection: what is remembered of it ends with it.
        identity = Identity(claim.user, self._site, partial(self._rights, claim), claim)
        identity.until_ms = self.standing(claim).until_ms
        return identity

    def _rights(self, claim: Claim) -> Rights:
        return self._claims.rights(claim, self._clock.now_ms())


def is_loopback(host: str) -> bool:
    """Whether nobody beyond this machine can connect to the address."""
    return host == "localhost" or ip_address(host).is_loopback
