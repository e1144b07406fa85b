"""The little Markdown that generated pages are made of."""

from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by `python -m ausguck.docs` from {source}; change it there. -->"


BAR = "\\|"  # a bar in a cell, also within code


def page(title: str, source: str, *parts: str) -> str:
    """A whole page: title, where it comes from, and its parts with empty lines between."""
    return "\n\n".join([f"# {title}", NOTE.format(source=source), *parts]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, with bars in cells kept from being read as its own."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(' '.join(cell.split()).replace('|', BAR) for cell in line)} |"
        for line in lines
    )


def code(text: object) -> str:
    """Text as it is written in a program or a file."""
    return f"`{text}`"
