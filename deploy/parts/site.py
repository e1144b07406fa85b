"""What deploy/init was told of a site, kept in `.env`, which Compose reads too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from zoneinfo import available_timezones

from deploy.parts.private import DeployError

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
LINE = re.compile(r"([A-Z_]+)=(.*)")
HEAD = """\
# Made by deploy/init for `docker compose --env-file`. It holds no secret, but says where they are.
"""


@dataclass(frozen=True)
class Site:
    """The few things in which sites differ; each is a variable of the same name in capitals."""

    site_id: str = "kiel"
    site_timezone: str = "Europe/Berlin"
    secrets_dir: str = ""
    secrets_gid: str = "0"
    mqtt_port: str = "8883"
    mqtt_certificates_port: str = "8884"
    grafana_port: str = "3000"
    ausguck_port: str = "8080"
    mosquitto_config: str = "/mosquitto/config"
    mosquitto_data: str = "/mosquitto/data"
    mosquitto_user: str = "mosquitto"
    mosquitto_listen: str = ""
    mosquitto_port: str = "8883"
    mosquitto_certificates_port: str = "8884"
    mosquitto_log: str = "stdout"
    mosquitto_hosts: str = "localhost,mosquitto,127.0.0.1"

    @property
    def directory(self) -> Path:
        """Where the secrets are."""
        return Path(self.secrets_dir)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names and addresses the broker's certificate holds for."""
        return tuple(self.mosquitto_hosts.split(","))

    def listen(self, port: str) -> str:
        """What follows `listener` in Mosquitto's file: a port, and an address if there is one."""
        return f"{port} {self.mosquitto_listen}".strip()


def written(site: Site) -> str:
    """The text of `.env`."""
    lines = (f"{each.name.upper()}={getattr(site, each.name)}\n" for each in fields(site))
    return HEAD + "".join(lines)


def read(path: Path) -> Site | None:
    """What an earlier run wrote, or None."""
    if not path.exists():
        return None
    found = (LINE.fullmatch(line) for line in path.read_text(encoding="utf-8").splitlines())
    table = {match[1].lower(): match[2] for match in found if match}
    known = {each.name for each in fields(Site)}
    return Site(**{name: value for name, value in table.items() if name in known})


def merged(before: Site | None, given: Mapping[str, str | None], directory: Path) -> Site:
    """What was said before with what is said now over it.

    Raises:
        DeployError: the site would get another name, a value cannot stand in a file, or there is
            no such time zone.
    """
    told = {name: value for name, value in given.items() if value is not None}
    base = {each.name: getattr(before or Site(), each.name) for each in fields(Site)}
    if before and told.get("site_id", before.site_id) != before.site_id:
        raise DeployError(
            f"{directory} belongs to the site {before.site_id!r}, whose devices and store know it "
            "by that name. For another site take another --dir."
        )
    site = Site(**{**base, **told, "secrets_dir": str(directory.absolute())})
    if not NAME.fullmatch(site.site_id):
        raise DeployError(f"--site {site.site_id!r}: 1 to 64 of A-Z a-z 0-9 _ - are expected")
    _check_values(site)
    return site


def _check_values(site: Site) -> None:
    for each in fields(Site):
        value = getattr(site, each.name)
        if re.search(r"[\s'\"$#\\]", value) and each.name != "mosquitto_listen":
            raise DeployError(
                f"{each.name} {value!r}: a value without blanks, quotes, $, # and \\ is expected"
            )
    # a machine that knows no zone at all can still prepare another's files
    known = available_timezones()
    if known and site.site_timezone not in known:
        raise DeployError(
            f"--timezone {site.site_timezone!r}: a zone such as Europe/Berlin is expected"
        )
