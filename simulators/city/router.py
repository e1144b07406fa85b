"""A router between two boots: its clients, its counters, its clock and its health."""

import random
from collections.abc import Iterable
from operator import add
from typing import Final

from simulators.city.devices import Box
from simulators.city.radio import CARRIES, Signal
from simulators.city.rhythm import passengers, temperature_c
from simulators.city.truth import Mishap
from simulators.outgoing import Value

FULLEST_GUESTS = 26.0
MOST_CLIENTS = 500.0
SETTLE_S = 400.0
GUEST_DOWN_BYTES_S, GUEST_UP_BYTES_S = 9_500.0, 1_300.0
OWN_RX_BYTES_S, OWN_TX_BYTES_S = 60.0, 95.0
OVERHEAD = 1.04
LONGEST_COUNTED_S = 3_600.0
"""After a longer time without a reading the machine slept, and the city with it."""
SWITCHES_AN_HOUR, ODD_SWITCHES_AN_HOUR, RESETS_AN_HOUR = 0.12, 1.5, 0.5
LEAST_TO_RESET = 100_000_000
WARM_UP_C, WARM_AFTER_S = 22.0, 1_800.0
WRAP: Final = 1 << 32
YEAR_MS = 365 * 86_400_000
FINDS_TIME_AFTER_MS = (120_000, 600_000)
STAFF: Final = (0, 1, 1, 1)

GUEST_DOWN, GUEST_UP, WAN_RX, WAN_TX, SIM_1, SIM_2 = range(6)
SIGNAL_KEYS: Final = Signal._fields
COUNTERS: Final = (
    "guest_down_bytes_total",
    "guest_up_bytes_total",
    "wan_rx_bytes_total",
    "wan_tx_bytes_total",
    "sim1_bytes_total",
    "sim2_bytes_total",
)


