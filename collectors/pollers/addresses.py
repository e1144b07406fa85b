"""Where a feed's files may be, and to whom the feed's own secret may go; pure."""

from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from ausguck.errors import AusguckError

WEB: Final = frozenset({"http", "https"})
FILE: Final = "file"
_PORTS: Final = {"http": 80, "https": 443}
MAX_SHOWN: Final = 200


class Refused(AusguckError):  # noqa: N818 - the name says what became of it
    """An address that is not asked, and why."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        self.reason = reason
        super().__init__(f"{shown(address)!r} is not asked: {reason}")


def absolute(address: str) -> str:
    """A setting's address as a URL; a path is one of a file of this machine."""
    return address if "://" in address else Path(address).absolute().as_uri()


def resolved(base: str, found: str) -> str:
    """The address of a file that another file names.

    A feed behind TLS often names plain addresses of its own host; those are asked by TLS.

    Raises:
        Refused: it is on another scheme than the file that names it.
    """
    try:
        address = urljoin(base, found.strip())
        parts, own = urlsplit(address), urlsplit(base)
        ports = (_port(parts), _port(own))
    except ValueError:
        raise Refused(found, "it is no address") from None
    if parts.scheme == own.scheme and (parts.hostname or parts.scheme == FILE):
        return urlunsplit(parts._replace(fragment=""))
    if parts.scheme in WEB and own.scheme == "http":
        return urlunsplit(parts._replace(fragment=""))
    if (own.scheme, parts.scheme) == ("https", "http") and own.hostname == parts.hostname:
        host = parts.netloc if ports[0] != _PORTS["http"] else own.netloc
        return urlunsplit(parts._replace(scheme="https", netloc=host, fragment=""))
    raise Refused(found, f"it is named by a file of {own.scheme}, which may name only its like")


def is_same_host(one: str, other: str) -> bool:
    """Whether two addresses are of one host and port, or the second is the same by TLS."""
    a, b = urlsplit(one), urlsplit(other)
    if a.hostname != b.hostname:
        return False
    ends = ((a.scheme, _port(a)), (b.scheme, _port(b)))
    return ends[0] == ends[1] or ends == (("http", 80), ("https", 443))


def path_of(address: str) -> Path:
    """The path of a file's address.

    Raises:
        Refused: it is of another machine.
    """
    parts = urlsplit(address)
    if parts.netloc not in {"", "localhost"}:
        raise Refused(address, "it is a file of another machine")
    return Path(unquote(parts.path))


def shown(address: str) -> str:
    """An address as it may be told: without user, query and fragment, which may be secrets."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(no address)"
    host = f"[{host}]" if ":" in host else host
    plain = urlunsplit(SplitResult(parts.scheme, host + port, parts.path, "", ""))
    return plain if len(plain) <= MAX_SHOWN else plain[: MAX_SHOWN - 1] + "…"


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)
