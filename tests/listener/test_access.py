"""Who may connect, and what is theirs."""

import pytest

from ausguck.clock import ManualClock
from ausguck.register.directory import Directory
from ausguck.register.rows import DeviceState
from ausguck.settings.tree import Listener, User
from collectors.certificates import CertificateKind, SeenCertificate
from collectors.listener.access import (
    Access,
    Proof,
    Refused,
    hash_password,
    verify_password,
)
from collectors.listener.identity import Identity, Verdict
from collectors.mqtt.protocol import Code
from tests.listener.registered import credential, directory, fitting, keyring, register

SECRET = bytes(32)


def access(host: str = "127.0.0.1", *users: User, anonymous: bool = True) -> Access:
    settings = Listener(host=host, users=users, anonymous=anonymous)
    return Access(settings, "kiel", SECRET, ManualClock(), Directory())


def certificate(name: str) -> SeenCertificate:
    return SeenCertificate(name, CertificateKind.CLIENT, 0, 1_900_000_000_000)


def user(name: str, *assets: str, gateway: bool = False, operator: bool = False) -> User:
    return User.model_validate(
        {
            "name": name,
            "password_hash": "scrypt$2$1$1$c2FsdA==$AAAA",
            "assets": assets,
            "gateway": gateway,
            "operator": operator,
        }
    )


def identity(found: Identity | Proof | Refused) -> Identity:
    if isinstance(found, Proof):
        assert found.identity is not None
        return found.identity
    assert isinstance(found, Identity)
    return found


def test_a_password_is_known_by_its_hash() -> None:
    hashed = hash_password("correct horse", b"salt" * 4)
    assert hashed.startswith("scrypt$16384$8$1$")
    assert verify_password(b"correct horse", hashed)
    assert not verify_password(b"correct hors", hashed)


@pytest.mark.parametrize(
    "hashed", ["scrypt$3$1$1$AAAA$AAAA", "scrypt$2$1$1$A$AAAA", "scrypt$1073741824$8$1$AAAA$AAAA"]
)
def test_a_hash_that_cannot_be_computed_lets_nobody_in(hashed: str) -> None:
    assert not verify_password(b"x", hashed)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_anonymous_enters_on_loopback(host: str) -> None:
    assert identity(access(host).by_password(None, None)).name == ""


def test_anonymous_enters_nowhere_else() -> None:
    for closed in (access("0.0.0.0"), access(anonymous=False)):  # noqa: S104 - the case in question
        found = closed.by_password(None, None)
        assert isinstance(found, Refused)
        assert found.reason == "anonymous"


@pytest.mark.parametrize(("name", "password"), [("x", None), (None, b"y"), ("", b"y")])
def test_half_credentials_are_none(name: str | None, password: bytes | None) -> None:
    assert isinstance(access("127.0.0.1", user("x")).by_password(name, password), Refused)


def test_an_unknown_user_takes_as_long_as_a_known_one() -> None:
    found = access("127.0.0.1", user("x")).by_password("nobody", b"y")
    assert isinstance(found, Proof)
    assert found.identity is None


@pytest.mark.parametrize("name", ["nobody", "SN77", "SN78", "SN79", "gate"])
def test_beside_devices_whoever_is_no_user_is_answered_at_once(name: str) -> None:
    ring = keyring(credential(), credential(2, "gate"), devices=("SN77", "SN78"))
    settings = Listener(host="127.0.0.1", users=(user("x"), user("y")))
    for known in (ring, keyring(devices=("SN78",)), keyring(credential(), devices=())):
        house = Access(settings, "kiel", SECRET, ManualClock(), Directory(register(), known))
        found = house.by_password(name, b"wrong")
        assert isinstance(found, Refused)
        assert (found.reason, found.code) == ("credentials", Code.BAD_CREDENTIALS)
        assert isinstance(house.by_password("x", b"wrong"), Proof)
        assert isinstance(house.by_password("y", b"wrong"), Proof)


def test_a_proven_password_needs_no_second_proof_and_another_does() -> None:
    house = access("127.0.0.1", user("x"))
    known = identity(house.by_password("x", b"right"))
    house.remember(known, b"right")
    assert isinstance(house.by_password("x", b"right"), Identity)
    assert isinstance(house.by_password("x", b"wrong"), Proof)


