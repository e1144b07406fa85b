"""Certificates for tests, made by the `openssl` program for loopback only."""

import subprocess
from pathlib import Path


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def authority(directory: Path, name: str = "ca", common_name: str = "test") -> Path:
    """A certificate authority; returns its certificate."""
    key, certificate = directory / f"{name}.key", directory / f"{name}.crt"
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *(
            "-keyout",
            str(key),
            "-out",
            str(certificate),
            "-days",
            "2",
            "-subj",
            f"/CN={common_name}",
        ),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return certificate


def issue(
    directory: Path, name: str, common_name: str, ca: str = "ca", days: int = 2
) -> tuple[Path, Path]:
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
        *("x509", "-req", "-in", str(request), "-out", str(certificate), "-days", str(days)),
        *("-CA", str(directory / f"{ca}.crt"), "-CAkey", str(directory / f"{ca}.key")),
        *("-CAcreateserial", "-extfile", str(extensions)),
    )
    return certificate, key
