"""The file with the code is its owner's, whatever was there before."""

from pathlib import Path

import pytest

from ausguck.commissioning.models import MODELS
from ausguck.commissioning.qr import write_qr
from ausguck.commissioning.sheet import Door, Setting, Sheet, sheet

NOW_MS = 1_800_000_000_000


@pytest.fixture
def one() -> Sheet:
    setting = Setting("kiel", "bus/0123", "SN77", MODELS[0], NOW_MS)
    return sheet(setting, Door("mqtt.kiel.example", 8883, has_tls=True), "k7m2-of-no-device")


@pytest.mark.parametrize("name", ["code.svg", "code.png"])
def test_a_file_that_others_read_becomes_the_owners(one: Sheet, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    path.chmod(0o644)
    with path.open("rb") as watched:
        write_qr(one, path)
        # Whoever had it open sees the old file, never the secret.
        assert watched.read() == b"old"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size > 100
    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_a_link_is_replaced_and_not_followed(one: Sheet, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.svg"
    elsewhere.write_bytes(b"another's")
    path = tmp_path / "code.svg"
    path.symlink_to(elsewhere)

    write_qr(one, path)

    assert not path.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert elsewhere.read_bytes() == b"another's"


def test_nothing_is_left_of_what_cannot_be_put_in_place(one: Sheet, tmp_path: Path) -> None:
    path = tmp_path / "code.svg"
    path.mkdir()
    with pytest.raises(OSError, match=r"code\.svg"):
        write_qr(one, path)
    assert list(tmp_path.iterdir()) == [path]
