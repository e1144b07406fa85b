"""The page of topics: the grammar, and what each message holds."""

from ausguck import topics
from ausguck.catalogue import wire
from ausguck.docs.markdown import code, page, table
from ausguck.model import Kind
from ausguck.topics import Message
from collectors.decode.fields import MAX_ELEMENTS
from collectors.decode.moments import ACCEPTANCE_MARGIN_DAYS, AHEAD_MS
from collectors.decode.notices import BARE_WORDS, STATES

KINDS = {
    Kind.BUS: "a bus, by the operator's number",
    Kind.STATION: "a bike station, by the operator's number",
    Kind.DEVICE: "a device by its serial number: what it says belongs to the bus or station that "
    "the register had it in when it was observed, element by element; see "
    "[who spoke](../explanation/who-spoke.md)",
}

STATE_WORDS = ", ".join(code(state) for state in STATES)
BARE = ", ".join(code(word.decode()) for word in BARE_WORDS)

MESSAGES = {
    Message.TELEMETRY: f"One JSON object (live), or an array of up to {MAX_ELEMENTS} (a "
    "backlog): `observed_at`, `boot_id`, `seq`, then keys of the [catalogue](catalogue.md), "
    "flat. `observed_at` is RFC 3339 with an offset, or integer milliseconds since 1970; "
    f"`boot_id` at most {wire.MAX_BOOT_ID} characters; `seq` an unsigned integer.",
    Message.STATUS: f'`{{"state": ..., "observed_at": ...}}` with one of {STATE_WORDS}, or a '
    f"bare word: {BARE}. May be retained, and may be a will, which is stamped with the time it "
    "was received.",
    Message.INVENTORY: "`model`, `firmware`, `serial`, `profile`, `sim_count`; "
    "for a station besides `name`, `lat`, `lon`, `capacity`, which a bike feed tells and a "
    "controller need not. Of each of the two groups the newest holds.",
    Message.EVENT: '`{"type": ..., "detail": ..., "observed_at": ...}`; the type is 1 to 64 of '
    "`a-z 0-9 _ . -`.",
    Message.CMD: "Towards the device, best effort while it is connected; a device may "
    "subscribe to its own and to nothing else, and an operator may publish to it.",
}

TIME = f"""\
Time is judged against the moment of receipt. A live object with an impossible time (before 2020,
or more than {AHEAD_MS // 60_000} minutes ahead) or with none is kept under its time of receipt and
marked `clock_suspect`; in a backlog it is a dead letter `time`. What is older than
`retention.telemetry_days` less {ACCEPTANCE_MARGIN_DAYS} days is a dead letter `too_old`; a position
older than `retention.position_days` is left out of its reading.
"""


def wire_topics() -> str:
    """The grammar of topics and the messages."""
    return page(
        "Topics",
        "`ausguck/topics.py`, `ausguck/catalogue/wire.py` and `collectors/decode`",
        f"A topic has {topics.LEVELS} levels: `{topics.VERSION}/<site>/<kind>/<id>/<message>`. "
        f"`<site>` is the setting `site.id`; `<site>` and `<id>` match `{topics.NAME.pattern}`. "
        "Whoever publishes must own the asset, or be a gateway that may speak for all of them.",
        "## Kinds",
        table(("kind", "what it is"), ((code(kind), KINDS[kind]) for kind in Kind)),
        "## Messages",
        table(("message", "payload"), ((code(m), MESSAGES[m]) for m in Message)),
        "## Time",
        TIME.strip(),
        "## Identity",
        "A reading is the same as another when (asset, `observed_at`, `boot_id`, `seq`) are; "
        "without `seq`, when (asset, `observed_at`) and every byte of the element are. Sent "
        "again it changes nothing. The same identity with other content becomes a dead letter "
        "`conflict`. From an asset's second device on, the register puts a mark behind each "
        "`boot_id` (`#` and up to eight characters, beyond the length a device may use), so that "
        "no counter is differenced across a swap.",
    )
