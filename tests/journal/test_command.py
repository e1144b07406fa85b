"""`ausguck journal`: what is in it and whether it is sound, read only, and redacted."""

import asyncio
import json
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ausguck.cli.journal import journal as command
from ausguck.clock import ManualClock
from ausguck.journal.format import CRC, HEADER, crc32c
from ausguck.journal.journal import Journal
from ausguck.journal.port import RecordType, Source
from tests.journal.harness import TOPIC, append, small

MAC = "00:1a:2b:3c:4d:5e"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    directory = tmp_path / "journal"

    async def write() -> None:
        settings = small(reserve_percent=0)
        async with Journal.open(directory, settings, ManualClock()) as journal:
            for number in range(8):
                await journal.wait_committed(append(journal, b'{"clients":%d}' % number))
            source = journal.source(Source("listener", "bus/0123", f"phone-{MAC}"))
            topic = f"v1/kiel/bus/{MAC}/telemetry".encode()
            payload = b'{"note":"' + MAC.encode() + b'"}'
            message, flags = RecordType.MESSAGE, 1 | 8
            ticket = journal.append(message, flags, 0, source, 7, topic, payload)
            await journal.wait_committed(ticket)

    asyncio.run(write())
    return directory


def test_inspect_shows_records_and_hides_persons(place: Path) -> None:
    shown = run("inspect", place)
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) == 9
    assert f'{TOPIC}  {{"clients":0}}' in shown.output
    assert MAC not in shown.output
    assert run("inspect", place, "--raw").output.count(MAC) == 3


def test_inspect_goes_on_from_a_place(place: Path) -> None:
    first, second = (
        json.loads(line)
        for line in run("inspect", place, "--limit", "2", "--json").output.splitlines()
    )
    assert (first["type"], first["flags"], first["packet_id"]) == ("message", "qos1", 7)
    assert first["after"] == second["at"]
    [line] = run("inspect", place, "--from", first["after"], "--limit", "1", "--json").output.split(
        "\n", 1
    )[:1]
    assert json.loads(line) == second


def test_a_place_that_is_none_is_explained(place: Path) -> None:
    refused = run("inspect", place, "--from", "three")
    assert refused.exit_code == 2
    assert "found 'three', expected SEGMENT:OFFSET such as 3:136" in refused.output


def test_no_payload_moves_the_cursor(tmp_path: Path) -> None:
    async def write() -> None:
        settings = small(reserve_percent=0)
        async with Journal.open(tmp_path / "j", settings, ManualClock()) as journal:
            append(journal, b"\x1b[2J\r\n\xff")

    asyncio.run(write())
    shown = run("inspect", tmp_path / "j", "--raw").output
    assert shown.isascii()
    assert shown.rstrip("\n").isprintable()


def test_verify_finds_a_sound_journal_sound(place: Path) -> None:
    before = {path: path.read_bytes() for path in place.iterdir()}
    verified = run("verify", place)
    assert verified.exit_code == 0
    assert verified.output.startswith("sound: ")
    assert {path: path.read_bytes() for path in place.iterdir()} == before


def test_verify_says_what_is_damaged_and_inspect_shows_the_gap(place: Path) -> None:
    segment = min(place.iterdir())
    content = bytearray(segment.read_bytes())
    content[content.index(b'{"clients":1}')] ^= 1
    segment.write_bytes(content)
    verified = run("verify", place, "--json")
    assert verified.exit_code == 1
    answer = json.loads(verified.output)
    [finding] = answer["findings"]
    assert answer["sound"] is False
    assert (finding["kind"], finding["detail"]) == ("damaged", "crc")
    assert f"1:{finding['start']}  gap (damaged), up to 1:{finding['end']}" in (
        run("inspect", place).output
    )
    assert "damage found" in run("verify", place).output


def test_an_unfinished_end_is_no_damage(place: Path) -> None:
    segment = max(place.iterdir())
    segment.write_bytes(segment.read_bytes()[:-1])
    verified = run("verify", place)
    assert verified.exit_code == 0
    assert "unfinished end" in verified.output
    assert run("inspect", place).exit_code == 0


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    for name in ("verify", "inspect"):
        refused = run(name, tmp_path)
        assert refused.exit_code == 2
        assert "no segments are here" in refused.output


def test_a_newer_journal_is_left_alone(place: Path) -> None:
    # A header of version 9 with a sound CRC, as a later Ausguck would write it.

    segment = max(place.iterdir())
    content = segment.read_bytes()
    fields = bytearray(content[: HEADER.size])
    struct.pack_into("<H", fields, 8, 9)
    copy = bytes(fields) + CRC.pack(crc32c(0, bytes(fields)))
    segment.write_bytes(copy + copy + content[2 * len(copy) :])
    refused = run("verify", place)
    assert refused.exit_code == 2
    assert "its format is newer than version 1" in refused.output


def test_help_teaches() -> None:
    assert "Exit status" in run("verify", "--help").output
    assert "Examples" in run("inspect", "--help").output
