"""`deploy/init`: everything that is secret or differs from site to site, made once."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from deploy.parts import site as sites
from deploy.parts.certificates import Authority
from deploy.parts.mosquitto import COLLECTOR, HEALTH, Broker
from deploy.parts.private import (
    OWNER_ONLY,
    DeployError,
    Safe,
    device_secret,
    make_private,
    secret,
)
from deploy.parts.readable import advice
from deploy.parts.site import Site

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "deploy" / "secrets"
SIMULATOR = "gateway/simulator"
FAILED = 1
DESCRIPTION = """\
Make what Mosquitto, InfluxDB, Grafana and Ausguck need to know of each other and of this site:
a certificate authority and the broker's certificate, the broker's configuration, passwords and
tokens, and the .env file for `docker compose --env-file`.

Run it as often as you like: no secret is ever written over; what was said before holds, and
files without a secret are written anew from their templates. To renew the broker's certificate,
remove mosquitto/server.crt and run it again.
"""
AUSGUCK_TOML = """\
# Settings of this site that are no secret and that nothing else sets; ausguck.example.toml has all.
# What docker-compose.yml (or the systemd unit) sets as a variable goes over this file.

# Your buses' box, so that a GPS's nonsense is left out and counted.
#[site.area]
#south = 54.2
#west = 9.9
#north = 54.5
#east = 10.4

