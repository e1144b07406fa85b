"""`python -m ausguck` is the `ausguck` program."""

from ausguck.cli.main import entry

entry()
