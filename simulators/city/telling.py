"""Tells the truth about one asset: gathers what belongs together and tells it when it ends."""

from simulators.city.duty import Stretch
from simulators.city.rhythm import HOUR_MS
from simulators.city.router import GUEST_DOWN, GUEST_UP, WAN_RX, WAN_TX, Router
from simulators.city.truth import (
    Doing,
    Duty,
    Fitted,
    Gap,
    Happened,
    Misdated,
    Mishap,
    Tell,
    Usage,
    Why,
)

COUNTED = (GUEST_DOWN, GUEST_UP, WAN_RX, WAN_TX)


class Teller:
    """What is open about a device: its duty, its gap, its fitting, its hour."""

    def __init__(self, asset: str, tell: Tell, start_ms: int) -> None:
        self._asset = asset
        self._tell = tell
        self._start_ms = start_ms
        self._fitted: tuple[int, str, str, str] | None = None
        self._gap: tuple[int, Why, str] | None = None
        self._duty: Stretch | None = None
        self._hour: tuple[int, str | None] | None = None
        self._from_ms = 0
        self._has_begun = False
        self._sums = [0] * len(COUNTED)
        self._readings = 0
        self._most = 0

    def fitted(self, at_ms: int, serial: str, model: str, firmware: str) -> None:
        """Another device is in the asset from now on."""
        self._end_fitting(at_ms)
        self._fitted = at_ms, serial, model, firmware

    def does(self, stretch: Stretch) -> None:
        """The bus has come to another part of its duty."""
        if self._duty is not None:
            self._end_duty(self._duty.to_ms)
        self._duty = stretch

    def unheard(self, at_ms: int, why: Why, operator: str) -> None:
        """Nobody hears the device, from now on at the latest."""
        if self._gap is not None and self._gap[1] is not why:
            self.heard(at_ms)
        if self._gap is None:
            self._gap = at_ms, why, operator

    def heard(self, at_ms: int) -> None:
        """What the device says arrives again."""
        if self._gap is not None:
            from_ms, why, operator = self._gap
            self._tell(Gap(self._asset, from_ms, at_ms, why, operator))
            self._gap = None

    def happened(self, at_ms: int, what: Mishap, serial: str, boot_id: str) -> None:
        """Something befell the device."""
        self._tell(Happened(self._asset, at_ms, at_ms, what, serial, boot_id))

    def read(self, at_ms: int, said_ms: int, router: Router, stretch: Stretch) -> None:
        """A reading was made, whether it is heard or not."""
        for what in router.befell:
            self.happened(at_ms, what, router.box.serial, router.boot_id)
        if said_ms != at_ms:
            serial, boot_id = router.box.serial, router.boot_id
            self._tell(Misdated(self._asset, at_ms, at_ms, said_ms, serial, boot_id, router.seq))
        hour = at_ms // HOUR_MS, stretch.line
        if hour != self._hour:
            self._end_usage(at_ms)
            self._hour, self._from_ms = hour, at_ms
        if self._has_begun:
            for index, counter in enumerate(COUNTED):
                self._sums[index] += router.step[counter]
        self._has_begun = True
        self._readings += 1
        self._most = max(self._most, router.clients)

    def conclude(self, at_ms: int) -> None:
        """Tell everything that is still open, as if it ended now."""
        self._end_usage(at_ms)
        if self._duty is not None:
            self._end_duty(at_ms)
        self.heard(at_ms)
        self._end_fitting(at_ms)

    def _end_usage(self, at_ms: int) -> None:
        if self._hour is None:
            return
        hour, line = self._hour
        until_ms = min(at_ms, (hour + 1) * HOUR_MS)
        down, up, rx, tx = self._sums
        told = Usage(
            asset=self._asset,
            from_ms=self._from_ms,
            to_ms=until_ms,
            line=line,
            guest_down_bytes=down,
            guest_up_bytes=up,
            wan_rx_bytes=rx,
            wan_tx_bytes=tx,
            readings=self._readings,
            clients_max=self._most,
        )
        self._tell(told)
        self._hour = None
        self._sums = [0] * len(COUNTED)
        self._readings = self._most = 0

    def _end_duty(self, at_ms: int) -> None:
        stretch = self._duty
        if stretch is None:
            return
        from_ms, to_ms = max(stretch.from_ms, self._start_ms), min(stretch.to_ms, at_ms)
        self._duty = None
        block = None if stretch.doing is Doing.SLEEPING else stretch.block
        told = (stretch.doing, stretch.line, stretch.trip, block)
        if from_ms < to_ms:
            self._tell(Duty(self._asset, from_ms, to_ms, *told))

    def _end_fitting(self, at_ms: int) -> None:
        if self._fitted is not None:
            from_ms, *device = self._fitted
            self._tell(Fitted(self._asset, from_ms, at_ms, *device))
            self._fitted = None
