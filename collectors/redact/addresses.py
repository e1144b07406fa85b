"""Addresses of radios and hosts: MAC in any dress, EUI-64, IPv4, IPv6."""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from collectors.redact.labels import HASHES, NETWORK, VERSIONS, is_labelled

MAC: Final = "[redacted:mac]"
IP: Final = "[redacted:ip]"

_SIX_OCTETS: Final = re.compile(r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}")
_HEX_LETTER: Final = re.compile(r"[A-Fa-f]")
_UUID_HEAD: Final = re.compile(
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-([0-9A-Fa-f])[0-9A-Fa-f]{3}-[^-]{4}-\Z"
)
_UUID_HEAD_LENGTH: Final = 24
_TIMED_UUID_VERSIONS: Final = "126"

COLONS: Final = re.compile(r"(?<![0-9A-Fa-f:])[0-9A-Fa-f]*:[0-9A-Fa-f:]+")
OCTETS: Final = re.compile(
    r"[0-9A-Fa-f]{2}(?P<sep>[-_ ]|%3[aA]|\\u003[aA])[0-9A-Fa-f]{2}(?:(?P=sep)[0-9A-Fa-f]{2}){4,}"
)
DOTTED: Final = re.compile(r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}")
DASHED: Final = re.compile(
    r"(?<![0-9A-Za-z-])[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}(?![0-9A-Za-z-])"
)
HALVES: Final = re.compile(r"(?<![0-9A-Za-z-])[0-9A-Fa-f]{6}-[0-9A-Fa-f]{6}(?![0-9A-Za-z-])")
BARE: Final = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
EUI64: Final = re.compile(
    r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{6}[Ff]{2}[Ff][Ee][0-9A-Fa-f]{6}(?![0-9A-Fa-f])"
)
QUADS: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)", re.ASCII)


def colons(match: re.Match[str], _context: str) -> str:
    """A run of hex digits and colons: a MAC somewhere in it, an IPv6 address, or a time."""
    run = match[0]
    if _SIX_OCTETS.search(run):
        return IP if _is_host(run) else MAC
    text, end = match.string, match.end()
    inside_word = text[match.start() - 1 : match.start()].isalnum() or text[end : end + 1].isalnum()
    bare = run if run.endswith("::") else run.rstrip(":")
    if inside_word or not _is_host(bare):
        return run
    return IP + run[len(bare) :]


def _is_host(text: str) -> bool:
    try:
        address = IPv6Address(text)
    except ValueError:
        return False
    # The machine's own address, and none at all, say nothing about anybody.
    return not (address.is_loopback or address.is_unspecified)


def octets(match: re.Match[str], _context: str) -> str:
    """Six or more pairs with one separator; pairs of digits alone may be a date or counts."""
    if _HEX_LETTER.search(match[0].replace(match["sep"], "")):
        return MAC
    text, start, end = match.string, match.start(), match.end()
    stands_alone = not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
    return MAC if stands_alone and match["sep"] not in {" ", "_"} else match[0]


def plain(_match: re.Match[str], _context: str) -> str:
    """A shape that nothing else has."""
    return MAC


def lettered(match: re.Match[str], _context: str) -> str:
    """A shape that a date and time has too, when it is of digits alone."""
    return MAC if _HEX_LETTER.search(match[0]) else match[0]


def bare(match: re.Match[str], context: str) -> str:
    """Twelve hex digits: a MAC unless digits alone, a labelled hash, or the end of a UUID."""
    start = match.start()
    head = _UUID_HEAD.search(match.string[max(0, start - _UUID_HEAD_LENGTH) : start])
    if head is not None:
        # A UUID of version 1, 2 or 6 ends in the address of the machine that made it.
        return MAC if head[1] in _TIMED_UUID_VERSIONS else match[0]
    if not _HEX_LETTER.search(match[0]) or is_labelled(match, context, HASHES):
        return match[0]
    return MAC


def quads(match: re.Match[str], context: str) -> str:
    """Four numbers: an address unless they are labelled a version or cannot be one."""
    try:
        address = IPv4Address(match[0])
    except ValueError:
        return match[0]  # such as 00.07.06.10 or 10.0.19045.1
    this_host = address.is_loopback or match[0].startswith("0.")
    is_version = is_labelled(match, context, VERSIONS) and not is_labelled(match, context, NETWORK)
    return match[0] if this_host or is_version else IP
