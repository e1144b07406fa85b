"""Device families: which keys each can report, where it has them from, and what must be set.

Sources and traps: Teltonika's Data to Server leaves topic and JSON to whoever sets it up, sends
every 60 s, and throws away what it could not send unless "Retry on fail" is on; its modem
temperature is in tenths of a degree, and without a fix it reports 0/0 as its place. RouterOS
publishes from a script, and every value is text. OpenWrt has mosquitto_pub.
"""

from typing import Final

import msgspec

from ausguck.model import Kind


class Words(msgspec.Struct, frozen=True):
    """One sentence in both languages."""

    en: str
    de: str

    def in_language(self, language: str) -> str:
        """The sentence in `de` or `en`."""
        return self.de if language == "de" else self.en


class Advice(msgspec.Struct, frozen=True):
    """One setting that matters: where it is, what it is to be, and why."""

    setting: str
    value: str
    why: Words


class Model(msgspec.Struct, frozen=True):
    """A family of devices.

    `keys` says of each key of the catalogue where in the device it is found; a key that is not
    named cannot be had from it. `example` holds one value for each.
    """

    name: str
    title: str
    kind: Kind
    keys: tuple[tuple[str, str], ...]
    example: tuple[tuple[str, int | float | str | bool], ...]
    advice: tuple[Advice, ...]


QOS: Final = Advice(
    "QoS",
    "1",
    Words(
        "Only then do we acknowledge, and what was not acknowledged is sent again.",
        "Nur dann bestätigen wir, und was nicht bestätigt wurde, wird noch einmal gesendet.",
    ),
)
SESSION: Final = Advice(
    "Clean session",
    "off",
    Words(
        "What was open when the connection broke is gone on with afterwards.",
        "Was beim Abbruch offen war, wird danach fortgesetzt.",
    ),
)
TIME: Final = Advice(
    "NTP",
    "on, several servers",
    Words(
        "A reading is filed under the device's own time; a wrong clock files it wrongly.",
        "Ein Messwert steht unter der Zeit des Geräts; eine falsche Uhr legt ihn falsch ab.",
    ),
)
RETRY: Final = Advice(
    "Retry on fail",
    "on",
    Words(
        "It is off by default, and whatever a tunnel swallows is then lost in the device.",
        "Ab Werk ist es aus, und was ein Tunnel schluckt, geht dann im Gerät verloren.",
    ),
)
FIX: Final = Advice(
    "Latitude and longitude",
    "only while there is a fix",
    Words(
        "Without a fix the router reports 0/0; we drop that and count it.",
        "Ohne Empfang meldet der Router 0/0; das verwerfen und zählen wir.",
    ),
)
TENTHS: Final = Advice(
    "temperature_c",
    "divide by ten, or leave it out",
    Words(
        "Data to Server gives the modem's temperature in tenths of a degree.",
        "Data to Server gibt die Temperatur des Modems in Zehntelgrad an.",
    ),
)
NUMBERS: Final = Advice(
    "Values",
    "as numbers, without quotes",
    Words(
        "RouterOS hands everything to a script as text; a number in quotes is dropped and counted.",
        "RouterOS gibt alles als Text an ein Skript; eine Zahl in Anführungszeichen wird verworfen "
        "und gezählt.",
    ),
)
BUFFER: Final = Advice(
    "Buffer",
    "an array of up to 500 elements after a break",
    Words(
        "What the device saw while nobody could hear it belongs to the day, too.",
        "Was das Gerät sah, während es niemand hören konnte, gehört auch zum Tag.",
    ),
)

_SIGNAL: Final = (
    ("rsrp_dbm", -95),
    ("rsrq_db", -11.0),
    ("sinr_db", 9.0),
    ("rssi_dbm", -67),
)
_PLACE: Final = (("lat", 54.3233), ("lon", 10.1394), ("satellites", 9))
_GUESTS: Final = (
    ("clients_guest", 7),
    ("guest_down_bytes_total", 73_400_320),
    ("guest_up_bytes_total", 9_437_184),
)

