"""The page of places at which tests kill the process."""

from ausguck.docs.markdown import code, page, table
from ausguck.probe import CrashPoint

PLACES = {
    CrashPoint.JOURNAL_BEFORE_WRITE: "A batch is about to be written; nobody was answered.",
    CrashPoint.JOURNAL_BEFORE_SYNC: "It is written and may or may not be on disk.",
    CrashPoint.JOURNAL_AFTER_SYNC: "It is on disk; nobody was answered.",
    CrashPoint.JOURNAL_NEW_SEGMENT: "A new file was begun; its directory entry may not be on disk.",
    CrashPoint.LISTENER_BEFORE_CONNACK: "A session is on disk; its client was not told.",
    CrashPoint.LISTENER_BEFORE_PUBACK: "A message is on disk; its publisher will send it again.",
    CrashPoint.LISTENER_AFTER_PUBACK: "The acknowledgement is with the system or on its way.",
    CrashPoint.LISTENER_BEFORE_PUBREC: "A QoS 2 packet id is on disk; its publisher sends again.",
    CrashPoint.LISTENER_BEFORE_PUBCOMP: "A packet id is free again; its publisher asks again.",
    CrashPoint.SUBSCRIBER_BEFORE_PUBACK: "A message is on disk; the broker will send it again.",
    CrashPoint.SUBSCRIBER_AFTER_PUBACK: "The broker's acknowledgement is with the system.",
    CrashPoint.HISTORY_BEFORE_DEADLETTERS: "A batch is decoded; nothing of it is kept yet.",
    CrashPoint.HISTORY_AFTER_DEADLETTERS: "Dead letters are kept; the position has not moved.",
    CrashPoint.STORE_BEFORE_COMMIT: "Rows and position are written in a transaction left open; "
    "with InfluxDB nothing is sent yet.",
    CrashPoint.STORE_AFTER_COMMIT: "Rows and position are kept; nobody in the process knows yet.",
    CrashPoint.INFLUXDB_BEFORE_CURSOR: "With InfluxDB: rows are kept, the position has not moved.",
}


def crash_points() -> str:
    """Every place, and what is true there."""
    return page(
        "Crash points",
        "`ausguck/probe.py`",
        "`AUSGUCK_CRASH_AT=<place>` or `<place>:<n>` has `ausguck run` kill itself the first or "
        "the n-th time it reaches a place, as a power cut would. `make test` does so at each of "
        "them and then counts: what was acknowledged, less what was stored or is a dead letter, "
        "is nothing, and nothing is there twice. `make faults` kills at random.",
        table(("place", "what is true there"), ((code(p), PLACES[p]) for p in CrashPoint)),
    )
