"""Every query of the dashboards, in one place, by dashboard.

Where a number is of now, the panel bounds the range to five minutes (`timeFrom`): an answer
that is missing then means that we ourselves are silent, and no old number is shown for a new.
For InfluxQL x / 0 is 0: shares are asked only of rows that have something to be a share of.
"""

from dashboards.influxql import SITE, Query, select, tag_values

SITES = tag_values("fleet", "site")
BUSES = tag_values("bus_state", "bus_id", SITE)
COMPONENTS = tag_values("pipeline", "component", SITE)

_EVENTS = "SELECT {type}, {detail}, {kind}, {object} {FROM} {HERE}"
_NEWEST = "ORDER BY time DESC LIMIT"

# --- ops-now -------------------------------------------------------------------------------

BUSES_HEARD = select(
    "fleet",
    'SELECT 100 - 100 * last({buses_silent}) / last({buses_known}) AS "heard_pct" {FROM} {HERE} '
    "AND {buses_known} > 0",
)
BUSES_SILENT = select("fleet", "SELECT last({buses_silent}) AS {buses_silent} {FROM} {HERE}")
BUSES_DEGRADED = select("fleet", "SELECT last({buses_degraded}) AS {buses_degraded} {FROM} {HERE}")
CLIENTS = select("fleet", "SELECT last({clients}) AS {clients} {FROM} {HERE}")
STATIONS_SILENT = select(
    "fleet", "SELECT last({stations_silent}) AS {stations_silent} {FROM} {HERE}"
)
STATIONS_EMPTY = select(
    "fleet",
    'SELECT 100 * last({stations_empty}) / last({stations_online}) AS "empty_pct" {FROM} {HERE} '
    "AND {stations_online} > 0",
)
STATIONS_FULL = select(
    "fleet",
    'SELECT 100 * last({stations_full}) / last({stations_online}) AS "full_pct" {FROM} {HERE} '
    "AND {stations_online} > 0",
)
BIKES = select("fleet", "SELECT last({bikes}) AS {bikes} {FROM} {HERE}")
OLDEST_SOURCE = select(
    "pipeline",
    "SELECT max({last_msg_age_s}) AS {last_msg_age_s} FROM ("
    "SELECT last({last_msg_age_s}) AS {last_msg_age_s} {FROM} {HERE} GROUP BY {component}"
    ") WHERE {TIME}",
)
COMPONENTS_DOWN = select(
    "pipeline",
    'SELECT count({up}) - sum({up}) AS "down" FROM ('
    "SELECT last({up}) AS {up} {FROM} {HERE} GROUP BY {component}"
    ") WHERE {TIME}",
)
DEAD_LETTERS = select("pipeline", "SELECT sum({dead_lettered}) AS {dead_lettered} {FROM} {HERE}")
BUS_PLACES = select(
    "bus_place",
    "SELECT last({state}) AS {state}, {lat}, {lon}, {age_s}, {clients}, {line} "
    "{FROM} {HERE} GROUP BY {bus_id}",
)
STATION_PLACES = select(
    "station_state",
    "SELECT last({fill_pct}) AS {fill_pct}, {lat}, {lon}, {bikes}, {docks}, {name} "
    "{FROM} {HERE} GROUP BY {station_id}",
)
WORST_BUSES = select(
    "bus_state",
    "SELECT {age_s}, {state}, {line}, {clients}, {rsrp_dbm} FROM ("
    "SELECT last({age_s}) AS {age_s}, {state}, {line}, {clients}, {rsrp_dbm} "
    "{FROM} {HERE} GROUP BY {bus_id}"
    ") WHERE {state} < 2 AND {TIME} GROUP BY {bus_id}",
)
WORST_STATIONS = select(
    "station_state",
    'SELECT 100 * mean({empty}) AS "empty_pct", 100 * mean({full}) AS "full_pct", '
    "last({bikes}) AS {bikes}, last({docks}) AS {docks}, last({age_s}) AS {age_s}, "
    "last({name}) AS {name} {FROM} {HERE} GROUP BY {station_id}",
)
CLIENTS_OVER_TIME = select(
    "fleet",
    "SELECT mean({clients}) AS {clients}, mean({clients_guest}) AS {clients_guest} "
    "{FROM} {HERE} GROUP BY {EVERY} fill(null)",
).as_series()
BUSES_OVER_TIME = select(
    "fleet",
    "SELECT max({buses_silent}) AS {buses_silent}, max({buses_degraded}) AS {buses_degraded}, "
    "max({buses_planned_off}) AS {buses_planned_off} {FROM} {HERE} GROUP BY {EVERY} fill(null)",
).as_series()
STATIONS_OVER_TIME = select(
    "fleet",
    'SELECT 100 * mean({stations_empty}) / mean({stations_online}) AS "empty_pct", '
    '100 * mean({stations_full}) / mean({stations_online}) AS "full_pct" '
    "{FROM} {HERE} AND {stations_online} > 0 GROUP BY {EVERY} fill(null)",
).as_series()
EVENTS = select("events", _EVENTS + f" AND {{type}} <> 'status' {_NEWEST} 100")
LOST = select("events", _EVENTS + f" AND {{detail}} = 'lost' {_NEWEST} 300")

