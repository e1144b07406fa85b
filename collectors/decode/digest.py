"""Digests by which two elements are told apart; both fit a signed 64-bit integer."""

import hashlib

import google_crc32c


def of_content(element: bytes) -> int:
    """A cheap digest, for an element whose sequence number already says which one it is."""
    checksum: int = google_crc32c.value(element)
    return len(element) << 32 | checksum


def of_identity(element: bytes) -> int:
    """The first 63 bits of SHA-256, for an element with nothing else to know it by."""
    return int.from_bytes(hashlib.sha256(element).digest()[:8], "big") >> 1