MODELS: Final[tuple[Model, ...]] = (
    Model(
        "teltonika-rutx",
        "Teltonika RUTX (RutOS 7, Services, Data to Server)",
        Kind.BUS,
        (
            ("uptime_s", "device_info.uptime"),
            ("rsrp_dbm", "gsm.rsrp"),
            ("rsrq_db", "gsm.rsrq"),
            ("sinr_db", "gsm.sinr"),
            ("rssi_dbm", "gsm.rssi"),
            ("lat", "gnss.latitude"),
            ("lon", "gnss.longitude"),
            ("satellites", "gnss.satellites"),
            ("supply_v", "analog_input.value"),
            ("clients_guest", "num_assoc of the guest SSID"),
            ("guest_down_bytes_total", "tx_bytes of the guest SSID: what we send they receive"),
            ("guest_up_bytes_total", "rx_bytes of the guest SSID"),
        ),
        (("uptime_s", 8160), *_SIGNAL, *_PLACE, ("supply_v", 27.4), *_GUESTS),
        (QOS, RETRY, SESSION, TIME, FIX, TENTHS),
    ),
    Model(
        "mikrotik-routeros",
        "MikroTik (RouterOS 7, package iot, a scheduled script)",
        Kind.BUS,
        (
            ("rsrp_dbm", "/interface/lte/monitor: rsrp"),
            ("rsrq_db", "/interface/lte/monitor: rsrq"),
            ("sinr_db", "/interface/lte/monitor: sinr"),
            ("rssi_dbm", "/interface/lte/monitor: rssi"),
            ("lat", "/system/gps/monitor: latitude"),
            ("lon", "/system/gps/monitor: longitude"),
            ("satellites", "/system/gps/monitor: satellites"),
            ("clients_guest", "length of the registration table of the guest interface"),
            ("guest_down_bytes_total", "tx-byte of the guest interface"),
            ("guest_up_bytes_total", "rx-byte of the guest interface"),
        ),
        (*_SIGNAL, *_PLACE, *_GUESTS),
        (QOS, NUMBERS, BUFFER, TIME),
    ),
    Model(
        "openwrt",
        "OpenWrt with mosquitto-client and a script of your own",
        Kind.BUS,
        (
            ("uptime_s", "/proc/uptime, the first number"),
            ("cpu_pct", "100 * load / cores"),
            ("rsrp_dbm", "mmcli: signal.lte.rsrp"),
            ("rsrq_db", "mmcli: signal.lte.rsrq"),
            ("sinr_db", "mmcli: signal.lte.snr"),
            ("rssi_dbm", "mmcli: signal.lte.rssi"),
            ("lat", "gpspipe: TPV.lat"),
            ("lon", "gpspipe: TPV.lon"),
            ("satellites", "gpspipe: SKY.uSat"),
            ("clients_guest", "iw dev <guest> station dump, counted"),
            ("guest_down_bytes_total", "/sys/class/net/<guest>/statistics/tx_bytes"),
            ("guest_up_bytes_total", "/sys/class/net/<guest>/statistics/rx_bytes"),
        ),
        (("uptime_s", 8160), ("cpu_pct", 22.0), *_SIGNAL, *_PLACE, *_GUESTS),
        (QOS, SESSION, BUFFER, TIME, FIX),
    ),
    Model(
        "generic-router",
        "Any router that sends MQTT",
        Kind.BUS,
        (),
        (("uptime_s", 8160), *_SIGNAL, *_PLACE, *_GUESTS),
        (QOS, SESSION, BUFFER, TIME, FIX),
    ),
    Model(
        "generic-station",
        "Any station controller that sends MQTT",
        Kind.STATION,
        (),
        (
            ("num_vehicles_available", 6),
            ("num_vehicles_disabled", 1),
            ("num_docks_available", 9),
            ("is_renting", True),
            ("is_returning", True),
            ("battery_v", 12.6),
            ("rssi_dbm", -71),
            ("uptime_s", 8160),
        ),
        (QOS, SESSION, BUFFER, TIME),
    ),
)


def model_of(name: str) -> Model | None:
    """The family of that name, or None."""
    return next((model for model in MODELS if model.name == name), None)
