"""Certificates for tests, made by the `openssl` program for loopback only."""

import subprocess
from pathlib import Path


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def authority(directory: Path) -> Path:
    """A certificate authority; returns its certificate."""
    key, certificate = directory / "ca.key", directory / "ca.crt"
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=test"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return certificate


def issue(directory: Path, name: str, common_name: str) -> tuple[Path, Path]:
    """A certificate of that authority for loopback, and its key."""
    key, request, certificate = (directory / f"{name}.{end}" for end in ("key", "csr", "crt"))
    extensions = directory / f"{name}.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n", encoding="utf-8")
    _openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-keyout", str(key), "-out", str(request)),
        *("-subj", "/CN=" + common_name.replace("/", "\\/")),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-out", str(certificate), "-days", "2"),
        *("-CA", str(directory / "ca.crt"), "-CAkey", str(directory / "ca.key")),
        *("-CAcreateserial", "-extfile", str(extensions)),
    )
    return certificate, key
