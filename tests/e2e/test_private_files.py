"""Where buses were is nobody's business: what is kept can be read by its owner alone."""

import stat
from pathlib import Path

from tests.running import Running


def test_nobody_else_can_read_what_is_kept(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with Running(data_dir):
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in data_dir.rglob("*")}

    assert any(path.name.startswith("history.duckdb") for path in modes)
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert {path.name: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
