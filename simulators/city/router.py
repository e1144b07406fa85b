"""The router of a bus between two boots: its clients, its counters and its health."""

import random

from simulators.city.radio import OPERATORS, Signal
from simulators.city.rhythm import passengers, temperature_c
from simulators.outgoing import Element

MODELS = ("RUTX50", "RUT956", "IBR1700")
FIRMWARE = ("00.07.06.10", "00.07.08.2", "7.23.40")
FULLEST_GUESTS = 26.0
SETTLE_S = 400.0
GUEST_DOWN_BYTES_S, GUEST_UP_BYTES_S = 9_500.0, 1_300.0
OWN_RX_BYTES_S, OWN_TX_BYTES_S = 60.0, 95.0
SECOND_SIM_SHARE = 0.12
WARM_UP_C = 22.0


class Router:
    """Counts from its boot; a new boot is a new router."""

    def __init__(self, rng: random.Random, boot_ms: int, at_ms: int) -> None:
        self._rng = rng
        self._boot_ms = boot_ms
        self._at_ms = at_ms
        self._boot_id = f"{rng.getrandbits(48):012x}"
        self._model = rng.randrange(len(MODELS))
        self._seq = 0
        self._fill = rng.uniform(0.4, 1.3)
        self._guests = 0.0
        self._staff = 0
        self._sim_slot = 1
        self._is_driving = False
        self._signal: Signal | None = None
        self._operators = tuple(rng.sample(OPERATORS, 2))
        self._down = self._up = self._rx = self._tx = 0.0
        self._sims = [0, 0]
        if at_ms > boot_ms:
            self._make_up_past((at_ms - boot_ms) / 1000)

    def inventory(self) -> Element:
        """What it is, apart from the time."""
        return {
            "model": MODELS[self._model],
            "firmware": FIRMWARE[self._model],
            "serial": f"AG{self._boot_id[:8].upper()}",
            "profile": "native",
            "sim_count": 2,
        }

    def advance(self, at_ms: int, signal: Signal | None, *, is_driving: bool) -> None:
        """Live through the time since the last report."""
        seconds = max(0.0, (at_ms - self._at_ms) / 1000)
        self._at_ms = at_ms
        self._signal = signal
        self._is_driving = is_driving
        wanted = FULLEST_GUESTS * self._fill * passengers(at_ms) if is_driving else 0.0
        pull = min(1.0, seconds / SETTLE_S)
        noise = self._rng.gauss(0, 0.6) if is_driving else 0.0
        self._guests = max(0.0, self._guests + (wanted - self._guests) * pull + noise)
        self._staff = self._rng.choice((0, 1, 1, 1)) if is_driving else 0
        if self._rng.random() < seconds / 3_600 * SECOND_SIM_SHARE:
            self._sim_slot = 3 - self._sim_slot
        self._count(seconds)

    def telemetry(self, at_ms: int) -> Element:
        """One reading of everything but the position."""
        rng = self._rng
        guests = round(self._guests) if self._is_driving else 0
        clients = guests + self._staff
        old_radio = round(clients * 0.2)
        uptime_s = (at_ms - self._boot_ms) / 1000
        self._seq += 1
        return {
            "observed_at": at_ms,
            "boot_id": self._boot_id,
            "seq": self._seq,
            "clients": clients,
            "clients_guest": guests,
            "clients_staff": self._staff,
            "clients_2g4": old_radio,
            "clients_5g": clients - old_radio,
            "guest_down_bytes_total": int(self._down),
            "guest_up_bytes_total": int(self._up),
            "wan_rx_bytes_total": int(self._rx),
            "wan_tx_bytes_total": int(self._tx),
            "sim1_bytes_total": self._sims[0],
            "sim2_bytes_total": self._sims[1],
            **self._uplink(),
            "supply_v": round(rng.gauss(27.6 if self._is_driving else 24.9, 0.2), 2),
            "temperature_c": round(self._temperature_c(at_ms, uptime_s), 1),
            "cpu_pct": round(min(100.0, 6 + clients * 0.9 + abs(rng.gauss(0, 4))), 1),
            "memory_pct": round(min(100.0, 38 + uptime_s / 7_200 + rng.uniform(-1, 1)), 1),
            "disk_pct": round(21 + uptime_s / 86_400, 1),
            "uptime_s": round(uptime_s, 1),
        }

    def _uplink(self) -> Element:
        signal = self._signal
        if signal is None:
            return {"access_technology": "none", "sim_slot": self._sim_slot}
        return {
            "access_technology": signal.access_technology,
            "operator": self._operators[self._sim_slot - 1],
            "cell_id": signal.cell_id,
            "sim_slot": self._sim_slot,
            "is_roaming": False,
            "rsrp_dbm": signal.rsrp_dbm,
            "rsrq_db": signal.rsrq_db,
            "sinr_db": signal.sinr_db,
            "rssi_dbm": signal.rssi_dbm,
            "rtt_ms": signal.rtt_ms,
            "loss_pct": signal.loss_pct,
            "portal_ok_pct": round(max(0.0, 99.5 - signal.loss_pct * 1.4), 1),
        }

    def _count(self, seconds: float) -> None:
        """Counters only grow, and each byte over the uplink went over one SIM."""
        if self._signal is None:
            return
        carried = 1 - self._signal.loss_pct / 100
        if self._signal.access_technology == "2g":
            carried *= 0.02
        busy = self._guests * seconds * carried * self._rng.uniform(0.5, 1.5)
        down, up = busy * GUEST_DOWN_BYTES_S, busy * GUEST_UP_BYTES_S
        before = int(self._rx) + int(self._tx)
        self._down += down
        self._up += up
        self._rx += down * 1.04 + OWN_RX_BYTES_S * seconds
        self._tx += up * 1.04 + OWN_TX_BYTES_S * seconds
        self._sims[self._sim_slot - 1] += int(self._rx) + int(self._tx) - before

    def _make_up_past(self, seconds: float) -> None:
        """A router that was up before the city began has counted already."""
        busy = seconds * FULLEST_GUESTS * self._fill * 0.4
        self._seq = int(seconds / 10)
        self._down, self._up = busy * GUEST_DOWN_BYTES_S, busy * GUEST_UP_BYTES_S
        self._rx = self._down * 1.04 + OWN_RX_BYTES_S * seconds
        self._tx = self._up * 1.04 + OWN_TX_BYTES_S * seconds
        self._guests = FULLEST_GUESTS * self._fill * passengers(self._at_ms)
        self._sims[0] = int(self._rx) + int(self._tx)

    def _temperature_c(self, at_ms: int, uptime_s: float) -> float:
        warm = WARM_UP_C * min(1.0, uptime_s / 1_800)
        return temperature_c(at_ms) + warm + self._rng.gauss(0, 0.4)
