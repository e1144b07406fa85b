"""The page of topics: the grammar, and what each message holds."""

from ausguck import topics
from ausguck.catalogue import wire
from ausguck.docs.markdown import code, page, table
from ausguck.model import Kind
from ausguck.topics import Message

KINDS = {
    Kind.BUS: "a bus, by the operator's number",
    Kind.STATION: "a bike station, by the operator's number",
    Kind.DEVICE: "a device by its serial number, before it is known what it is fitted to",
}

MESSAGES = {
    Message.TELEMETRY: "One JSON object (live), or an array of up to 500 (a backlog): "
    f"`observed_at`, `boot_id`, `seq`, then keys of the [catalogue](catalogue.md), flat. "
    f"`observed_at` is RFC 3339 with an offset, or integer milliseconds since 1970; `boot_id` "
    f"at most {wire.MAX_BOOT_ID} characters; `seq` an unsigned integer.",
    Message.STATUS: '`{"state": "ready" | "sleeping" | "disconnected" | "lost", '
    '"observed_at": ...}` or the bare words `online`, `offline`. May be retained, and may be '
    "a will, which is stamped with the time it was received.",
    Message.INVENTORY: "`model`, `firmware`, `serial`, `profile`, `sim_count`; the newest holds.",
    Message.EVENT: '`{"type": ..., "observed_at": ...}`.',
    Message.CMD: "Towards the device, best effort while it is connected; a device may "
    "subscribe to its own and to nothing else.",
}


def wire_topics() -> str:
    """The grammar of topics and the messages."""
    return page(
        "Topics",
        "`ausguck/topics.py` and `ausguck/catalogue/wire.py`",
        f"A topic has {topics.LEVELS} levels: `{topics.VERSION}/<site>/<kind>/<id>/<message>`. "
        f"`<site>` is the setting `site.id`; `<site>` and `<id>` match `{topics.NAME.pattern}`. "
        "Whoever publishes must own the asset, or be a gateway that may speak for all of them.",
        "## Kinds",
        table(("kind", "what it is"), ((code(kind), KINDS[kind]) for kind in Kind)),
        "## Messages",
        table(("message", "payload"), ((code(m), MESSAGES[m]) for m in Message)),
        "## Identity",
        "A reading is the same as another when (asset, `observed_at`, `boot_id`, `seq`) are; "
        "without `seq`, when (asset, `observed_at`) and every byte of the element are. Sent "
        "again it changes nothing. The same identity with other content becomes a dead letter "
        "`conflict`.",
    )
