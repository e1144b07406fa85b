"""What a claim is worth by the register, and what comes with it."""

import pytest

from ausguck.register.directory import Directory
from ausguck.register.rows import DeviceState, Fitting
from ausguck.settings.tree import User
from collectors.listener.claims import BACKLOG_MS, Claims, of_device
from collectors.listener.identity import NEVER_MS, Claim
from tests.listener.registered import (
    DAY_MS,
    SERIAL,
    START_MS,
    credential,
    fitting,
    keyring,
    register,
)

ANNA = User.model_validate(
    {"name": "anna", "password_hash": "scrypt$2$1$1$c2FsdA==$AAAA", "gateway": True}
)
LATER_MS = START_MS + 365 * DAY_MS
SWAP_MS = START_MS - 10 * DAY_MS
NO_NAMES = (
    *(
        "bus/+",
        "bus/#",
        "bus/",
        "BUS/1",
        "bus/1\n",
        "\nbus/1",
        "/",
        "everything/",
        "/bus",
        "bus//1",
    ),
    *("device/SN77", "device/other", "device/gate", "device/anna", "bus/1/2", "bus/ü", "tram/1"),
    f"bus/{'1' * 65}",
)
"""What is nobody's name: a device is judged by its serial, as `shown_by` says it."""


def claims(directory: Directory) -> Claims:
    return Claims({"anna": ANNA}, directory)


def certificate(name: str, begun_ms: int = START_MS - DAY_MS) -> Claim:
    return Claim(name, None, begun_ms, LATER_MS)


@pytest.mark.parametrize(
    ("change", "fault", "until_ms"),
    [
        ({}, "", NEVER_MS),
        ({"expires_at_ms": START_MS + 5}, "", START_MS + 5),
        # Whoever revoked it has a clock that is ahead of ours.
        ({"revoked_at_ms": START_MS + 3, "expires_at_ms": START_MS + 5}, "revoked", NEVER_MS),
        ({"expires_at_ms": START_MS}, "expired", NEVER_MS),
        ({"revoked_at_ms": START_MS}, "revoked", NEVER_MS),
        ({"number": 2}, "revoked", NEVER_MS),
    ],
)
def test_a_secret_is_worth_what_its_credential_says(
    change: dict[str, int], fault: str, until_ms: int
) -> None:
    known = Directory(register(), keyring(credential(**change)))  # type: ignore[arg-type] # numbers all
    assert claims(known).standing(Claim(SERIAL, 1), START_MS) == (fault, until_ms)


@pytest.mark.parametrize("state", [DeviceState.STOLEN, DeviceState.RETIRED])
@pytest.mark.parametrize("claim", [Claim(SERIAL, 1), certificate(SERIAL)])
def test_a_barred_device_has_nothing_to_show(claim: Claim, state: DeviceState) -> None:
    known = Directory(register(), keyring(credential(), state=state))
    assert claims(known).standing(claim, START_MS).fault == "barred"


@pytest.mark.parametrize("state", [DeviceState.SPARE, DeviceState.FITTED, DeviceState.REPAIR])
def test_other_devices_may_come_in(state: DeviceState) -> None:
    known = Directory(register(), keyring(credential(), state=state))
    assert not claims(known).standing(Claim(SERIAL, 1), START_MS).fault


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        (certificate(SERIAL), ""),
        (certificate("anna"), ""),
        (certificate("gate"), ""),
        (certificate("bus/0123"), ""),
        (certificate("bus/9", START_MS - 20 * DAY_MS), "revoked"),
        (certificate("bus/9"), ""),
        (certificate("old gate"), "revoked"),
        (certificate("somebody"), "certificate_unknown"),
        *((certificate(name), "certificate_unknown") for name in NO_NAMES),
        (Claim(SERIAL, None, 0, START_MS), "expired"),
        (Claim("anna"), ""),
        (None, ""),
    ],
)
def test_a_certificate_is_worth_its_name(claim: Claim | None, fault: str) -> None:
    credentials = (
        credential(1, "gate", speaks_for=("bus/1",)),
        credential(2, "old gate", speaks_for=("bus/1",), revoked_at_ms=SWAP_MS),
    )
    denied = {"bus/9": SWAP_MS}
    known = Directory(register(), keyring(*credentials, denied_before_ms=denied))
    assert claims(known).standing(claim, START_MS).fault == fault


