import io
import zipfile
from pathlib import Path

import pytest

from ausguck.importing.faults import WrongInput
from ausguck.importing.feeds import is_feed, open_feed
from ausguck.importing.gtfs import Record, gtfs_table
from tests.importing.scenes import feed_of, zipped

ROUTES = "route_id,route_short_name,route_long_name,route_type\nA,11,Wik,3\n"


def routes(path: Path) -> list[Record]:
    with open_feed(path) as feed:
        rows = list(gtfs_table(feed, "routes.txt", ("route_id",), ("route_short_name",)))
        assert not feed.faults.shown
    return rows


def refused(path: Path) -> str:
    with pytest.raises(WrongInput) as found, open_feed(path):
        pass
    return str(found.value)


def test_a_feed_is_a_zip_or_a_folder_or_a_folder_with_a_zip_or_a_zip_of_a_folder(
    tmp_path: Path,
) -> None:
    (tmp_path / "flat.zip").write_bytes(zipped({"routes.txt": ROUTES, "unknown.csv": "x"}))
    (tmp_path / "deep.zip").write_bytes(
        zipped({"feed/routes.txt": ROUTES, "__MACOSX/routes.txt": "rubbish", "feed/.DS_Store": ""})
    )
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "routes.txt").write_text(ROUTES)
    (tmp_path / "outer").mkdir()
    (tmp_path / "outer" / "gtfs.zip").write_bytes(zipped({"routes.txt": ROUTES}))
    for name in ("flat.zip", "deep.zip", "folder", "outer"):
        assert is_feed(tmp_path / name)
        assert routes(tmp_path / name) == [Record(2, ("A", "11"))]


def test_tables_are_read_as_agencies_write_them(tmp_path: Path) -> None:
    text = (
        "\ufeffroute_short_name, route_id ,extra,,\r\n"
        '"1""1",A,"two\nlines",,\r\n'
        "\r\n"
        " 12 ,B\r\n"
        "   \r\n"
        "13,C,x,,"
    )
    with feed_of(tmp_path, {"routes.txt": text}) as feed:
        rows = list(gtfs_table(feed, "routes.txt", ("route_id",), ("route_short_name", "none")))
        assert rows == [
            Record(2, ("A", '1"1', "")),
            Record(5, ("B", "12", "")),
            Record(7, ("C", "13", "")),
        ]
        assert not feed.faults.shown
        assert list(gtfs_table(feed, "frequencies.txt", ("trip_id",))) == []


MISTAKES: dict[str, tuple[str | bytes, str]] = {
    "misspelled column": (
        "route_idd,route_type\nA,3\n",
        (
            "routes.txt, line 1: route_id: found no such column, but 'route_idd', expected the "
            "columns route_id, route_type"
        ),
    ),
    "needed value": (
        "route_id,route_type\nA,3\n,3\n",
        "routes.txt, line 3: route_id: found nothing, expected a value",
    ),
    "a comma that is not quoted": (
        "route_id,route_type\nA,3,Wik\n",
        (
            "routes.txt, line 2: -: found 'Wik' behind the last column, expected 2 values, as the "
            "header has"
        ),
    ),
    "twice": (
        "route_id,route_id,route_type\nA,A,3\n",
        "routes.txt, line 1: route_id: found the column twice, expected it once",
    ),
    "not UTF-8": (
        "route_id,route_type\nA,3\nBrücke,3\n".encode("latin-1"),
        "routes.txt, line 3: -: found byte 0xfc that is not UTF-8, expected UTF-8",
    ),
    "UTF-16": (
        "route_id,route_type\nA,3\n".encode("utf-16"),
        "routes.txt, line 1: -: found UTF-16, expected UTF-8, in Excel 'CSV UTF-8'",
    ),
    "an open quote": (
        'route_id,route_type\n"A,3\nB,3\n',
        "routes.txt, line 2: -: found a quote that is never closed, expected CSV as in RFC 4180",
    ),
    "no header": ("\n\n", "routes.txt, line 1: -: found an empty file, expected a header"),
    "one endless line": (
        b"x" * 2_000_000,
        "routes.txt, line 1: -: found a line of more than 1 MiB, expected a table of text",
    ),
    "one endless value": (
        "route_id,route_type\n" + "x" * 200_000 + ",3\n",
        "routes.txt, line 2: -: found a value of more than 128 KiB, expected CSV as in RFC 4180",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_is_wrong_with_a_table_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    text, expected = MISTAKES[name]
    with feed_of(tmp_path, {"routes.txt": text}) as feed:
        list(gtfs_table(feed, "routes.txt", ("route_id", "route_type")))
        assert list(map(str, feed.faults.shown)) == [expected]


def test_what_is_no_feed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK but no zip")
    assert "found a file that is no zip" in refused(path)
    assert "found no such file or directory" in refused(tmp_path / "none.zip")
    path.write_bytes(zipped({"readme.md": "x"}))
    assert "found no table of GTFS, expected agency.txt" in refused(path)
    path.write_bytes(zipped({"inner/feed.zip": zipped({"routes.txt": ROUTES})}))
    assert "expected the tables themselves; unpack it first" in refused(path)
    path.write_bytes(zipped({"routes.txt": ROUTES, "old/routes.txt": ROUTES}))
    assert "a.zip/routes.txt: feed: found it twice" in refused(path)


def test_a_path_that_leads_out_of_the_zip_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    files = {"../routes.txt": ROUTES, "/routes.txt": ROUTES, "a/../routes.txt": ROUTES}
    path.write_bytes(zipped(files))
    assert "no table of GTFS" in refused(path)
    assert [each.name for each in tmp_path.iterdir()] == ["evil.zip"]


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("stop_times.txt", "w") as file,
    ):
        for _ in range(20):
            file.write(bytes(1_048_576))
    assert "at most 200 times what is packed" in refused(path)


def test_an_encrypted_or_damaged_table_is_told(tmp_path: Path) -> None:
    body = bytearray(zipped({"routes.txt": ROUTES}))
    directory = body.index(b"PK\x01\x02")
    body[directory + 8] |= 1
    path = tmp_path / "a.zip"
    path.write_bytes(body)
    assert "found an encrypted file" in refused(path)

    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("routes.txt", ROUTES)
    path.write_bytes(stored.getvalue().replace(b"A,11,Wik", b"A,11,Wak"))
    with open_feed(path) as feed:
        list(gtfs_table(feed, "routes.txt", ("route_id",)))
        assert "found a file that is damaged" in str(feed.faults.shown[0])


def test_long_tables_say_how_far_they_are(tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    (tmp_path / "feed.zip").write_bytes(zipped({"stop_times.txt": "trip_id\n" + "1\n" * 120_000}))
    with open_feed(tmp_path / "feed.zip", lambda *how: said.append(how)) as feed:
        assert sum(1 for _ in gtfs_table(feed, "stop_times.txt", ("trip_id",))) == 120_000
    assert [(name, 0 < done <= size) for name, done, size in said] == [("stop_times.txt", True)] * 2
