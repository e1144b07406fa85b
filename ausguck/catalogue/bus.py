"""What a bus reports; ranges and their sources are those of 3GPP TS 36.133 and the docs.

Positions, speed, heading, ignition and trip say something about a driver: they are
`employee_related`, and kept apart in `bus_position` for a week.
"""

from functools import partial

from ausguck.catalogue.metric import DataClass, Measurement, Metric, Shape

MAX_COUNTER_BYTES = 2**63 - 1
MAX_CLIENTS = 512
TEN_YEARS_S = 315_360_000

_gauge = partial(Metric, shape=Shape.GAUGE, measurement=Measurement.HOTSPOT)
_clients = partial(
    _gauge,
    type=int,
    unit="clients",
    data_class=DataClass.USAGE,
    minimum=0,
    maximum=MAX_CLIENTS,
)
_bytes = partial(
    Metric,
    type=int,
    shape=Shape.COUNTER,
    unit="B",
    # Also of the uplink: what goes over it is what passengers use, but for a little of our own.
    data_class=DataClass.USAGE,
    measurement=Measurement.HOTSPOT,
    minimum=0,
    maximum=MAX_COUNTER_BYTES,
)
_text = partial(Metric, type=str, shape=Shape.TEXT, unit="", measurement=Measurement.HOTSPOT)
_percent = partial(_gauge, type=float, unit="%", minimum=0, maximum=100)
_position = partial(
    Metric,
    shape=Shape.GAUGE,
    measurement=Measurement.BUS_POSITION,
    data_class=DataClass.EMPLOYEE_RELATED,
)

METRICS: tuple[Metric, ...] = (
    _clients("clients", help="Devices associated with the Wi-Fi, all networks."),
    _clients("clients_guest", help="Devices in the passengers' network."),
    _clients("clients_staff", help="Devices in the staff network."),
    _clients("clients_2g4", help="Devices on the 2.4 GHz radio."),
    _clients("clients_5g", help="Devices on the 5 GHz radio."),
    _bytes("guest_down_bytes_total", help="Bytes to passengers since boot."),
    _bytes("guest_up_bytes_total", help="Bytes from passengers since boot."),
    _bytes("wan_rx_bytes_total", help="Bytes received over the uplink since boot."),
    _bytes("wan_tx_bytes_total", help="Bytes sent over the uplink since boot."),
    _bytes("sim1_bytes_total", help="Bytes over SIM 1, both directions, since boot."),
    _bytes("sim2_bytes_total", help="Bytes over SIM 2, both directions, since boot."),
    _gauge("rtt_ms", type=float, unit="ms", minimum=0, maximum=60_000, help="Uplink round trip."),
    _percent("loss_pct", help="Lost probes over the uplink."),
    _gauge(
        "rsrp_dbm",
        type=float,
        unit="dBm",
        minimum=-156,
        maximum=-44,
        sentinels=(-200, -205, 0, -32768),
        help="Reference signal received power (3GPP: LTE from -140, NR from -156).",
    ),
    _gauge(
        "rsrq_db",
        type=float,
        unit="dB",
        minimum=-34,
        maximum=3,
        sentinels=(-32768,),
        help="Reference signal received quality, extended range.",
    ),
    _gauge(
        "sinr_db",
        type=float,
        unit="dB",
        minimum=-23,
        maximum=40,
        sentinels=(-32768,),
        help="Signal to interference and noise.",
    ),
    _gauge(
        "rssi_dbm",
        type=float,
        unit="dBm",
        minimum=-113,
        maximum=-25,
        sentinels=(99, 0, -32768),
        help="Received signal strength; 99 means unknown in AT+CSQ.",
    ),
    _text(
        "access_technology",
        shape=Shape.STATE,
        choices=("none", "2g", "3g", "4g", "5g_nsa", "5g_sa"),
        help="Radio technology of the uplink.",
    ),
    _text("operator", pattern=r"^\d{3}-\d{2,3}$", help="Mobile operator as MCC-MNC."),
    _text("cell_id", pattern=r"^[0-9A-Fa-f-]{1,16}$", help="Radio cell, as the modem names it."),
    _gauge(
        "sim_slot",
        type=int,
        shape=Shape.STATE,
        unit="",
        minimum=0,
        maximum=3,
        help="SIM slot in use.",
    ),
    _gauge("is_roaming", type=bool, shape=Shape.STATE, unit="", help="Uplink in a foreign net."),
    _position("lat", type=float, unit="deg", minimum=-90, maximum=90, help="Latitude, WGS 84."),
    _position("lon", type=float, unit="deg", minimum=-180, maximum=180, help="Longitude, WGS 84."),
    _position(
        "speed_mps",
        type=float,
        unit="m/s",
        minimum=0,
        maximum=40,
        help="Speed over ground; a city bus stays under 40 m/s.",
    ),
    _position(
        "heading_deg",
        type=float,
        unit="deg",
        minimum=0,
        maximum=360,
        help="Course over ground, clockwise from north.",
    ),
    _position(
        "satellites",
        type=int,
        unit="satellites",
        minimum=0,
        maximum=50,
        help="Satellites in the fix.",
    ),
    _position(
        "hdop",
        type=float,
        unit="",
        minimum=0,
        maximum=100,
        help="Horizontal dilution of precision.",
    ),
    _position("ignition", type=bool, shape=Shape.STATE, unit="", help="Ignition is on."),
    _gauge("supply_v", type=float, unit="V", minimum=6, maximum=36, help="Board supply."),
    _gauge(
        "temperature_c",
        type=float,
        unit="degC",
        minimum=-40,
        maximum=125,
        help="Modem or board temperature.",
    ),
    _gauge(
        "cpu_pct",
        type=float,
        unit="%",
        minimum=0,
        maximum=1000,
        help="CPU load; above 100 when tasks wait.",
    ),
    _percent("memory_pct", help="Memory in use."),
    _percent("disk_pct", help="Storage in use."),
    _gauge(
        "uptime_s", type=float, unit="s", minimum=0, maximum=TEN_YEARS_S, help="Seconds since boot."
    ),
    _percent("portal_ok_pct", help="Portal sign-ons that worked."),
    _text(
        "line",
        max_length=16,
        pattern=r"^[A-Za-z0-9 ._/-]{1,16}$",
        help="Line the bus says it serves.",
    ),
    _position(
        "trip_id",
        type=str,
        shape=Shape.TEXT,
        unit="",
        max_length=64,
        pattern=r"^[A-Za-z0-9 ._:/-]{1,64}$",
        help="Trip the bus says it is on.",
    ),
)
