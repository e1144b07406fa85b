"""Many connections at once: what an idle one costs, and how fast others are served beside them."""

import os
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.flood import flood
from bench.load import connect, greet
from bench.processes import Figures, Served, intake_only
from tests.listener.certificates import authority, issue

WARM = 100


@contextmanager
def crowd(served: Served, connections: int) -> Iterator[int]:
    """So many idle connections; yields the bytes they cost."""
    warm = [connect(served.port, f"warm-{number}") for number in range(WARM)]
    before = served.rss_bytes()
    peers = [connect(served.port, f"idle-{number}") for number in range(connections)]
    try:
        yield served.rss_bytes() - before
    finally:
        for peer in warm + peers:
            peer.close()


def idle(connections: int) -> Figures:
    """Bytes of memory a plain idle connection costs."""
    with (
        tempfile.TemporaryDirectory() as name,
        intake_only(Path(name)) as served,
        crowd(served, connections) as used,
    ):
        return {"connections": connections, "bytes_a_connection": round(used / connections)}


def idle_tls(connections: int) -> Figures:
    """Bytes of memory an idle connection over TLS costs."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        context = ssl.create_default_context(cafile=authority(directory))
        certificate, key = issue(directory, "server", "localhost")
        environ = {
            "AUSGUCK_LISTENER__TLS__CERTIFICATE": str(certificate),
            "AUSGUCK_LISTENER__TLS__KEY": str(key),
        }
        with intake_only(directory / "data", **environ) as served:
            warm = [secure(served.port, f"warm-{number}", context) for number in range(WARM)]
            before = served.rss_bytes()
            peers = [
                secure(served.port, f"idle-{number}", context) for number in range(connections)
            ]
            used = served.rss_bytes() - before
            for peer in warm + peers:
                peer.close()
    return {"connections": connections, "bytes_a_connection": round(used / connections)}


def secure(port: int, client_id: str, context: ssl.SSLContext) -> socket.socket:
    """A connection over TLS that has its CONNACK."""
    plain = socket.create_connection(("127.0.0.1", port))
    return greet(context.wrap_socket(plain, server_hostname="127.0.0.1"), client_id)


def served_in_a_crowd(connections: int, peers: int, each: int) -> Figures:
    """The rate at which some devices are acknowledged while many others are connected."""
    with (
        tempfile.TemporaryDirectory() as name,
        intake_only(Path(name)) as served,
        crowd(served, connections - peers - WARM),
    ):
        figures = flood(served, peers, each, os.sync)
    return {"connections": connections, **figures}
