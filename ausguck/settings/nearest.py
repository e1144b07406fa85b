"""What somebody may have meant by a name that does not exist."""

import difflib
from collections.abc import Sequence

ALIKE = 0.7


def nearest(found: str, known: Sequence[str], alike: float = ALIKE) -> str | None:
    """The known name most like the one found, or None when none is like it."""
    close = difflib.get_close_matches(found, known, n=1, cutoff=alike)
    return close[0] if close else None