@pytest.mark.parametrize(
    ("topic", "verdict"),
    [
        ("v1/kiel/bus/1/telemetry", Verdict.OK),
        ("v1/kiel/bus/1/status", Verdict.OK),
        ("v1/kiel/bus/2/telemetry", Verdict.FOREIGN),
        ("v1/kiel/station/1/telemetry", Verdict.FOREIGN),
        ("v1/bonn/bus/1/telemetry", Verdict.FOREIGN),
        ("v1/kiel/bus/1/cmd", Verdict.FOREIGN),
        ("v1/kiel/bus/1/nonsense", Verdict.GRAMMAR),
        ("v1/kiel/bus/1", Verdict.GRAMMAR),
        ("", Verdict.GRAMMAR),
    ],
)
def test_a_device_speaks_for_its_assets_only(topic: str, verdict: Verdict) -> None:
    device = identity(access("127.0.0.1", user("x", "bus/1")).by_password("x", b""))
    assert device.judge(topic.encode()) is verdict
    assert device.judge(topic.encode()) is verdict


def test_gateway_and_operator() -> None:
    house = access("127.0.0.1", user("gate", gateway=True), user("op", operator=True))
    gate = identity(house.by_password("gate", b""))
    operator = identity(house.by_password("op", b""))
    assert gate.judge(b"v1/kiel/station/9/telemetry") is Verdict.OK
    assert gate.judge(b"v1/kiel/station/9/cmd") is Verdict.FOREIGN
    assert operator.judge(b"v1/kiel/station/9/cmd") is Verdict.COMMAND
    assert operator.judge(b"v1/bonn/station/9/cmd") is Verdict.FOREIGN
    assert operator.judge(b"v1/kiel/station/9/telemetry") is Verdict.FOREIGN


def test_only_an_own_cmd_may_be_heard() -> None:
    device = identity(access("127.0.0.1", user("x", "bus/1")).by_password("x", b""))
    assert device.may_hear("v1/kiel/bus/1/cmd")
    for other in ("v1/kiel/bus/2/cmd", "v1/kiel/bus/1/telemetry", "v1/kiel/bus/+/cmd", "#"):
        assert not device.may_hear(other)


def test_a_certificate_names_a_user_or_an_asset() -> None:
    house = access("127.0.0.1", user("gate", gateway=True))
    assert (
        identity(house.by_certificate(certificate("gate"))).judge(b"v1/kiel/bus/7/event")
        is Verdict.OK
    )
    bus = identity(house.by_certificate(certificate("bus/7")))
    assert bus.judge(b"v1/kiel/bus/7/event") is Verdict.OK
    assert bus.judge(b"v1/kiel/bus/8/event") is Verdict.FOREIGN
    assert isinstance(house.by_certificate(certificate("somebody")), Refused)
    assert isinstance(house.by_certificate(None), Refused)


@pytest.mark.parametrize("shown", ["SN77", "device/SN77"])
def test_a_devices_certificate_ends_with_the_device(shown: str) -> None:
    known = directory(fitting("bus/1"))
    settings = Listener(host="127.0.0.1", users=(user("gate", gateway=True),))
    house = Access(settings, "kiel", SECRET, ManualClock(), known)
    device = identity(house.by_certificate(certificate(shown)))
    assert device.name == "SN77"
    assert device.judge(b"v1/kiel/device/SN77/telemetry") is Verdict.OK
    assert device.judge(b"v1/kiel/bus/1/telemetry") is Verdict.OK

    for ring, fault in (
        (keyring(state=DeviceState.STOLEN), "barred"),
        (keyring(denied_before_ms={"SN77": 1}), "revoked"),
        (keyring(devices=()), "certificate_unknown"),
    ):
        known.replace(register(fitting("bus/1")), ring)
        found = house.by_certificate(certificate(shown))
        assert isinstance(found, Refused)
        assert found.reason == house.renew(device) == fault


def test_what_is_remembered_of_topics_is_bounded() -> None:
    anyone = identity(access().by_password(None, None))
    for number in range(5000):
        anyone.judge(b"v1/kiel/bus/%d/telemetry" % number)
    assert 0 < len(anyone.known) <= 4096