class Router:
    """Counts from its boot; a new boot is a new router in the same box.

    `step` says what was counted since the last reading, in the order of `COUNTERS`, and
    `befell` what happened to the counters in it.
    """

    def __init__(self, box: Box, rng: random.Random, boot_ms: int, at_ms: int) -> None:
        self.box = box
        self.boot_ms = boot_ms
        self.boot_id = f"{rng.getrandbits(48):012x}"
        self.seq = 0
        self.sim_slot = 1
        self.step = [0] * 6
        self.befell: list[Mishap] = []
        self._rng = rng
        self._at_ms = at_ms
        self._fill = rng.uniform(0.4, 1.3)
        self._knows_time_ms = boot_ms + rng.randint(*FINDS_TIME_AFTER_MS)
        self._guests = 0.0
        self._staff = 0
        self._is_boarded = False
        self._counts = [0] * 6
        switches = ODD_SWITCHES_AN_HOUR if box.sim_switches else SWITCHES_AN_HOUR
        self._switches_a_s = switches / 3_600
        self._resets_a_s = RESETS_AN_HOUR / 3_600 if box.counter_resets else 0.0
        if at_ms > boot_ms:
            self._make_up_past((at_ms - boot_ms) / 1000)

    @property
    def operator(self) -> str:
        """Of the SIM in use."""
        return self.box.operators[self.sim_slot - 1]

    @property
    def clients(self) -> int:
        """Associated at the last reading."""
        return (round(self._guests) if self._is_boarded else 0) + self._staff

    def clock_ms(self, at_ms: int) -> int:
        """What its clock says at a moment."""
        box = self.box
        if box.clock_1970 and at_ms < self._knows_time_ms:
            return at_ms - self.boot_ms
        drift = (at_ms - self.boot_ms) * box.drift_s_per_hour / 3_600
        return at_ms + int(drift) + (YEAR_MS if box.clock_ahead else 0)

    def advance(
        self, at_ms: int, signal: Signal | None, appetite: float, carried: float = 1.0
    ) -> None:
        """Live through the time since the last reading.

        `appetite` is how many passengers want Wi-Fi beside a common day's, 0 with nobody on
        board; `carried` how much of their traffic the network takes.
        """
        rng, seconds = self._rng, min(max((at_ms - self._at_ms) / 1000, 0.0), LONGEST_COUNTED_S)
        self._at_ms = at_ms
        self._is_boarded = appetite > 0
        guests, wanted = self._guests, 0.0
        if self._is_boarded:
            wanted = FULLEST_GUESTS * self._fill * passengers(at_ms) * appetite
            guests += 1.7 * (rng.random() - 0.5)
            self._staff = STAFF[int(rng.random() * 4)]
        else:
            self._staff = 0
        if seconds < SETTLE_S:
            wanted = guests + (wanted - guests) * seconds / SETTLE_S
        self._guests = min(wanted, MOST_CLIENTS) if wanted > 0 else 0.0
        self.befell.clear()
        if rng.random() < seconds * self._switches_a_s:
            self._switch_sim()
        resets = self._resets_a_s > 0 and rng.random() < seconds * self._resets_a_s
        if resets and self._has_begun_anew(range(len(COUNTERS))):
            self.befell.append(Mishap.COUNTER_RESET)
        self._count(seconds, signal, carried)

    def reading(self, at_ms: int, said_ms: int, signal: Signal | None) -> dict[str, Value]:
        """One reading of everything but the position; `said_ms` is what the clock shows."""
        draw, counts = self._rng.random, self._counts
        guests = round(self._guests) if self._is_boarded else 0
        clients = guests + self._staff
        old_radio = clients // 5
        uptime_s = (at_ms - self.boot_ms) / 1000
        warm = WARM_UP_C if uptime_s > WARM_AFTER_S else WARM_UP_C * uptime_s / WARM_AFTER_S
        self.seq += 1
        found: dict[str, Value] = {
            "observed_at": said_ms,
            "boot_id": self.boot_id,
            "seq": self.seq,
            "clients": clients,
            "clients_guest": guests,
            "clients_staff": self._staff,
            "clients_2g4": old_radio,
            "clients_5g": clients - old_radio,
            "guest_down_bytes_total": counts[0],
            "guest_up_bytes_total": counts[1],
            "wan_rx_bytes_total": counts[2],
            "wan_tx_bytes_total": counts[3],
            "sim1_bytes_total": counts[4],
            "sim2_bytes_total": counts[5],
            "sim_slot": self.sim_slot,
            "supply_v": int((2740 if self._is_boarded else 2470) + 40 * draw()) / 100,
            "temperature_c": int((temperature_c(at_ms) + warm + 1.4 * draw()) * 10) / 10,
            "cpu_pct": int(60 + clients * 9 + 90 * draw() * draw()) / 10,
            "memory_pct": int(min(1000.0, 370 + uptime_s / 720 + 20 * draw())) / 10,
            "disk_pct": int(min(1000.0, 210 + uptime_s / 8_640)) / 10,
            "uptime_s": int(uptime_s * 10) / 10,
        }
        if self.box.no_boot_id:
            del found["boot_id"]
        if signal is None:
            found["access_technology"] = "none"
        else:
            found["operator"] = self.operator
            found["is_roaming"] = False
            found["portal_ok_pct"] = int(max(0.0, 995 - signal.loss_pct * 14)) / 10
            found.update(zip(SIGNAL_KEYS, signal, strict=True))
        return found

    def _switch_sim(self) -> None:
        if not self.box.sim_switches or self._has_begun_anew((WAN_RX, WAN_TX)):
            self.sim_slot = 3 - self.sim_slot
            self.befell.append(Mishap.SIM_SWITCH)

    def _has_begun_anew(self, counters: Iterable[int]) -> bool:
        """Let some begin at 0, once they have counted enough that anybody could notice."""
        if self._counts[WAN_RX] < LEAST_TO_RESET or self._counts[GUEST_DOWN] < LEAST_TO_RESET:
            return False
        for counter in counters:
            self._counts[counter] = 0
        return True

    def _count(self, seconds: float, signal: Signal | None, carried: float) -> None:
        """Counters only grow, and each byte over the uplink went over one SIM."""
        if signal is None:
            self.step = [0] * 6
            return
        carried *= (1 - signal.loss_pct / 100) * CARRIES[signal.access_technology]
        busy = self._guests * seconds * carried * (0.5 + self._rng.random())
        down, up = int(busy * GUEST_DOWN_BYTES_S), int(busy * GUEST_UP_BYTES_S)
        rx = int(down * OVERHEAD + OWN_RX_BYTES_S * seconds)
        tx = int(up * OVERHEAD + OWN_TX_BYTES_S * seconds)
        step = [down, up, rx, tx, 0, 0]
        step[SIM_1 + self.sim_slot - 1] = rx + tx
        self.step = step
        counts = self._counts = list(map(add, self._counts, step))
        if self.box.wraps and max(counts) >= WRAP:
            self._counts = [count % WRAP for count in counts]
            self.befell.append(Mishap.COUNTER_WRAP)

    def _make_up_past(self, seconds: float) -> None:
        """A router that was up before the city began has counted already."""
        busy = seconds * FULLEST_GUESTS * self._fill * 0.4
        self.seq = int(seconds / 10)
        down, up = int(busy * GUEST_DOWN_BYTES_S), int(busy * GUEST_UP_BYTES_S)
        rx = int(down * OVERHEAD + OWN_RX_BYTES_S * seconds)
        tx = int(up * OVERHEAD + OWN_TX_BYTES_S * seconds)
        self._counts = [down, up, rx, tx, rx + tx, 0]
        if self.box.wraps:
            self._counts = [count % WRAP for count in self._counts]
        self._guests = FULLEST_GUESTS * self._fill * passengers(self._at_ms)
