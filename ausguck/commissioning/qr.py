"""The sheet as a QR code, which a set-up app reads; it holds the secret."""

import io
import os
from pathlib import Path
from tempfile import mkstemp
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
    """Write the code where only its owner reads it, in place of what is there.

    The name's ending says how.

    Raises:
        ValueError: neither `.svg` nor `.png`.
    """
    kind = path.suffix.lstrip(".").lower()
    if kind not in {"svg", "png"}:
        raise ValueError(f"{path.name}: found ending {path.suffix!r}, expected .svg or .png")
    content = io.BytesIO()
    segno.make_qr(qr_text(one), error="m").save(content, kind=kind, scale=SCALE)
    # A new file beside it: what was there may be readable for others, or lead elsewhere.
    descriptor, beside = mkstemp(prefix=".", suffix=f".{path.name}", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.getvalue())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
