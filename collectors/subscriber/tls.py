"""TLS towards the broker: its certificate is checked, and ours is shown where it asks."""

import asyncio
import ssl
from collections.abc import Sequence

from ausguck.errors import ConfigError
from ausguck.settings.partners import BrokerTls
from collectors.certificates import CertificateKind, SeenCertificate, in_file, of_peer


def context(tls: BrokerTls | None) -> ssl.SSLContext | None:
    """The context for these settings; None for a connection in the clear.

    Raises:
        ConfigError: a file is not what it should be.
    """
    if tls is None:
        return None
    try:
        made = ssl.create_default_context(cafile=tls.ca)
    except OSError as error:
        raise ConfigError(
            "subscriber.tls.ca", type(error).__name__, "a PEM file of certificates"
        ) from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None and tls.key is not None:
        try:
            made.load_cert_chain(tls.certificate, tls.key)
        except OSError as error:
            raise ConfigError(
                "subscriber.tls.certificate", type(error).__name__, "a PEM certificate and its key"
            ) from error
    return made


class Towards:
    """TLS towards the broker, by what the files hold at each new connection.

    Raises:
        ConfigError: a file is not what it should be, at the first time.
    """

    def __init__(self, tls: BrokerTls | None, host: str) -> None:
        self._tls = tls
        self._host = host
        self._context = context(tls)
        self._own = _own(tls)
        self._brokers: SeenCertificate | None = None

    @property
    def certificates(self) -> Sequence[SeenCertificate]:
        """What the files hold, and what the broker showed last."""
        return self._own if self._brokers is None else (*self._own, self._brokers)

    async def context(self) -> ssl.SSLContext | None:
        """A context for the next connection.

        Raises:
            ConfigError: the files cannot be used just now; `latest` still can.
        """
        if self._tls is not None:
            made, own = await asyncio.to_thread(lambda: (context(self._tls), _own(self._tls)))
            self._context, self._own = made, own
        return self._context

    @property
    def latest(self) -> ssl.SSLContext | None:
        """The context of the last files that could be used."""
        return self._context

    def note(self, transport: asyncio.BaseTransport | None) -> None:
        """Remember the certificate that the broker shows."""
        shown = None if transport is None else transport.get_extra_info("peercert")
        if shown:
            self._brokers = of_peer(shown, CertificateKind.BROKER, self._host)


def _own(tls: BrokerTls | None) -> Sequence[SeenCertificate]:
    if tls is None:
        return ()
    files = ((tls.ca, CertificateKind.BROKER_CA), (tls.certificate, CertificateKind.BROKER_CLIENT))
    found: list[SeenCertificate] = []
    for path, kind in files:
        if path is not None:
            found += in_file(path, kind)
    return tuple(found)
