"""When certificates end, read from files as OpenSSL reads it."""

import ssl
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.certificates import (
    CertificateKind,
    Seen,
    SeenCertificate,
    in_der,
    in_file,
    in_pem,
    of_peer,
)
from tests.listener.certificates import authority, issue

CA = CertificateKind.CLIENT_CA


def made(name: str, begun_ms: int = 0, ends_ms: int = 1000) -> SeenCertificate:
    return SeenCertificate(name, CertificateKind.CLIENT, begun_ms, ends_ms)


def openssl_end_ms(path: Path) -> int:
    done = subprocess.run(
        ["openssl", "x509", "-in", str(path), "-noout", "-enddate"],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(1000 * ssl.cert_time_to_seconds(done.stdout.strip().removeprefix("notAfter=")))


@pytest.mark.parametrize("days", [1, 400, 36_500])  # the last one needs four digits of the year
def test_a_certificate_ends_when_openssl_says(tmp_path: Path, days: int) -> None:
    authority(tmp_path)
    path, _key = issue(tmp_path, "a", "bus/0123", days=days)
    (found,) = in_file(path, CA)
    assert found.name == "bus/0123"
    assert found.not_after_ms == openssl_end_ms(path)
    assert found.not_after_ms - found.not_before_ms == pytest.approx(days * 86_400_000)


def test_a_bundle_has_a_name_for_each(tmp_path: Path) -> None:
    bundle = "".join(
        authority(tmp_path, name, common_name).read_text(encoding="ascii")
        for name, common_name in (("a", "city"), ("b", "city"), ("c", "other"))
    )
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    found = in_pem(f"# ours\n{broken}{bundle}", CA, "ca.pem")
    assert [one.name for one in found] == ["city", "city (2)", "other"]
    assert in_pem("nothing of the kind", CA, "ca.pem") == ()


def test_a_certificate_without_a_name_goes_by_its_file(tmp_path: Path) -> None:
    key, path = tmp_path / "key.pem", tmp_path / "chain.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", str(key), "-out", str(path), "-subj", "/O=city"),
        ],
        check=True,
        capture_output=True,
    )
    assert [one.name for one in in_file(path, CA)] == ["chain.pem"]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_certificate_or_a_value_error(data: bytes) -> None:
    try:
        in_der(data, CA)
    except ValueError:
        return


def test_a_cut_or_changed_certificate_is_a_value_error_or_another_one(tmp_path: Path) -> None:
    der = ssl.PEM_cert_to_DER_cert(authority(tmp_path).read_text(encoding="ascii"))
    for at in range(0, len(der), 3):
        for data in (der[:at], der[:at] + bytes((der[at] ^ 0xFF,)) + der[at + 1 :]):
            try:
                in_der(data, CA)
            except ValueError:
                continue


def test_the_newest_of_each_name_is_kept_and_the_names_are_bounded() -> None:
    seen = Seen(2)
    seen.note(made("a", 5))
    seen.note(made("a", 4))
    assert seen.all() == (made("a", 5),)
    seen.note(made("b"))
    seen.note(made("a", 6))
    seen.note(made("c"))
    assert seen.all() == (made("a", 6), made("c"))


def test_what_a_peer_shows_has_a_name_and_two_times() -> None:
    times: dict[str, object] = {
        "notBefore": "Jan  1 00:00:00 2026 GMT",
        "notAfter": "Jan  2 00:00:00 2026 GMT",
    }
    named = {**times, "subject": ((("organizationName", "x"),), (("commonName", "bus/1"),))}
    found = of_peer(named, CertificateKind.CLIENT)
    assert found is not None
    assert (found.name, found.not_after_ms - found.not_before_ms) == ("bus/1", 86_400_000)
    assert of_peer(times, CertificateKind.CLIENT) is None
    assert of_peer({"subject": named["subject"]}, CertificateKind.CLIENT) is None
    broker = of_peer(times, CertificateKind.BROKER, "broker.example")
    assert broker is not None
    assert broker.name == "broker.example"
