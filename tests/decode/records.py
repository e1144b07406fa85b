"""Records as the journal would hand them over, and a decoder to read them."""

import json
from collections.abc import Mapping

from ausguck import catalogue
from ausguck.journal.port import Record, RecordType, Source
from ausguck.model import Decoded, Position, Reading, Scalar
from ausguck.settings.tree import Area, Retention, Site
from collectors.decode import Decoder

RECEIVED_MS = 1_800_000_000_000
DAY_MS = 86_400_000
BUS = "v1/kiel/bus/0123/telemetry"
STATION = "v1/kiel/station/7/telemetry"
POSITION = Position(3, 1, 4096)
AREA = Area(south=54, west=9, north=55, east=11)


def new_decoder(area: Area | None = None) -> Decoder:
    return Decoder(Site(area=area or Area()), Retention())


DECODER = new_decoder()
IN_KIEL = new_decoder(AREA)


def record(
    topic: str = BUS,
    payload: bytes = b"",
    *,
    record_type: RecordType = RecordType.MESSAGE,
    flags: int = 1,
    received_at_ms: int = RECEIVED_MS,
) -> Record:
    return Record(
        position=POSITION,
        after=Position(3, 1, 4096 + len(payload)),
        type=record_type,
        flags=flags,
        received_at_ms=received_at_ms,
        source=Source("listener", "bus-0123", "bus-0123"),
        packet_id=7,
        topic=topic,
        payload=payload,
    )


def element(**fields: object) -> dict[str, object]:
    return {"observed_at": RECEIVED_MS - 1000, "boot_id": "5f3a9c01d2e4", "seq": 17, **fields}


def decode(document: object, topic: str = BUS, decoder: Decoder = DECODER) -> Decoded:
    return decoder.decode(record(topic, json.dumps(document).encode()))


def known(reading: Reading) -> Mapping[str, Scalar]:
    """What a reading knows, by key."""
    pairs = zip(catalogue.keys(reading.asset.kind), reading.values, strict=True)
    return {key: value for key, value in pairs if value is not None}


def drops(decoded: Decoded) -> list[tuple[str, str]]:
    return [(value.key, value.reason) for value in decoded.dropped]


def reasons(decoded: Decoded) -> list[str]:
    return [letter.reason for letter in decoded.dead_letters]
