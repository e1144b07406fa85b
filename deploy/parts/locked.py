"""`deploy/locked`: the part of requirements.lock that something needs, with its hashes.

The lock holds developers' packages too. Which of them Ausguck itself needs is in its comments:
each package says by whom it is wanted.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

OURSELVES = "ausguck (pyproject.toml)"
PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
WANTED_BY = re.compile(r"^    # (?:via|  ) ?(\S.*)$", re.MULTILINE)


class Locked:
    """The lock, taken apart: each package's lines, and who wants it."""

    def __init__(self, text: str) -> None:
        starts = [*(match.start() for match in PACKAGE.finditer(text)), len(text)]
        self._blocks: dict[str, str] = {}
        for start, end in pairwise(starts):
            block = text[start:end]
            self._blocks[block.partition("==")[0]] = block
        self.wanted_by = {name: _wanted_by(block) for name, block in self._blocks.items()}

    def needed(self, root: str) -> frozenset[str]:
        """What a root needs: ourselves, or a package, which is then needed too."""
        found = {root} & set(self._blocks)
        ahead = {root}
        while ahead:
            ahead = {
                name
                for name, wanting in self.wanted_by.items()
                if name not in found and wanting & ahead
            }
            found |= ahead
        return frozenset(found)

    def text(self, names: frozenset[str]) -> str:
        """Their lines, as pip reads them."""
        return "".join(self._blocks[name] for name in sorted(names))


def _wanted_by(block: str) -> frozenset[str]:
    return frozenset(WANTED_BY.findall(block))


def selected(text: str, roots: Sequence[str]) -> str:
    """The lines of everything that the roots need.

    Raises:
        KeyError: a root is not in the lock.
    """
    locked = Locked(text)
    chosen: Mapping[str, frozenset[str]] = {root: locked.needed(root) for root in roots}
    for root, names in chosen.items():
        if not names:
            raise KeyError(root)
    return locked.text(frozenset().union(*chosen.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print them."""
    parser = argparse.ArgumentParser("deploy/locked", description=__doc__)
    parser.add_argument("lock", type=Path)
    parser.add_argument("root", nargs="*", help="packages; without any: Ausguck itself")
    chosen = parser.parse_args(arguments)
    text = chosen.lock.read_text(encoding="utf-8")
    try:
        sys.stdout.write(selected(text, chosen.root or [OURSELVES]))
    except KeyError as error:
        sys.stderr.write(f"deploy/locked: {error.args[0]} is not in {chosen.lock}\n")
        return 1
    return 0
