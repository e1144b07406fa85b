"""The page of the journal's format."""

from ausguck.docs.markdown import code, page, table
from ausguck.journal import format as segment
from ausguck.journal.port import Flag, Pause, RecordType

RECORDS = {
    RecordType.MESSAGE: "a message as it was published",
    RecordType.REFUSED: "acknowledged, but not the publisher's to send, or set aside: "
    "becomes a dead letter",
    RecordType.RETRY: "an element of a dead letter, sent through once more",
    RecordType.SESSION: "a change of the listener's sessions",
    RecordType.SNAPSHOT: "all of the listener's sessions, at the head of a segment",
}

FLAGS = {
    Flag.QOS1: "published with QoS 1",
    Flag.QOS2: "published with QoS 2",
    Flag.DUP: "the publisher marked it as sent again",
    Flag.RETAIN: "published to be retained",
    Flag.WILL: "a will, published by us for a device that was lost",
    Flag.SET_ASIDE: "refused because its topic or properties are malformed, or because taking it "
    "failed; in its topic, what cannot be shown is escaped",
}

PAUSES = {
    Pause.NONE: "messages are taken",
    Pause.BUDGET: "`journal.budget_bytes` wait for the disk",
    Pause.RESERVE: "free space is under `journal.reserve_percent`",
    Pause.CAP: "the journal has reached `journal.cap_bytes`",
    Pause.DISK: "two writes in a row failed; a restart is needed",
}

FAULTS = {
    segment.Fault.SHORT: "the bytes end before it does",
    segment.Fault.MAGIC: "not a segment of ours",
    segment.Fault.VERSION: "of a version that is not known",
    segment.Fault.SYNC: "no record begins here",
    segment.Fault.LENGTH: "a length that cannot be",
    segment.Fault.CRC: "not what was written",
    segment.Fault.TYPE: "of a type that is not known",
}


def journal() -> str:
    """Bytes, records, flags, and what `verify` may find."""
    return page(
        "Journal",
        "`ausguck/journal`",
        f"Format version {segment.VERSION}. A segment's header takes {segment.PREAMBLE} bytes, a "
        f"record's head {segment.HEAD.size}.",
        "## Bytes",
        (segment.__doc__ or "").partition("\n\n")[2].strip(),
        "## Records",
        table(
            ("number", "type", "what it is"),
            ((str(t.value), code(t.name), RECORDS[t]) for t in RecordType),
        ),
        "## Flags",
        table(
            ("bit", "flag", "what it is"), ((str(f.value), code(f.name), FLAGS[f]) for f in Flag)
        ),
        "## Why intake pauses",
        table(("reason", "what it means"), ((code(p), PAUSES[p]) for p in Pause)),
        "## What may be wrong with a record",
        "Only the unfinished end of the last segment is ever cut. Damage elsewhere is set "
        "aside, told with its range, and reading goes on at the next sound record.",
        table(("fault", "what it means"), ((code(f), FAULTS[f]) for f in segment.Fault)),
    )
