"""What a bike station reports, in the words of GBFS 3.0; more bikes than docks is valid."""

from functools import partial

from ausguck.catalogue.metric import DataClass, Measurement, Metric, Shape

MAX_VEHICLES = 1_000
TEN_YEARS_S = 315_360_000

_gauge = partial(Metric, shape=Shape.GAUGE, measurement=Measurement.STATION)
_count = partial(_gauge, type=int, minimum=0, maximum=MAX_VEHICLES)
_bikes = partial(_count, unit="bikes", data_class=DataClass.USAGE)
_docks = partial(_count, unit="docks", data_class=DataClass.USAGE)
_state = partial(Metric, type=bool, shape=Shape.STATE, unit="", measurement=Measurement.STATION)

METRICS: tuple[Metric, ...] = (
    _bikes("num_vehicles_available", help="Bikes that can be rented."),
    _bikes("num_vehicles_disabled", help="Bikes that are there and cannot be rented."),
    _docks("num_docks_available", help="Docks that can take a bike."),
    _docks("num_docks_disabled", help="Docks that are out of order."),
    Metric(
        "vehicle_types_available",
        type=str,
        shape=Shape.TEXT,
        unit="bikes",
        measurement=Measurement.STATION,
        data_class=DataClass.USAGE,
        max_length=1024,
        help="Bikes by type: on the wire an object of type and count, kept as sorted JSON.",
    ),
    _state("is_installed", help="The station is on the street."),
    _state("is_renting", help="The station rents out; stays true when it is empty."),
    _state("is_returning", help="The station takes back; stays true when it is full."),
    _gauge("battery_v", type=float, unit="V", minimum=0, maximum=60, help="Controller battery."),
    _gauge(
        "battery_pct",
        type=float,
        unit="%",
        minimum=0,
        maximum=100,
        help="Controller battery charge.",
    ),
    _state("is_charging", help="The battery is being charged."),
    _state("external_power", help="Mains power is there."),
    _gauge(
        "rssi_dbm",
        type=float,
        unit="dBm",
        minimum=-140,
        maximum=0,
        sentinels=(99, -32768),
        help="Received signal strength (LoRaWAN reaches -140).",
    ),
    _gauge(
        "snr_db",
        type=float,
        unit="dB",
        minimum=-30,
        maximum=40,
        help="Signal to noise of the last uplink.",
    ),
    _gauge(
        "temperature_c",
        type=float,
        unit="degC",
        minimum=-40,
        maximum=125,
        help="Controller temperature.",
    ),
    _state("door_open", help="The controller's door is open."),
    Metric(
        "error_code",
        type=str,
        shape=Shape.TEXT,
        unit="",
        measurement=Measurement.STATION,
        max_length=32,
        pattern=r"^[A-Za-z0-9_.-]{1,32}$",
        help="The controller's own error code.",
    ),
    _gauge(
        "uptime_s", type=float, unit="s", minimum=0, maximum=TEN_YEARS_S, help="Seconds since boot."
    ),
)
