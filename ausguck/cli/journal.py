"""`ausguck journal`: look into the journal, and see whether it is sound."""

import re
import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import click
import msgspec

from ausguck.clock import iso_utc
from ausguck.errors import JournalError
from ausguck.journal.disk import OsDisk
from ausguck.journal.inspection import Report, entries, verify
from ausguck.journal.port import Flag, Record
from ausguck.journal.segment import Gap
from ausguck.model import Position
from collectors.redact import redact_json, redact_text

DAMAGED = 1
UNREADABLE = 2
PLACE = re.compile(r"([0-9]{1,12}):([0-9]{1,12})")

directory = click.argument(
    "directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record, or a stretch that cannot be read, as `inspect` shows it."""

    at: str
    after: str
    type: str
    received_at: str | None = None
    flags: str | None = None
    source: str | None = None
    identity: str | None = None
    client_id: str | None = None
    packet_id: int | None = None
    topic: str | None = None
    payload: str | None = None


def place(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> Position | None:
    """`SEGMENT:OFFSET`, as inspect and verify print it; the epoch is of no account."""
    if value is None:
        return None
    found = PLACE.fullmatch(value)
    if found is None:
        raise click.BadParameter(f"found {value!r}, expected SEGMENT:OFFSET such as 3:136")
    return Position(0, int(found[1]), int(found[2]))


@click.group()
def journal() -> None:
    """Look into the journal, and see whether it is sound.

    The journal is the append-only log that every message is in before its device is told that
    it arrived. It lies in the folder `journal` of the data directory (site.data_dir), in files
    named *.segment. Both commands only read, also while Ausguck runs.
    """


@journal.command("inspect")
@directory
@click.option(
    "--from", "start", metavar="SEG:OFF", callback=place, help="Begin at this place, e.g. 3:136."
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Show at most so many.",
)
@click.option("--raw", is_flag=True, help="Show topics, client ids and payloads unredacted.")
@as_json
def inspect_command(
    directory: Path, start: Position | None, limit: int, *, raw: bool, as_json: bool
) -> None:
    """Show records of the journal in DIR, oldest first.

    Each record stands with its place (segment:offset), so that --from can go on behind it.
    Topics, client ids and payloads pass the same redaction as dead letters unless --raw is
    given; mind who can see the screen then. Stretches that cannot be read are shown as gaps.

    \b
    Examples:
      ausguck journal inspect var/journal
      ausguck journal inspect var/journal --from 3:136 --limit 100 --json
    """
    try:
        for entry in islice(entries(OsDisk(), directory, start), limit):
            shown = _gap(entry) if isinstance(entry, Gap) else _record(entry, raw=raw)
            click.echo(msgspec.json.encode(shown).decode() if as_json else _line(shown))
    except JournalError as error:
        _refuse(error)


@journal.command("verify")
@directory
@as_json
def verify_command(directory: Path, *, as_json: bool) -> None:
    """Read the journal in DIR through and say what is wrong with it.

    An unfinished end of the last segment is no damage: it was being written, nobody was told
    that it arrived, and Ausguck cuts it when it opens the journal.

    \b
    Exit status:
      0  sound: everything that was acknowledged can be read
      1  damage was found; what and where is printed
      2  there is no journal, or it cannot be read
    """
    try:
        report = verify(OsDisk(), directory)
    except JournalError as error:
        _refuse(error)
    click.echo(_report_json(report) if as_json else _report_text(report))
    if not report.is_sound:
        sys.exit(DAMAGED)


def _refuse(error: JournalError) -> None:
    click.echo(f"ausguck: {error}", err=True)
    sys.exit(UNREADABLE)


def _place(position: Position) -> str:
    return f"{position.segment}:{position.offset}"


def _gap(gap: Gap) -> Shown:
    return Shown(_place(gap.start), _place(gap.end), f"gap ({gap.reason})")


def _record(record: Record, *, raw: bool) -> Shown:
    text = str if raw else redact_text
    payload = record.payload if raw else redact_json(record.payload)
    return Shown(
        at=_place(record.position),
        after=_place(record.after),
        type=record.type.name.lower(),
        received_at=iso_utc(record.received_at_ms),
        flags=" ".join((flag.name or "").lower() for flag in Flag(record.flags)),
        source=record.source.name,
        identity=text(record.source.identity),
        client_id=text(record.source.client_id),
        packet_id=record.packet_id,
        topic=text(record.topic),
        payload=payload.decode(errors="backslashreplace"),
    )


def _line(shown: Shown) -> str:
    if shown.received_at is None:
        return f"{shown.at}  {shown.type}, up to {shown.after}"
    parts = (
        shown.at,
        shown.received_at,
        shown.type,
        f"[{shown.flags}]",
        f"{shown.source} {shown.identity or '-'} {shown.client_id or '-'}",
        shown.topic or "-",
        _printable(shown.payload or ""),
    )
    return "  ".join(parts)


def _printable(text: str) -> str:
    """No payload may move the cursor of the terminal it is shown on."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _report_json(report: Report) -> str:
    findings = [{**asdict(finding), "damage": finding.is_damage} for finding in report.findings]
    answer = {
        "sound": report.is_sound,
        "segments": report.segments,
        "records": report.records,
        "bytes": report.bytes,
        "findings": findings,
    }
    return msgspec.json.encode(answer).decode()


def _report_text(report: Report) -> str:
    lines = [
        f"{finding.file}  {finding.start} to {finding.end}  {finding.kind}: {finding.detail}"
        for finding in report.findings
    ]
    verdict = "sound" if report.is_sound else "damage found"
    lines.append(
        f"{verdict}: {report.segments} segments, {report.records} records, {report.bytes} bytes"
    )
    return "\n".join(lines)
