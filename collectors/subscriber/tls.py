"""TLS towards the broker: its certificate is checked, and ours is shown where it asks."""

import ssl

from ausguck.errors import ConfigError
from ausguck.settings.partners import BrokerTls


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