# --- bus-one -------------------------------------------------------------------------------

BUS_NOW = select("bus_state", "SELECT last({state}) AS {state} {FROM} {BUS}")
BUS_AGE = select("bus_state", "SELECT last({age_s}) AS {age_s} {FROM} {BUS}")
BUS_CLIENTS = select("bus_state", "SELECT last({clients}) AS {clients} {FROM} {BUS}")
BUS_SIGNAL = select("bus_state", "SELECT last({rsrp_dbm}) AS {rsrp_dbm} {FROM} {BUS}")
BUS_ONLINE = select(
    "bus_state", 'SELECT 100 * mean({online}) AS "online_pct" {FROM} {BUS} AND {state} <> 3'
)
BUS_REBOOTS = select("bus_state", "SELECT sum({reboots}) AS {reboots} {FROM} {BUS}")
BUS_TRAFFIC = select(
    "bus_state",
    "SELECT sum({guest_down_bytes}) AS {guest_down_bytes}, "
    "sum({guest_up_bytes}) AS {guest_up_bytes} {FROM} {BUS}",
)
BUS_STATES = select(
    "bus_state", "SELECT min({state}) AS {state} {FROM} {BUS} GROUP BY {EVERY} fill(null)"
).as_series()
BUS_TECHNOLOGIES = select(
    "hotspot",
    "SELECT last({access_technology}) AS {access_technology} {FROM} {BUS} "
    "GROUP BY {EVERY} fill(none)",
).as_series()
BUS_ROUTE = select("bus_place", "SELECT {lat}, {lon}, {rsrp_dbm}, {state} {FROM} {BUS}")
BUS_PLACE = select(
    "bus_place", "SELECT last({state}) AS {state}, {lat}, {lon}, {age_s}, {line} {FROM} {BUS}"
)
BUS_CLIENTS_OVER_TIME = select(
    "bus_state",
    "SELECT max({clients}) AS {clients}, max({clients_guest}) AS {clients_guest} "
    "{FROM} {BUS} GROUP BY {EVERY} fill(null)",
).as_series()
BUS_SIGNAL_OVER_TIME = select(
    "bus_state",
    "SELECT min({rsrp_dbm}) AS {rsrp_dbm}, min({rssi_dbm}) AS {rssi_dbm} "
    "{FROM} {BUS} GROUP BY {EVERY} fill(null)",
).as_series()
BUS_QUALITY_OVER_TIME = select(
    "bus_state",
    "SELECT max({rtt_ms}) AS {rtt_ms}, max({loss_pct}) AS {loss_pct} "
    "{FROM} {BUS} GROUP BY {EVERY} fill(null)",
).as_series()
BUS_TRAFFIC_OVER_TIME = select(
    "bus_state",
    'SELECT 8000 * sum({guest_down_bytes}) / $__interval_ms AS "down_bps", '
    '8000 * sum({guest_up_bytes}) / $__interval_ms AS "up_bps" '
    "{FROM} {BUS} GROUP BY {EVERY} fill(null)",
).as_series()
BUS_REBOOTS_OVER_TIME = select(
    "bus_state", "SELECT sum({reboots}) AS {reboots} {FROM} {BUS} GROUP BY {EVERY} fill(none)"
).as_series()
BUS_BOARD_OVER_TIME = select(
    "bus_state",
    "SELECT max({temperature_c}) AS {temperature_c}, min({supply_v}) AS {supply_v} "
    "{FROM} {BUS} GROUP BY {EVERY} fill(null)",
).as_series()
BUS_ROUTER_OVER_TIME = select(
    "hotspot",
    "SELECT max({cpu_pct}) AS {cpu_pct}, max({memory_pct}) AS {memory_pct}, "
    "max({disk_pct}) AS {disk_pct} {FROM} {BUS} GROUP BY {EVERY} fill(none)",
).as_series()
BUS_RADIO_OVER_TIME = select(
    "hotspot",
    "SELECT min({rsrq_db}) AS {rsrq_db}, min({sinr_db}) AS {sinr_db} "
    "{FROM} {BUS} GROUP BY {EVERY} fill(none)",
).as_series()
BUS_EVENTS = select(
    "events",
    f"SELECT {{type}}, {{detail}} {{FROM}} {{BUS_OBJECT}} AND {{kind}} = 'bus' {_NEWEST} 200",
)

