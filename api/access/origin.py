"""Where a request comes from, and by which name it reached us; pure."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

FORWARDED: Final = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
)
"""What a proxy adds: then the connection's address is the proxy's, whoever it speaks for."""


def host_name(host_header: str) -> str | None:
    """The name or address in a Host header, in small letters; None where there is none."""
    try:
        return urlsplit(f"//{host_header}").hostname
    except ValueError:
        return None


def is_loopback(host_header: str) -> bool:
    """Whether a Host header (name or address, with or without port) is of this machine."""
    name = host_name(host_header)
    return name is not None and (name == "localhost" or is_here(name))


def is_here(address: str) -> bool:
    """Whether an address is one of loopback."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_ours(host_header: str, names: frozenset[str]) -> bool:
    """Whether a Host header names us: loopback, or one of the names of `api.names`."""
    return is_loopback(host_header) or host_name(host_header) in names


def known(names: tuple[str, ...]) -> frozenset[str]:
    """The names of `api.names` as `is_ours` compares them."""
    return frozenset(name.lower() for name in names)


def forwarded_by(headers: Headers) -> str | None:
    """The header that says a proxy stands between, or None."""
    return next((name for name in FORWARDED if name in headers), None)


def scheme(request: HTTPConnection, names: frozenset[str]) -> str:
    """How people reach us; a proxy that ends TLS for one of our names is believed."""
    headers = request.headers
    if host_name(headers.get("host", "")) in names:
        said = headers.get("x-forwarded-proto", "")
        if said in {"http", "https"}:
            return said
    return request.url.scheme


def address(request: HTTPConnection) -> str:
    """Whose address it is: the connection's, or what a proxy on this machine says."""
    peer = "" if request.client is None else request.client.host
    said = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return said if said and is_here(peer) else peer
