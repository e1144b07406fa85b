"""Credentials in the desk: shown once, two at most, and over when they are said to be."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from ausguck.desk.registry import SqliteRegistry, open_registry
from ausguck.register.keyring import EVERYTHING, Credential, Keyring
from ausguck.register.port import Issued, RegisterError
from ausguck.register.rows import Asset, Device, DeviceState, Fitting
from tests.register.offers import DAY_MS, NOW_MS, dated, offer, undated

WHO = "command line"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[SqliteRegistry]:
    with open_registry(tmp_path / "desk.sqlite", "kiel") as opened:
        told = offer(
            assets=[Asset(id="bus/1")],
            devices=[Device(id="S1"), Device(id="S2")],
            fittings=[Fitting(id="S1", asset="bus/1")],
        )
        opened.apply(opened.diff(told, NOW_MS), WHO, NOW_MS)
        yield opened


def wanted(user: str, *speaks_for: str, expires_at_ms: int | None = None) -> Credential:
    return Credential(
        id=0,
        user=user,
        secret_sha256=b"",
        created_at_ms=0,
        speaks_for=speaks_for,
        is_gateway=bool(speaks_for),
        expires_at_ms=expires_at_ms,
    )


def issue(registry: SqliteRegistry, user: str, now_ms: int = NOW_MS) -> Issued:
    return registry.issue(wanted(user), WHO, now_ms, rotation_days=2)


def keyring(registry: SqliteRegistry, now_ms: int = NOW_MS) -> Keyring:
    return registry.load(now_ms)[1]


def opens(registry: SqliteRegistry, issued: Issued, now_ms: int) -> bool:
    ring = keyring(registry, now_ms)
    return ring.opens(issued.credential.user, issued.secret.encode(), now_ms) is not None


def test_a_secret_is_shown_once_and_kept_nowhere(registry: SqliteRegistry, tmp_path: Path) -> None:
    issued = issue(registry, "S1")

    assert re.fullmatch("[a-z2-7]{26}", issued.secret)
    assert issued.secret not in repr(issued)
    assert issue(registry, "S2").secret != issued.secret
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert issued.secret.encode() not in kept
    assert all(issued.secret not in repr(row) for row in registry.audit())
    assert opens(registry, issued, NOW_MS)
    assert not keyring(registry).opens("S2", issued.secret.encode(), NOW_MS)


def test_the_same_randomness_makes_the_same_secret(tmp_path: Path) -> None:
    with open_registry(tmp_path / "desk.sqlite", randomness=bytes) as registry:
        registry.set_device(Device(id="S1"), WHO, NOW_MS)
        assert issue(registry, "S1").secret == "a" * 26


def test_the_old_secret_holds_beside_the_new_one_for_a_while(registry: SqliteRegistry) -> None:
    old, new = issue(registry, "S1"), issue(registry, "S1", NOW_MS + 5)

    until_ms = NOW_MS + 5 + 2 * DAY_MS
    assert opens(registry, old, until_ms - 1)
    assert not opens(registry, old, until_ms)
    assert opens(registry, new, until_ms)
    with pytest.raises(RegisterError, match="S1 with credentials 1 and 2, expected at most 2"):
        issue(registry, "S1", NOW_MS + 6)
    third = issue(registry, "S1", until_ms)
    assert opens(registry, new, until_ms + 2 * DAY_MS - 1)
    assert not opens(registry, new, until_ms + 2 * DAY_MS)
    assert opens(registry, third, until_ms + 2 * DAY_MS)


def test_a_secret_that_ends_sooner_still_does(registry: SqliteRegistry) -> None:
    ends_ms = NOW_MS + DAY_MS
    old = registry.issue(wanted("S1", expires_at_ms=ends_ms), WHO, NOW_MS)
    issue(registry, "S1", NOW_MS + 5)

    assert opens(registry, old, ends_ms - 1)
    assert not opens(registry, old, ends_ms)


def test_who_may_have_one(registry: SqliteRegistry) -> None:
    gateway = registry.issue(wanted("depot", "bus/1", EVERYTHING), WHO, NOW_MS)
    found = keyring(registry).opens("depot", gateway.secret.encode(), NOW_MS)
    assert found == gateway.credential
    assert found.speaks_for == ("bus/1", "*")
    assert found.created_at_ms == NOW_MS

    with pytest.raises(RegisterError, match="'S9', expected a device of the register, or a gate"):
        issue(registry, "S9")
    registry.set_device(Device(id="S2", state=DeviceState.RETIRED), WHO, NOW_MS)
    with pytest.raises(RegisterError, match="S2, which is retired"):
        issue(registry, "S2")


def test_one_credential_is_revoked_alone(registry: SqliteRegistry) -> None:
    old, new = issue(registry, "S1"), issue(registry, "S1")

    assert registry.revoke("S1", WHO, NOW_MS + 5, old.credential.id) == 1

    assert not opens(registry, old, NOW_MS + 5)
    assert opens(registry, new, NOW_MS + 5)
    assert not keyring(registry).denies_certificate("S1", 0)
    revision = registry.revision()
    assert registry.revoke("S1", WHO, NOW_MS + 6, old.credential.id) == 0
    assert registry.revoke("S2", WHO, NOW_MS + 6, new.credential.id) == 0
    assert registry.revision() == revision


def test_all_of_a_user_are_revoked_with_the_certificates(registry: SqliteRegistry) -> None:
    issued = [issue(registry, "S1"), issue(registry, "S1")]

    assert registry.revoke("S1", WHO, NOW_MS + 5) == 2

    assert not any(opens(registry, one, NOW_MS + 5) for one in issued)
    ring = keyring(registry)
    assert ring.denies_certificate("S1", NOW_MS + 4)
    assert not ring.denies_certificate("S1", NOW_MS + 5)
    assert registry.revoke("S1", WHO, NOW_MS + 3) == 0
    assert keyring(registry).denies_certificate("S1", NOW_MS + 4)


@pytest.mark.parametrize("state", [DeviceState.STOLEN, DeviceState.RETIRED])
def test_a_device_that_is_gone_gets_nothing_any_more(
    registry: SqliteRegistry, state: DeviceState
) -> None:
    issued = issue(registry, "S1")

    registry.set_device(Device(id="S1", state=state), WHO, NOW_MS + 5)

    register, ring = registry.load(NOW_MS + 5)
    assert ring.is_barred("S1")
    assert ring.denies_certificate("S1", NOW_MS)
    assert not opens(registry, issued, NOW_MS + 5)
    assert register.fitted("bus/1", NOW_MS + 4) is not None
    assert register.fitted("bus/1", NOW_MS + 5) is None
    registry.undo(None, WHO, NOW_MS + 6)
    assert registry.load(NOW_MS + 6)[0].fitted("bus/1", NOW_MS + 6) is not None
    assert not opens(registry, issued, NOW_MS + 6), "what was revoked stays so"


def told_of(registry: SqliteRegistry, row: Device, now_ms: int, *, is_dated: bool = False) -> None:
    given = dated(row) if is_dated else undated(row)
    told = offer(devices=[given], adds_only=True)
    registry.apply(registry.diff(told, now_ms), WHO, now_ms)


@pytest.mark.parametrize("state", [DeviceState.STOLEN, DeviceState.RETIRED])
def test_an_import_that_bars_a_device_revokes_for_good(
    registry: SqliteRegistry, state: DeviceState
) -> None:
    issued = issue(registry, "S1")
    other = issue(registry, "S2")
    known = registry.load(NOW_MS)

    told_of(registry, Device(id="S1", state=state), NOW_MS + 5)

    register, ring = registry.load(NOW_MS + 5, known)
    assert ring.opens("S1", issued.secret.encode(), NOW_MS + 5) is None
    assert register.fitted("bus/1", NOW_MS + 5) is None
    registry.undo(None, WHO, NOW_MS + 6)
    assert not keyring(registry, NOW_MS + 6).is_barred("S1")
    assert not opens(registry, issued, NOW_MS + 6)
    assert keyring(registry, NOW_MS + 6).denies_certificate("S1", NOW_MS + 4)
    assert opens(registry, other, NOW_MS + 6)
    assert not keyring(registry, NOW_MS + 6).denies_certificate("S2", 0)


def test_a_device_that_was_barred_already_is_revoked_once_somebody_says_so(
    registry: SqliteRegistry,
) -> None:
    """As left by an import before imports revoked; here by a state that began by its date."""
    issued = issue(registry, "S2")
    stolen = Device(id="S2", state=DeviceState.STOLEN)
    told_of(registry, replace(stolen, valid_from_ms=NOW_MS + 9), NOW_MS, is_dated=True)
    assert opens(registry, issued, NOW_MS + 8)

    row = registry.set_device(stolen, WHO, NOW_MS + 10)

    assert row.id == 0, "the state is what it was"
    registry.set_device(Device(id="S2"), WHO, NOW_MS + 11)
    assert not keyring(registry, NOW_MS + 11).is_barred("S2")
    assert not opens(registry, issued, NOW_MS + 11)
    assert keyring(registry, NOW_MS + 11).denies_certificate("S2", NOW_MS + 9)
    assert opens(registry, issue(registry, "S2", NOW_MS + 11), NOW_MS + 11)


@pytest.mark.parametrize("is_undone", [True, False])
def test_a_theft_that_began_by_its_date_counts_also_if_the_next_change_takes_it_back(
    registry: SqliteRegistry, *, is_undone: bool
) -> None:
    issued = issue(registry, "S2")
    stolen = Device(id="S2", state=DeviceState.STOLEN, valid_from_ms=NOW_MS + 9)
    told_of(registry, stolen, NOW_MS, is_dated=True)

    if is_undone:
        registry.undo(None, WHO, NOW_MS + 10)
    else:
        registry.set_device(Device(id="S2"), WHO, NOW_MS + 10)

    assert not keyring(registry, NOW_MS + 10).is_barred("S2")
    assert not opens(registry, issued, NOW_MS + 10)


def test_a_theft_that_was_over_when_it_was_told_spares_what_came_after(
    registry: SqliteRegistry,
) -> None:
    issued = issue(registry, "S2")
    later = issue(registry, "S2", NOW_MS + 9)
    stolen = Device(
        id="S2", state=DeviceState.STOLEN, valid_from_ms=NOW_MS + 3, valid_to_ms=NOW_MS + 9
    )
    told_of(registry, stolen, NOW_MS + 20, is_dated=True)

    assert not opens(registry, issued, NOW_MS + 20)
    assert opens(registry, later, NOW_MS + 20)
    ring = keyring(registry, NOW_MS + 20)
    assert ring.denies_certificate("S2", NOW_MS + 8)
    assert not ring.denies_certificate("S2", NOW_MS + 9)


def test_what_is_revoked_is_noted_once(registry: SqliteRegistry) -> None:
    issue(registry, "S1")
    stolen = Device(id="S1", state=DeviceState.STOLEN)
    told_of(registry, stolen, NOW_MS + 5)
    revision = registry.revision()
    registry.set_device(stolen, WHO, NOW_MS + 6)

    assert registry.revision() == revision
    (noted,) = (row for row in registry.audit() if row.action == "credential.revoke")
    assert (noted.object, noted.detail) == ("S1", "1 and certificates: stolen or retired")


def test_a_state_that_begins_later_is_due_then(registry: SqliteRegistry) -> None:
    over = dated(Device(id="S2", state=DeviceState.RETIRED, valid_from_ms=NOW_MS + 9))
    told = offer(devices=[over], adds_only=True)
    registry.apply(registry.diff(told, NOW_MS), WHO, NOW_MS)

    known = registry.load(NOW_MS)
    assert known[1].due_ms == NOW_MS + 9
    assert not known[1].is_barred("S2")
    assert registry.load(NOW_MS + 8, known)[1] is known[1]
    later = registry.load(NOW_MS + 9, known)[1]
    assert later.is_barred("S2")
    assert later.due_ms is None


def test_last_use_never_goes_back_and_is_no_change(registry: SqliteRegistry) -> None:
    issued = issue(registry, "S1")
    revision = registry.revision()

    registry.used([(issued.credential.id, NOW_MS + 5), (99, NOW_MS)])
    registry.used([(issued.credential.id, NOW_MS + 3)])
    registry.used([])

    (credential,) = keyring(registry).of("S1")
    assert credential.last_used_at_ms == NOW_MS + 5
    assert registry.revision() == revision