# A feed of bike stations; Kiel's SprottenFlotte is the example.
#[[gbfs]]
#name = "sprottenflotte"
#address = "https://stables.donkey.bike/api/public/gbfs/3.0/donkey_kielsmile/gbfs.json"
"""


def parser() -> argparse.ArgumentParser:
    """The arguments; those that have a default keep what an earlier run was told."""
    form = argparse.RawDescriptionHelpFormatter
    new = argparse.ArgumentParser("deploy/init", description=DESCRIPTION, formatter_class=form)
    new.add_argument("--dir", type=Path, default=DEFAULT, help="where to (default deploy/secrets)")
    new.add_argument("--site", dest="site_id", help="the site's name in topics (default kiel)")
    new.add_argument("--timezone", dest="site_timezone", help="default Europe/Berlin")
    new.add_argument(
        "--host",
        dest="hosts",
        action="append",
        help="a name or address by which devices reach the broker; again for another",
    )
    new.add_argument("--mqtt-port", help="published for devices (default 8883)")
    new.add_argument("--grafana-port", help="published on loopback (default 3000)")
    new.add_argument("--ausguck-port", help="published on loopback (default 8080)")
    new.add_argument(
        "--gid",
        dest="secrets_gid",
        help="group that containers read secrets by (default your own; 0 with rootless Docker)",
    )
    new.add_argument("--certificates", action="store_true", help="also let devices in by theirs")
    new.add_argument(
        "--simulator", action="store_true", help="also let in the profile `simulators`"
    )
    plain = new.add_argument_group("without containers")
    plain.add_argument("--mosquitto-config", help="the directory Mosquitto sees its files in")
    plain.add_argument("--mosquitto-data", help="the directory it keeps messages in")
    plain.add_argument("--mosquitto-user", help="the user it becomes when started as root")
    plain.add_argument("--mosquitto-listen", help="the one address to listen on (default all)")
    plain.add_argument("--mosquitto-port", help="the port to listen on (default 8883)")
    plain.add_argument("--mosquitto-certificates-port", help="default 8884")
    plain.add_argument("--mosquitto-log", help="stdout (default), or syslog")
    return new


def told(arguments: argparse.Namespace, before: Site | None) -> dict[str, str | None]:
    """What this run was told, by the names of `Site`."""
    given = {each.name: getattr(arguments, each.name, None) for each in fields(Site)}
    if before is None and given["secrets_gid"] is None:
        given["secrets_gid"] = str(os.getgid())
    if arguments.hosts:
        names = (*arguments.hosts, *(before or Site()).hosts)
        given["mosquitto_hosts"] = ",".join(dict.fromkeys(names))
    return given


class Making:
    """Makes the parts one by one, and remembers which were new."""

    def __init__(self, site: Site) -> None:
        self.made: list[str] = []
        self.has_containers = site.mosquitto_config == Site().mosquitto_config
        self._site = site
        self._safe = Safe(site.directory, int(site.secrets_gid))

    def broker(self, *, certificates: bool, simulator: bool) -> None:
        """Certificates, users and configuration of Mosquitto."""
        safe, site = self._safe, self._site
        authority, broker = Authority(safe), Broker(safe, site)
        self._note("certificate authority", is_new=authority.found(site.site_id))
        is_new = authority.server(broker.folder, site.hosts)
        self._note(f"broker's certificate for {', '.join(site.hosts)}", is_new=is_new)
        public = authority.certificate.read_text(encoding="utf-8")
        safe.write(broker.folder / "ca.crt", public)
        safe.write(safe.folder("ausguck") / "ca.crt", public)
        broker.configure()
        if certificates:
            broker.allow_certificates()
        self._user(broker, COLLECTOR, safe.folder("ausguck") / "broker-password")
        self._user(broker, HEALTH, safe.folder("mosquitto/health") / "password")
        self._health(broker)
        if simulator:
            safe.write(safe.folder("simulator") / "ca.crt", public)
            if SIMULATOR not in broker.devices():
                broker.admit(SIMULATOR)
            self._user(broker, SIMULATOR, safe.folder("simulator") / "password")

    def servers(self) -> None:
        """Secrets of InfluxDB and Grafana, and Ausguck's own file."""
        safe = self._safe
        for name in ("influxdb/operator-password", "influxdb/operator-token"):
            self._secret(name)
        self._secret("grafana/admin-password")
        path = safe.folder("ausguck") / "ausguck.toml"
        self._note("ausguck/ausguck.toml", is_new=safe.write_once(path, AUSGUCK_TOML))

    def env(self) -> None:
        """What Compose and later runs read."""
        self._safe.write(self._site.directory / ".env", sites.written(self._site), OWNER_ONLY)

    def _secret(self, name: str) -> None:
        path = self._safe.folder(Path(name).parent.name) / Path(name).name
        self._note(name, is_new=self._safe.write_once(path, secret()))

    def _user(self, broker: Broker, name: str, path: Path) -> None:
        is_new = self._safe.write_once(path, device_secret())
        if is_new or not broker.has_password(name):
            broker.set_password(name, path.read_text(encoding="utf-8"))
        self._note(f"broker's user {name}", is_new=is_new)

    def _health(self, broker: Broker) -> None:
        """The options that `mosquitto_sub` finds when the container asks how it is."""
        folder = broker.folder / "health"
        site = self._site
        password = (folder / "password").read_text(encoding="utf-8")
        options = (
            f"-h 127.0.0.1\n-p {site.mosquitto_port}\n--cafile {site.mosquitto_config}/ca.crt\n"
            f"-i {HEALTH}\n-u {HEALTH}\n-P {password}\n"
        )
        self._safe.write(folder / "mosquitto_sub", options)

    def _note(self, what: str, *, is_new: bool) -> None:
        if is_new:
            self.made.append(what)


def make(arguments: argparse.Namespace) -> Making:
    """Everything, in order.

    Raises:
        DeployError: something is in the way; what was made so far stays.
    """
    directory: Path = arguments.dir.absolute()
    make_private(directory)
    before = sites.read(directory / ".env")
    site = sites.merged(before, told(arguments, before), directory)
    making = Making(site)
    with Safe(directory, int(site.secrets_gid)).locked():
        making.env()
        making.broker(certificates=arguments.certificates, simulator=arguments.simulator)
        making.servers()
    return making


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Make it, and say what was new and what comes next; `root` is the checkout."""
    chosen = parser().parse_args(arguments)
    try:
        making = make(chosen)
    except (DeployError, OSError) as error:
        sys.stderr.write(f"deploy/init: {error}\n")
        return FAILED
    for what in making.made:
        sys.stdout.write(f"made  {what}\n")
    if not making.made:
        sys.stdout.write("Nothing was missing; no secret was changed.\n")
    sys.stdout.write(f"Secrets and .env are in {chosen.dir}. A device is added by deploy/device.\n")
    if making.has_containers and (said := advice(root)):
        sys.stderr.write(f"deploy/init: {said}\n")
    return 0