@pytest.mark.parametrize(
    ("shown", "whose"),
    [
        (f"device/{SERIAL}", SERIAL),
        (SERIAL, SERIAL),
        ("bus/1", "bus/1"),
        ("gate", "gate"),
        # Neither a gateway nor a user of the settings is a device, whatever a certificate says.
        ("device/gate", "device/gate"),
        ("device/anna", "device/anna"),
        ("device/other", "device/other"),
        (f"device/device/{SERIAL}", f"device/device/{SERIAL}"),
    ],
)
def test_a_devices_certificate_is_the_devices(shown: str, whose: str) -> None:
    gate = credential(1, "gate", speaks_for=("*",))
    known = Directory(register(), keyring(gate, devices=(SERIAL, "anna")))
    assert claims(known).shown_by(shown) == whose


@pytest.mark.parametrize(
    ("state", "ended_ms", "begun_ms", "fault"),
    [
        # The certificate was made while the stolen device was in the asset, or before.
        (DeviceState.STOLEN, SWAP_MS, SWAP_MS - DAY_MS, "barred"),
        (DeviceState.STOLEN, SWAP_MS, SWAP_MS - 100 * DAY_MS, "barred"),
        (DeviceState.STOLEN, None, START_MS - DAY_MS, "barred"),
        # It was made for the device that came after.
        (DeviceState.STOLEN, SWAP_MS, SWAP_MS, ""),
        (DeviceState.STOLEN, SWAP_MS, SWAP_MS + DAY_MS, ""),
        # An old device was thrown away in good order.
        (DeviceState.RETIRED, SWAP_MS, SWAP_MS - DAY_MS, ""),
        (DeviceState.RETIRED, None, SWAP_MS - DAY_MS, "barred"),
        (DeviceState.REPAIR, SWAP_MS, SWAP_MS - DAY_MS, ""),
    ],
)
def test_an_assets_certificate_may_be_in_a_stolen_device(
    state: DeviceState, ended_ms: int | None, begun_ms: int, fault: str
) -> None:
    known = Directory(
        register(fitting("bus/0123", to_ms=ended_ms), states={SERIAL: state}),
        keyring(devices=()),
    )
    assert claims(known).standing(certificate("bus/0123", begun_ms), START_MS).fault == fault


def test_a_device_speaks_for_where_it_is_and_for_a_while_for_where_it_was() -> None:
    moves: tuple[Fitting, ...] = (
        fitting("bus/1", to_ms=START_MS - BACKLOG_MS),
        fitting("bus/2", from_ms=START_MS - BACKLOG_MS, to_ms=SWAP_MS),
        fitting("bus/3", from_ms=SWAP_MS, to_ms=START_MS + DAY_MS),
        fitting("bus/4", from_ms=START_MS + DAY_MS),
    )
    rights = of_device(register(*moves), SERIAL, START_MS)
    assert rights.speaks_for == {"device/SN77", "bus/2", "bus/3"}
    assert rights.present == {"device/SN77", "bus/3"}
    assert rights.until_ms == START_MS + DAY_MS
    later = of_device(register(*moves), SERIAL, START_MS + DAY_MS)
    assert later.present == {"device/SN77", "bus/4"}
    assert later.until_ms == SWAP_MS + BACKLOG_MS


def test_a_gateway_speaks_for_what_its_credential_says() -> None:
    credentials = (
        credential(1, "gate", speaks_for=("bus/1", "bus/2")),
        credential(2, "gate", speaks_for=("bus/3",)),
        credential(3, "all", speaks_for=("*",)),
        credential(4, "op", is_operator=True),
    )
    known = claims(Directory(register(), keyring(*credentials)))
    assert known.rights(Claim("gate", 1), START_MS).speaks_for == {"bus/1", "bus/2"}
    assert known.rights(certificate("gate"), START_MS).present == {"bus/1", "bus/2", "bus/3"}
    assert known.rights(Claim("all", 3), START_MS).everything
    assert not known.rights(Claim("all", 3), START_MS).operator
    operator = known.rights(Claim("op", 4), START_MS)
    assert operator.operator
    assert not operator.speaks_for
    assert not operator.everything


def test_a_device_may_speak_for_more_than_itself() -> None:
    speaks_for = credential(1, speaks_for=("station/5",))
    known = claims(Directory(register(fitting("bus/1")), keyring(speaks_for)))
    rights = known.rights(Claim(SERIAL, 1), START_MS)
    assert rights.speaks_for == rights.present == {"device/SN77", "bus/1", "station/5"}
    assert known.rights(certificate(SERIAL), START_MS).present == {"device/SN77", "bus/1"}
