"""The page of reasons for which a reading, a message or a value was not stored."""

from ausguck.desk.packs import ROW_ELEMENTS
from ausguck.docs.markdown import code, page, table
from ausguck.model import Reason
from collectors.decode.fields import MAX_DEPTH, MAX_ELEMENTS, MAX_KEYS, MAX_PAYLOAD_BYTES
from collectors.decode.letters import Drop
from collectors.decode.moments import ACCEPTANCE_MARGIN_DAYS

REASONS = {
    Reason.UNDECODABLE: "The payload is not what the message demands: no JSON, no object or "
    "array of objects, or a status or event without a state or type that is known.",
    Reason.EMPTY: "There is nothing in it: an empty payload, array or object, or an element "
    "with neither a time nor a value of the catalogue.",
    Reason.IDENTITY: "The publisher may not speak for this asset, the topic is of another site, "
    "or a device was not where its topic says when it observed this. What is said of a device "
    "that was not registered or fitted is [tried again by itself](../explanation/who-spoke.md) "
    "once that is recorded.",
    Reason.GRAMMAR: "The topic is not of the [grammar](topics.md), or it is `cmd`, which goes "
    "towards a device; or the broker handed the message on with malformed MQTT properties.",
    Reason.LIMIT: f"More than {MAX_ELEMENTS} elements, {MAX_KEYS} keys, {MAX_DEPTH} levels or "
    f"{MAX_PAYLOAD_BYTES} bytes.",
    Reason.TIME: "An element of a backlog without a possible `observed_at`.",
    Reason.TOO_OLD: "Older when received than the window in which readings are taken: "
    f"`retention.telemetry_days` less {ACCEPTANCE_MARGIN_DAYS} days.",
    Reason.CONFLICT: "A reading of the same identity and other content is stored already.",
    Reason.REJECTED: "The store refused this one reading and will not take it later either.",
}

DROPS = {
    Drop.WRONG_TYPE: "not of the type of its key",
    Drop.OUT_OF_RANGE: "outside the range of its key",
    Drop.SENTINEL: "a value by which modems say that they do not know",
    Drop.NOT_A_CHOICE: "none of the words its key may have",
    Drop.TOO_LONG: "more characters than its key may have",
    Drop.PATTERN: "not of the form of its key",
    Drop.UNKNOWN_KEY: "the key is not in the [catalogue](catalogue.md)",
    Drop.NO_FIX: "latitude and longitude are both 0",
    Drop.HALF_A_POSITION: "one of latitude and longitude is missing",
    Drop.OUTSIDE_AREA: "a position outside `site.area`",
    Drop.TOO_OLD: "a position older than `retention.position_days`",
}


def deadletters() -> str:
    """Every reason, and how to read and retry dead letters."""
    return page(
        "Dead letters",
        "`ausguck/model.py` and `collectors/decode`",
        "What was acknowledged and could not be stored is a dead letter: the single element "
        "after redaction, with topic, reason, and a detail that says what was found and what "
        "was expected. Identical ones (topic, reason, element) are one row with a count and a "
        "first and last time. Where a topic has many for one reason, all but the newest are "
        f"packed, up to {ROW_ELEMENTS} of them in a row; each is kept, counted, and tried again "
        "by itself. `ausguck deadletters list`, `show`, `retry` and `purge`, and "
        "`GET /api/v1/deadletters`, read them; see the "
        "[how-to](../how-to/read-dead-letters.md).",
        table(("reason", "what it means"), ((code(r), REASONS[r]) for r in Reason)),
        "## Values left out",
        "A value that cannot be kept is left out of its reading, which is kept. Such values are "
        "counted by asset, key and reason, with one redacted example: "
        "`GET /api/v1/deadletters/dropped-values`.",
        table(("reason", "why the value was left out"), ((code(d), DROPS[d]) for d in Drop)),
        "## Quota",
        "The list of dead letters has a quota, `history.dead_letter_rows`. At it history waits "
        "and the health route says so; nothing is dropped, and it goes on when rows are purged.",
    )
