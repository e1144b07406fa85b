"""`ausguck keys`: secrets for the settings file."""

import os

import click

from collectors.listener.access import hash_password

SALT_BYTES = 16


@click.group()
def keys() -> None:
    """Make what the settings file holds in place of secrets."""


@keys.command("hash-password")
@click.password_option(help="Asked for twice when not given.")
def hash_a_password(password: str) -> None:
    """Print the hash of a password for `listener.users`.

    \b
    [[listener.users]]
    name = "bus-0123"
    password_hash = "scrypt$..."
    assets = ["bus/0123"]
    """
    if not password:
        raise click.UsageError("The password is empty; give one that nobody guesses.")
    click.echo(hash_password(password, os.urandom(SALT_BYTES)))
