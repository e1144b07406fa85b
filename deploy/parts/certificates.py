"""A certificate authority of the site's own, by the `openssl` program."""

import subprocess
import tempfile
from ipaddress import ip_address
from pathlib import Path

from deploy.parts.private import GROUP_READS, OWNER_ONLY, DeployError, Safe

AUTHORITY_DAYS = 3650
SERVER_DAYS = 730
DEVICE_DAYS = 1825
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*arguments: str) -> None:
    """Run it, and pass on what it complains about.

    Raises:
        DeployError: it is not installed, or refused.
    """
    command = ["openssl", *arguments]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ours
    except FileNotFoundError as error:
        raise DeployError("the program openssl is not installed") from error
    if done.returncode:
        raise DeployError(f"openssl {arguments[0]}: {done.stderr.strip().splitlines()[-1]}")


def names(hosts: tuple[str, ...]) -> str:
    """The extension that says which names and addresses a certificate holds for."""
    return "subjectAltName=" + ",".join(f"{_kind(host)}:{host}" for host in hosts)


def _kind(host: str) -> str:
    try:
        ip_address(host)
    except ValueError:
        return "DNS"
    return "IP"


class Authority:
    """Signs the broker's certificate, and devices' where they have some."""

    def __init__(self, safe: Safe) -> None:
        self._safe = safe
        folder = safe.folder("authority")
        folder.chmod(0o700)
        self._key = folder / "ca.key"
        self.certificate = folder / "ca.crt"

    def found(self, site_id: str) -> bool:
        """Make it, unless it is there; says whether it was made."""
        if self.certificate.exists():
            return False
        with tempfile.TemporaryDirectory(dir=self._safe.directory) as scratch:
            key, certificate = Path(scratch, "key"), Path(scratch, "crt")
            openssl(
                *("req", "-x509", *KEY, "-keyout", str(key), "-out", str(certificate)),
                *("-days", str(AUTHORITY_DAYS), "-subj", f"/CN=Ausguck {site_id} authority"),
                *("-addext", "basicConstraints=critical,CA:TRUE,pathlen:0"),
                *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            )
            self._take(key, self._key, OWNER_ONLY)
            self._take(certificate, self.certificate, GROUP_READS)
        return True

    def server(self, folder: Path, hosts: tuple[str, ...]) -> bool:
        """`server.crt` and `server.key`, unless they are there; says whether they were made."""
        if (folder / "server.crt").exists():
            return False
        extensions = ("extendedKeyUsage=serverAuth", names(hosts))
        self._issue(folder / "server", hosts[0], (SERVER_DAYS, GROUP_READS), extensions)
        return True

    def device(self, stem: Path, name: str) -> None:
        """A device's certificate, whose common name is the device's user name."""
        self._issue(stem, name, (DEVICE_DAYS, OWNER_ONLY), ("extendedKeyUsage=clientAuth",))

    def _issue(
        self, stem: Path, name: str, kept: tuple[int, int], extensions: tuple[str, ...]
    ) -> None:
        days, mode = kept
        escaped = name.replace("/", "\\/")
        with tempfile.TemporaryDirectory(dir=self._safe.directory) as scratch:
            key, request, certificate, extras = (
                Path(scratch, each) for each in ("key", "csr", "crt", "ext")
            )
            extras.write_text("\n".join(extensions) + "\n", encoding="utf-8")
            openssl(
                "req", *KEY, "-keyout", str(key), "-out", str(request), "-subj", f"/CN={escaped}"
            )
            openssl(
                *("x509", "-req", "-in", str(request), "-out", str(certificate)),
                *("-CA", str(self.certificate), "-CAkey", str(self._key)),
                *("-CAserial", str(Path(scratch, "serial")), "-CAcreateserial"),
                *("-days", str(days), "-extfile", str(extras)),
            )
            self._take(key, stem.with_suffix(".key"), mode)
            self._take(certificate, stem.with_suffix(".crt"), GROUP_READS)

    def _take(self, source: Path, target: Path, mode: int) -> None:
        self._safe.write(target, source.read_text(encoding="utf-8"), mode)
