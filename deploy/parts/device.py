"""`deploy/device`: who may speak at the broker, and for which bus or station."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.parts import site as sites
from deploy.parts.certificates import Authority
from deploy.parts.init import DEFAULT
from deploy.parts.mosquitto import Broker, check_name
from deploy.parts.private import DeployError, Safe, device_secret

FAILED = 1
DESCRIPTION = """\
Add, renew, remove and list what may publish at the broker. A device's user name is its asset,
such as bus/0123, and it may publish for that asset and no other. gateway/NAME may publish for
every asset of the site. A password is 128 random bits, printed once; kept is its hash.

Afterwards restart the broker, which loses nothing (devices connect again by themselves):
  docker compose --env-file deploy/secrets/.env restart mosquitto
  systemctl restart mosquitto
Do not send it SIGHUP instead. Mosquitto 2.0.11 then takes the right to read from a session that
is away since a restart, and drops what it acknowledges; with certificates it even crashes.
"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    form = argparse.RawDescriptionHelpFormatter
    new = argparse.ArgumentParser("deploy/device", description=DESCRIPTION, formatter_class=form)
    new.add_argument("--dir", type=Path, default=DEFAULT, help="as given to deploy/init")
    verbs = new.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, text in (
        ("add", "let it in"),
        ("renew", "give it a new password or certificate"),
        ("remove", "take its rights and its password"),
    ):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("name", help="bus/0123, station/12, device/SN77 or gateway/NAME")
        if verb != "remove":
            one.add_argument(
                "--certificate",
                type=Path,
                metavar="DIR",
                help="no password, but a certificate and its key, written into DIR",
            )
    verbs.add_parser("list", help="who is known")
    return new


def certify(safe: Safe, name: str, folder: Path) -> None:
    """Write a certificate and key for the device where its owner fetches them."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / name.replace("/", "-")
    Authority(safe).device(stem, name)
    sys.stdout.write(f"certificate {stem}.crt, key {stem}.key\n")


def work(arguments: argparse.Namespace) -> None:
    """Do what was asked.

    Raises:
        DeployError: it cannot be done.
    """
    site = sites.read(arguments.dir / ".env")
    if site is None:
        raise DeployError(f"nothing in {arguments.dir}; run deploy/init first")
    safe = Safe(arguments.dir, int(site.secrets_gid))
    with safe.locked():
        broker = Broker(safe, site)
        if arguments.verb == "list":
            sys.stdout.write("".join(f"{name}\n" for name in broker.devices()))
            return
        check_name(arguments.name)
        if arguments.verb == "remove":
            broker.dismiss(arguments.name)
            return
        if arguments.verb == "add":
            broker.admit(arguments.name)
        else:
            broker.must_know(arguments.name)
        if arguments.certificate:
            certify(safe, arguments.name, arguments.certificate)
            return
        password = device_secret()
        broker.set_password(arguments.name, password)
        sys.stdout.write(f"user {arguments.name}\npassword {password}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it, or say in a line why not."""
    try:
        work(parser().parse_args(arguments))
    except (DeployError, OSError) as error:
        sys.stderr.write(f"deploy/device: {error}\n")
        return FAILED
    return 0
