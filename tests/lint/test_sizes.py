from pathlib import Path

from tests.lint.sizes import measure


def test_what_is_too_long_is_named(tmp_path: Path) -> None:
    room = tmp_path / "ausguck"
    room.mkdir()
    (room / "long.py").write_text("x = 1\n" * 401)
    (room / "short.py").write_text("async def f():\n" + "    pass\n" * 60)
    (room / "fine.py").write_text("def f():\n" + "    pass\n" * 59)

    sizes = measure(tmp_path)

    assert sizes.complaints == [
        "ausguck/long.py: 401 lines, at most 400",
        "ausguck/short.py:1: f has 61 lines, at most 60",
    ]
    assert sizes.modules[Path("ausguck/fine.py")] == 60
