"""What the word in front of a value says about it: a counter, a version, or somebody's address.

Twelve hex digits are a MAC or a boot id, fifteen digits an IMSI or a byte counter, four small
numbers an address or a firmware version. Where the shape alone does not say, the label does.
"""

import re
from collections.abc import Collection
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LABEL: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]*)[\"']?[\s:=#/(\[]{0,3}[\"']?\Z")
_LOOK_BACK: Final = 48

MEASURES: Final = frozenset(
    (
        *("bytes", "total", "octets", "packets", "count", "counter", "ms", "us", "ns", "epoch"),
        *("timestamp", "seq", "offset", "uptime"),
    )
)
"""Words by which a long number is a measure."""
HASHES: Final = frozenset(
    (
        *("boot", "build", "commit", "hash", "digest", "sha", "etag", "trace", "span"),
        *("revision", "firmware", "version"),
    )
)
"""Words by which twelve hex digits are an identity of ours, not of a device's radio."""
VERSIONS: Final = frozenset(
    ("v", "version", "firmware", "fw", "sw", "software", "release", "build", "rev")
)
"""Words by which four numbers with dots are a version."""
NETWORK: Final = frozenset(("ip", "ipv", "addr", "address", "host", "hostname", "gateway"))
"""Words by which four numbers with dots are no version, as in `wan_ip_v4`."""
PLACES: Final = frozenset(("bus", "trip", "stop", "asset", "seq", "offset"))
"""Words by which a number that begins with 0 is a name of the fleet's."""

_ACCUSED: Final = {
    word: tag
    for tag, names in {
        "mac": ("mac", "bssid", "hwaddr", "macaddr", "macaddress", "lladdr"),
        "imei": ("imei", "imeisv"),
        "imsi": ("imsi",),
        "iccid": ("iccid", "simid"),
        "phone": ("msisdn", "phone", "tel", "telephone", "mobile", "telefon"),
        "email": ("email", "mail"),
        "ip": ("ip", "ipv", "ipaddr", "ipaddress"),
    }.items()
    for word in names
}


def words(name: str) -> frozenset[str]:
    """The words of a key such as `guest_down_bytes_total` or `clientMac`, in lower case."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def accusation(name: str) -> str | None:
    """What a key says its value identifies (`mac`, `imsi`, ...), or None."""
    found = words(name)
    if found & MEASURES:
        return None
    for word in sorted(found):
        tag = _ACCUSED.get(word) or _ACCUSED.get(word.removesuffix("s"))
        if tag is not None:
            return tag
    return None


def before(match: re.Match[str], context: str) -> frozenset[str]:
    """The words of the label in front of a match; `context` is the key the whole text is under."""
    start = match.start()
    label = _LABEL.search(match.string[max(0, start - _LOOK_BACK) : start])
    if label is not None:
        return words(label[1])
    return words(context) if not match.string[:start].strip() else frozenset()


def is_labelled(match: re.Match[str], context: str, safe: Collection[str]) -> bool:
    """Whether the label in front of a match says that it identifies nobody."""
    return not before(match, context).isdisjoint(safe)
