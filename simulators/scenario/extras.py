"""What no city says: payloads nobody can read, and what a receiver should make of each."""

from collections.abc import Mapping
from typing import Final

from ausguck.model import Reason
from simulators.outgoing import Element, Outgoing

TOO_MANY: Final = 501
REASONS: Final[Mapping[str, Reason | None]] = {
    "malformed": Reason.UNDECODABLE,
    "not_a_number": Reason.UNDECODABLE,
    "too_many": Reason.LIMIT,
    "wrong_topic": Reason.IDENTITY,
    "empty": Reason.EMPTY,
    "wrong_types": None,
}
"""Why each becomes a dead letter; wrong types cost the values and leave the reading."""


def poisoned(form: str, topic: str, at_ms: int) -> Outgoing:
    """A message of one of the forms; no two of different times are equal."""
    match form:
        case "malformed":
            return Outgoing(topic, (), raw=b'{"observed_at":%d,"clients":' % at_ms)
        case "not_a_number":
            return Outgoing(topic, (), raw=b'{"observed_at":%d,"rsrp_dbm":NaN}' % at_ms)
        case "too_many":
            many = b",".join(b'{"observed_at":%d}' % (at_ms + n) for n in range(TOO_MANY))
            return Outgoing(topic, (), raw=b"[" + many + b"]")
        case "wrong_topic":
            return Outgoing("another/city", (), raw=b'{"observed_at":%d}' % at_ms)
        case "empty":
            return Outgoing(topic, (), raw=b"")
        case _:
            wrong: Element = {"observed_at": at_ms, "clients": "many", "supply_v": True}
            return Outgoing(topic, (wrong,))
