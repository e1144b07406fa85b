"""Digests by which two elements are told apart; both fit a signed 64-bit integer."""

import hashlib

from google_crc32c import value as crc32c


def of_content(element: bytes) -> int:
    """A cheap digest, for an element whose sequence number already says which one it is.

    The fast path has its own copy of this line.
    """
    checksum: int = crc32c(element)
    return len(element) << 32 | checksum


def of_identity(element: bytes) -> int:
    """The first 63 bits of SHA-256, for an element with nothing else to know it by."""
    return int.from_bytes(hashlib.sha256(element).digest()[:8], "big") >> 1
