"""Payloads as a device with a broken firmware sends them."""

from simulators.city.conditions import Corruption
from simulators.outgoing import Element, Outgoing, Value

GIBBERISH = b"\xff\xfe\x00telemetry\x80"
WORDS: dict[str, Value] = {"clients": "many", "rtt_ms": "slow", "battery_pct": "full"}
ABSURD: dict[str, Value] = {"rsrp_dbm": 999, "temperature_c": -400, "num_docks_available": -5}
STRANGE: dict[str, Value] = {"warp_factor": 9, "flux_capacitor": True}


def spoilt(message: Outgoing, how: Corruption) -> Outgoing:
    """The same message, spoilt."""
    if how is Corruption.NOT_JSON:
        return Outgoing(message.topic, (), raw=GIBBERISH)
    if how is Corruption.CUT_OFF:
        payload = message.payload
        return Outgoing(message.topic, (), raw=payload[: len(payload) // 2])
    elements = tuple(_spoilt(element, how) for element in message.elements)
    return Outgoing(message.topic, elements, message.is_array)


def _spoilt(element: Element, how: Corruption) -> Element:
    if how is Corruption.UNKNOWN_KEYS:
        return {**element, **STRANGE}
    wrong = WORDS if how is Corruption.WRONG_TYPE else ABSURD
    return {**element, **{key: value for key, value in wrong.items() if key in element}}
