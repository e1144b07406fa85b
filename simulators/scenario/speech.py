"""What a device says after the faults have had their way with it, in the receiver's time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from simulators.outgoing import Element, Outgoing
from simulators.scenario.edits import Edit

DAY_MS: Final = 86_400_000
FIRST_SOUND_MS: Final = 1_577_836_800_000
"""2020: a clock that shows less began anew, and knows nothing of the receiver's time."""


class Speech:
    """Edits messages on their way out, and moves their times."""

    def __init__(self, edits: Sequence[Edit], shift_ms: int) -> None:
        self._edits = edits
        self._shift_ms = shift_ms

    def said(self, asset: str, message: Outgoing, at_ms: int) -> Outgoing:
        """The message as it goes out at that moment."""
        edits: Sequence[Edit] = ()
        if message.topic.endswith("/telemetry"):
            edits = [edit for edit in self._edits if edit.choice.is_named(asset)]
        if not edits and not self._shift_ms:
            return message
        elements = tuple(self._changed(asset, each, at_ms, edits) for each in message.elements)
        return replace(message, elements=elements)

    def _changed(self, asset: str, element: Element, at_ms: int, edits: Sequence[Edit]) -> Element:
        true_ms = _true_ms(element, at_ms)
        for edit in edits:
            element = edit.change(asset, element, true_ms)
        told = element.get("observed_at")
        if self._shift_ms and isinstance(told, int) and told >= FIRST_SOUND_MS:
            return {**element, "observed_at": told + self._shift_ms}
        return element


def _true_ms(element: Element, at_ms: int) -> int:
    """When it was observed: as it says, unless its clock cannot be right."""
    told = element.get("observed_at")
    if isinstance(told, int) and at_ms - DAY_MS < told <= at_ms:
        return told
    return at_ms
