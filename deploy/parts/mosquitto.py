"""Mosquitto's files from their templates: configuration, passwords and who may do what."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.parts.private import DeployError, Safe
from deploy.parts.site import Site

TEMPLATES = Path(__file__).parents[1] / "mosquitto"
PLACE = re.compile(r"@([A-Z]+)@")
# As mosquitto_passwd does it. Not more: what is hashed here is 128 random bits, which nobody
# guesses, and the broker's one thread would stand still when a fleet connects all at once.
ITERATIONS = 101
SALT_BYTES = 12
ASSET = re.compile(r"(bus|station|device)/[A-Za-z0-9_-]{1,64}")
GATEWAY = re.compile(r"gateway/[A-Za-z0-9_-]{1,64}")
COLLECTOR = "collector"
HEALTH = "health"


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with its places filled in.

    Raises:
        DeployError: it has a place that there is no value for.
    """
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    try:
        return PLACE.sub(lambda place: values[place[1]], text)
    except KeyError as error:
        raise DeployError(f"{template} has an unknown place @{error.args[0]}@") from error


def hashed(password: str, salt: bytes) -> str:
    """A password as `mosquitto_passwd` writes it (PBKDF2 with SHA-512)."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return "$".join(("", "7", str(ITERATIONS), *parts))


def check_name(name: str) -> None:
    """Refuse what is no asset and no gateway.

    Raises:
        DeployError: as said.
    """
    if not (ASSET.fullmatch(name) or GATEWAY.fullmatch(name)):
        raise DeployError(
            f"{name!r}: an asset such as bus/0123, station/12 or device/SN77 is expected, or "
            "gateway/NAME for one that speaks for all"
        )


def acl(site_id: str, names: Iterable[str]) -> str:
    """The file that says who may do what."""
    text = filled("acl", {"SITE": site_id})
    for name in names:
        template = "acl-gateway" if GATEWAY.fullmatch(name) else "acl-device"
        text += filled(template, {"SITE": site_id, "NAME": name})
    return text


class Broker:
    """The directory that Mosquitto reads: its users, and the files made from them."""

    def __init__(self, safe: Safe, site: Site) -> None:
        self._safe = safe
        self._site = site
        self.folder = safe.folder("mosquitto")
        self.passwords = self.folder / "passwords"
        self._devices = self.folder / "devices"

    def configure(self) -> None:
        """Write what holds no secret anew, from the templates as they are now."""
        site = self._site
        values = {
            "CONFIG": site.mosquitto_config,
            "DATA": site.mosquitto_data,
            "USER": site.mosquitto_user,
            "LOG": site.mosquitto_log,
            "LISTEN": site.listen(site.mosquitto_port),
        }
        self._safe.write(self.folder / "mosquitto.conf", filled("mosquitto.conf", values))
        self._safe.folder("mosquitto/conf.d")
        if (self.folder / "conf.d" / "certificates.conf").exists():
            self.allow_certificates()
        self._safe.write_once(self.passwords, "")
        self._write_acl()

    def allow_certificates(self) -> None:
        """Add the second listener, for devices that have a certificate."""
        site = self._site
        listen = site.listen(site.mosquitto_certificates_port)
        text = filled("certificates.conf", {"CONFIG": site.mosquitto_config, "LISTEN": listen})
        self._safe.write(self.folder / "conf.d" / "certificates.conf", text)

    def devices(self) -> list[str]:
        """The devices and gateways that are known, in order."""
        if not self._devices.exists():
            return []
        return self._devices.read_text(encoding="utf-8").split()

    def admit(self, name: str) -> None:
        """Let a device or gateway publish; how it proves its name is another matter.

        Raises:
            DeployError: it is known already, or no name for one.
        """
        check_name(name)
        known = self.devices()
        if name in known:
            raise DeployError(f"{name} is known already; for a new password: deploy/device renew")
        self._keep([*known, name])

    def dismiss(self, name: str) -> None:
        """Take away a device's rights and its password.

        Raises:
            DeployError: it is not known.
        """
        self.must_know(name)
        self._keep([each for each in self.devices() if each != name])
        users = self._users()
        users.pop(name, None)
        self._write_users(users)

    def must_know(self, name: str) -> None:
        """Refuse a name that was never added.

        Raises:
            DeployError: as said.
        """
        if name not in self.devices():
            raise DeployError(f"{name} is not known; deploy/device list shows who is")

    def has_password(self, name: str) -> bool:
        """Whether the user has one."""
        return name in self._users()

    def set_password(self, name: str, password: str) -> None:
        """Give a user a password; kept is its hash."""
        salt = secrets.token_bytes(SALT_BYTES)
        self._write_users({**self._users(), name: hashed(password, salt)})

    def _users(self) -> dict[str, str]:
        lines = self.passwords.read_text(encoding="utf-8").splitlines()
        return dict(line.split(":", 1) for line in lines if line)

    def _write_users(self, users: Mapping[str, str]) -> None:
        text = "".join(f"{name}:{password}\n" for name, password in sorted(users.items()))
        self._safe.write(self.passwords, text)

    def _keep(self, names: list[str]) -> None:
        self._safe.write(self._devices, "".join(f"{name}\n" for name in sorted(names)))
        self._write_acl()

    def _write_acl(self) -> None:
        self._safe.write(self.folder / "acl", acl(self._site.site_id, self.devices()))
