"""The page of reasons for which a reading, a message or a value was not stored."""

from ausguck.docs.markdown import code, page, table
from ausguck.model import Reason

REASONS = {
    Reason.UNDECODABLE: "The payload is not what the message kind demands: no JSON, or no object "
    "or array of objects.",
    Reason.EMPTY: "There is nothing in it: an empty payload or array, or an element none of "
    "whose values could be kept.",
    Reason.IDENTITY: "The publisher may not speak for this asset.",
    Reason.GRAMMAR: "The topic is not of the [grammar](topics.md), or of another site.",
    Reason.LIMIT: "A backlog of more than 500 elements, or a message past another limit.",
    Reason.TIME: "An element of a backlog without a possible `observed_at`.",
    Reason.TOO_OLD: "Older than the window in which readings are taken (the retention of "
    "telemetry less three days).",
    Reason.CONFLICT: "A reading of the same identity and other content is stored already.",
    Reason.REJECTED: "The store refused this one reading and will not take it later either.",
}


def deadletters() -> str:
    """Every reason, and how to read and retry dead letters."""
    return page(
        "Dead letters",
        "`ausguck/model.py`",
        "What was acknowledged and could not be stored is a dead letter: the single element "
        "after redaction, with topic, reason, and a detail that says what was found and what "
        "was expected. Identical ones (topic, reason, element) are one row with a count and a "
        "first and last time. `ausguck deadletters list`, `show`, `retry` and `purge`, and "
        "`GET /api/v1/deadletters`, read them; see the "
        "[how-to](../how-to/read-dead-letters.md).",
        table(("reason", "what it means"), ((code(r), REASONS[r]) for r in Reason)),
        "The list has a quota, `history.dead_letter_rows`. At it history waits and the health "
        "route says so; nothing is dropped, and it goes on when rows are purged.",
    )
