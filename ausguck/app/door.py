"""Where devices connect, as commissioning sheets tell them."""

from ausguck.commissioning.sheet import Door
from ausguck.errors import ConfigError
from ausguck.settings.tree import Settings

ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to recognise it, not to bind to it


def door_of(settings: Settings) -> Door:
    """Where devices connect, by the settings.

    Raises:
        ConfigError: the authority's file cannot be read.
    """
    ours = settings.listener.enabled
    told = settings.register
    place = settings.listener if ours else settings.subscriber
    tls = settings.listener.tls if ours else settings.subscriber.tls
    ca_pem = None
    if told.device_ca is not None:
        try:
            ca_pem = told.device_ca.read_text()
        except (OSError, UnicodeDecodeError) as error:
            found = f"{str(told.device_ca)!r}, {error}"
            raise ConfigError("register.device_ca", found, "a PEM file that can be read") from error
    host = told.device_host or ("this machine's name" if place.host in ANY_ADDRESS else place.host)
    return Door(host, told.device_port or place.port, tls is not None, ca_pem, is_ours=ours)