# --- pipeline ------------------------------------------------------------------------------

_BY_COMPONENT = "{FROM} {COMPONENT} GROUP BY {EVERY}, {component}"


def _latest(field: str, how: str = "max") -> Query:
    """The newest value of each component and reason, brought together."""
    inner = f"SELECT last({{{field}}}) AS {{{field}}} {{FROM}} {{HERE}} GROUP BY {{component}}"
    outer = f"SELECT {how}({{{field}}}) AS {{{field}}}"
    return select("pipeline", f"{outer} FROM ({inner}, {{reason}}) WHERE {{TIME}}")


LAG = _latest("lag_s")
BACKLOG = _latest("backlog_bytes")
OVERDUE = _latest("overdue_s")
CONNECTED = _latest("connected", "sum")
DISK_FREE = _latest("disk_free_pct", "min")
MEMORY = _latest("rss_bytes")
RETRIES = select("pipeline", "SELECT sum({retries}) AS {retries} {FROM} {HERE}")
BROKER_DROPPED = select(
    "pipeline", "SELECT sum({dropped_at_broker}) AS {dropped_at_broker} {FROM} {HERE}"
)
STATES_OF_COMPONENTS = select(
    "pipeline", f"SELECT min({{up}}) AS {{up}} {_BY_COMPONENT} fill(none)"
).as_series("$tag_component")
MESSAGES_OVER_TIME = select(
    "pipeline",
    f'SELECT 1000 * sum({{messages}}) / $__interval_ms AS "messages_per_s" {_BY_COMPONENT} '
    "fill(none)",
).as_series("$tag_component")
READINGS_OVER_TIME = select(
    "pipeline",
    "SELECT sum({stored}) AS {stored}, sum({duplicates}) AS {duplicates}, "
    "sum({dead_lettered}) AS {dead_lettered} {FROM} {HERE} GROUP BY {EVERY} fill(null)",
).as_series()
DEAD_LETTERS_BY_REASON = select(
    "pipeline",
    "SELECT sum({dead_lettered}) AS {dead_lettered} {FROM} {HERE} AND {dead_lettered} > 0 "
    "GROUP BY {EVERY}, {reason} fill(none)",
).as_series("$tag_reason")
DROPPED_BY_REASON = select(
    "pipeline",
    "SELECT sum({dropped_values}) AS {dropped_values} {FROM} {HERE} AND {dropped_values} > 0 "
    "GROUP BY {EVERY}, {reason} fill(none)",
).as_series("$tag_reason")
LAG_OVER_TIME = select(
    "pipeline", "SELECT max({lag_s}) AS {lag_s} {FROM} {HERE} GROUP BY {EVERY} fill(null)"
).as_series()
BACKLOG_OVER_TIME = select(
    "pipeline",
    "SELECT max({backlog_bytes}) AS {backlog_bytes}, max({journal_bytes}) AS {journal_bytes} "
    "{FROM} {HERE} GROUP BY {EVERY} fill(null)",
).as_series()
RETRIES_OVER_TIME = select(
    "pipeline", f"SELECT sum({{retries}}) AS {{retries}} {_BY_COMPONENT} fill(none)"
).as_series("$tag_component")
CONNECTED_OVER_TIME = select(
    "pipeline", f"SELECT max({{connected}}) AS {{connected}} {_BY_COMPONENT} fill(none)"
).as_series("$tag_component")
PROCESS_OVER_TIME = select(
    "pipeline", "SELECT max({rss_bytes}) AS {rss_bytes} {FROM} {HERE} GROUP BY {EVERY} fill(null)"
).as_series()
DISK_OVER_TIME = select(
    "pipeline",
    "SELECT min({disk_free_pct}) AS {disk_free_pct} {FROM} {HERE} GROUP BY {EVERY} fill(null)",
).as_series()
COMPONENT_TABLE = select(
    "pipeline",
    "SELECT last({up}) AS {up}, sum({messages}) AS {messages}, "
    "last({last_msg_age_s}) AS {last_msg_age_s}, last({overdue_s}) AS {overdue_s}, "
    "last({connected}) AS {connected}, sum({retries}) AS {retries} "
    "{FROM} {COMPONENT} GROUP BY {component}",
)
