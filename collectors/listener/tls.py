"""The listener's certificates: from files to a context, again whenever the files change."""

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ausguck.errors import ConfigError
from ausguck.settings.tree import Tls
from collectors.certificates import CertificateKind, SeenCertificate, in_file

Signature = tuple[tuple[int, int, int] | None, ...]


class Loaded(NamedTuple):
    """A context for connections that come, and the certificates in it."""

    context: ssl.SSLContext
    certificates: Sequence[SeenCertificate]


class Files:
    """The files that the settings name, and how they were when last they were read."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._signature: Signature = ()

    def look(self) -> Loaded | None:
        """What is in the files, or None if they are as they were at the last look.

        Files that were found to be wrong are not read again before they change.

        Raises:
            ConfigError: they cannot be used.
        """
        # Taken before reading: what is written meanwhile makes another one.
        tls = self._tls
        signature = tuple(map(_signature, (tls.certificate, tls.key, tls.client_ca)))
        if signature == self._signature:
            return None
        self._signature = signature
        return Loaded(_context(tls), _certificates(tls))

    def forget(self) -> None:
        """Read them again at the next look."""
        self._signature = ()


def _signature(path: Path | None) -> tuple[int, int, int] | None:
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:
        raise ConfigError(
            "listener.tls",
            f"{_name(error)} in {str(tls.certificate)!r} or {str(tls.key)!r}",
            "a PEM certificate and its key",
        ) from error
    if tls.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(tls.client_ca)
        except OSError as error:
            raise ConfigError(
                "listener.tls.client_ca", f"{_name(error)} in {str(tls.client_ca)!r}", "a PEM file"
            ) from error
    return context


def _name(error: OSError) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else None
    return reason or type(error).__name__


def _certificates(tls: Tls) -> Sequence[SeenCertificate]:
    found: list[SeenCertificate] = []
    files = ((tls.certificate, CertificateKind.SERVER), (tls.client_ca, CertificateKind.CLIENT_CA))
    for path, kind in files:
        if path is not None:
            found += in_file(path, kind)
    return tuple(found)
