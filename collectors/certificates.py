"""Certificates as far as they expire: whose, and from when until when; read from PEM and DER."""

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
SEEN_MAX: Final = 20_000
SEQUENCE: Final = 0x30
VERSION: Final = 0xA0  # [0], which certificates of version 1 lack
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
TURN_OF_CENTURY: Final = "50"  # two digits of a year from here on are of 19..
COMMON_NAME: Final = b"\x55\x04\x03"
LONG: Final = 0x80  # a length that tells how many bytes the length has


class CertificateKind(StrEnum):
    """Where a certificate was met."""

    SERVER = "server"  # of our own listener, with its chain
    CLIENT_CA = "client_ca"  # by which the listener knows clients
    CLIENT = "client"  # shown by a client, the newest of each
    BROKER = "broker"  # shown by the broker
    BROKER_CA = "broker_ca"  # by which we know the broker
    BROKER_CLIENT = "broker_client"  # that we show the broker, with its chain


class SeenCertificate(msgspec.Struct, frozen=True):
    """A certificate's common name, and when it holds."""

    name: str
    kind: CertificateKind
    not_before_ms: int
    not_after_ms: int


class Seen:
    """The newest certificate of each name that was shown; of the last so many names."""

    def __init__(self, most: int = SEEN_MAX) -> None:
        self._most = most
        self._by_name: dict[str, SeenCertificate] = {}

    def note(self, certificate: SeenCertificate) -> None:
        """Keep it, unless a newer one of the same name was shown."""
        known = self._by_name.pop(certificate.name, certificate)
        newer = max(known, certificate, key=lambda one: (one.not_before_ms, one.not_after_ms))
        self._by_name[certificate.name] = newer
        if len(self._by_name) > self._most:
            del self._by_name[next(iter(self._by_name))]

    def all(self) -> Sequence[SeenCertificate]:
        """All that are kept."""
        return tuple(self._by_name.values())


def of_peer(
    shown: Mapping[str, object], kind: CertificateKind, name: str | None = None
) -> SeenCertificate | None:
    """What `SSLObject.getpeercert` tells of a certificate; None without a common name.

    With `name` it goes by that one.
    """
    subject = shown.get("subject")
    before, after = shown.get("notBefore"), shown.get("notAfter")
    names = (
        str(value)
        for relative_name in (subject if isinstance(subject, tuple) else ())
        for key, value in relative_name
        if key == "commonName"
    )
    name = name or next(names, None)
    if not name or not isinstance(before, str) or not isinstance(after, str):
        return None
    moments = (int(1000 * ssl.cert_time_to_seconds(text)) for text in (before, after))
    return SeenCertificate(name, kind, *moments)


def in_pem(text: str, kind: CertificateKind, name: str) -> Sequence[SeenCertificate]:
    """Every certificate of a PEM file that can be read, in its order.

    Each has a name of its own: one without any goes by `name`, and of an authority's old and
    new certificate the second is numbered.
    """
    found: dict[str, SeenCertificate] = {}
    for block in PEM.findall(text):
        try:
            one = in_der(ssl.PEM_cert_to_DER_cert(block), kind)
        except ValueError:
            continue  # whether the file is of any use is for OpenSSL to say
        called = plain = one.name or name
        number = 1
        while called in found:
            number += 1
            called = f"{plain} ({number})"
        found[called] = msgspec.structs.replace(one, name=called)
    return tuple(found.values())


def in_file(path: Path, kind: CertificateKind) -> Sequence[SeenCertificate]:
    """Every certificate of a file.

    Raises:
        OSError: it cannot be read.
    """
    return in_pem(path.read_text(encoding="utf-8", errors="replace"), kind, path.name)


def in_der(der: bytes, kind: CertificateKind) -> SeenCertificate:
    """The certificate's own words (RFC 5280 §4.1).

    Raises:
        ValueError: it is not a certificate.
    """
    try:
        parts = list(_parts(_only(_only(der))))
        # The serial number, how it is signed, the issuer, its validity, the subject.
        first = 1 if parts[0][0] == VERSION else 0
        validity, subject = parts[first + 3][1], parts[first + 4][1]
        begins_ms, ends_ms = (_moment_ms(*part) for part in _parts(validity))
    except IndexError:
        raise ValueError from None
    return SeenCertificate(_common_name(subject), kind, begins_ms, ends_ms)


def _only(data: bytes) -> bytes:
    tag, content = next(_parts(data), (0, b""))
    if tag != SEQUENCE:
        raise ValueError
    return content


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= LONG:
            size = length - LONG
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError
        yield tag, data[at : at + length]
        at += length


def _moment_ms(tag: int, content: bytes) -> int:
    text = content.decode("ascii")
    if tag == UTC_TIME:
        text = ("20" if text < TURN_OF_CENTURY else "19") + text
    elif tag != GENERALIZED_TIME:
        raise ValueError
    moment = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000


def _common_name(subject: bytes) -> str:
    for _tag, relative in _parts(subject):
        for _tag2, pair in _parts(relative):
            (_, oid), (_, value) = _parts(pair)
            if oid == COMMON_NAME:
                return value.decode("utf-8", "replace")
    return ""
