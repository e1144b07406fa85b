"""The sheet as a QR code, which a set-up app reads; it holds the secret."""

import io
import os
from pathlib import Path
from typing import Final

import segno

from ausguck.commissioning.sheet import Sheet, qr_text

SCALE: Final = 6


def qr_svg(one: Sheet) -> str:
    """The code as an SVG element that can stand in a page."""
    return str(segno.make_qr(qr_text(one), error="m").svg_inline(scale=SCALE))


def qr_for_terminal(one: Sheet) -> str:
    """The code in half blocks."""
    out = io.StringIO()
    segno.make_qr(qr_text(one), error="m").terminal(out, compact=True)
    return out.getvalue()


def write_qr(one: Sheet, path: Path) -> None:
    """Write the code where only its owner reads it; the name's ending says how.

    Raises:
        ValueError: neither `.svg` nor `.png`.
    """
    kind = path.suffix.lstrip(".").lower()
    if kind not in {"svg", "png"}:
        raise ValueError(f"{path.name}: found ending {path.suffix!r}, expected .svg or .png")
    content = io.BytesIO()
    segno.make_qr(qr_text(one), error="m").save(content, kind=kind, scale=SCALE)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content.getvalue())
