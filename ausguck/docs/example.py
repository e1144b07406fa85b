"""`ausguck.example.toml`: every setting with its default, its range and what it is for."""

import json
import re
import textwrap
from pathlib import Path

from ausguck.settings.fields import Entry, Shape, entries

WIDTH = 96
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

OPENING = """\
# Ausguck's settings, each with its default. Written by `python -m ausguck.docs`.
#
# Copy this file to ./ausguck.toml or /etc/ausguck/ausguck.toml, or name it by --config or
# AUSGUCK_CONFIG. Leave out what you do not change. A variable goes over the file:
# AUSGUCK_LISTENER__PORT=1884 sets `port` in [listener]. Paths are relative to the directory
# that Ausguck is started in. `ausguck check` says what is wrong, by key, found and expected.
"""

INTRODUCTIONS = {
    "site": "One process serves one site. `id` is part of every topic: choose it once.",
    "site.area": "Set this to the box your buses drive in, so that a GPS's nonsense is left out "
    "and counted. The default is the whole world.",
    "journal": "A message is acknowledged when it is on disk here, and not before. When the disk "
    "or the journal is full, intake pauses and nothing is dropped.",
    "listener": "Devices connect here with MQTT 3.1.1 or 5. To listen on more than loopback, "
    "set `anonymous = false` and name users, or set `tls.client_ca`.",
    "listener.tls": "Without this table connections are in the clear: take it for any network "
    "that is not yours alone.",
    "listener.users[]": "One such table a user. A password is never in this file, only its hash.",
    "subscriber": "Messages that devices send to a broker of the city's own, which keeps them "
    "while we are away. `ausguck check --broker` tells which of its settings would lose some.",
    "subscriber.tls": "Take this for any network that is not yours alone.",
    "gbfs[]": "One such table a feed of bike stations. Kiel's SprottenFlotte is the example.",
    "store": "Readings are kept in `<data_dir>` in a DuckDB file, or in an InfluxDB server.",
    "store.influxdb": 'Used with `kind = "influxdb"`. `ausguck check --prepare` makes the buckets '
    "and tokens that may do no more than they must.",
    "state": "Once a minute the state of every known bus and station, silent ones too.",
    "history": "How readings go from the journal to the store.",
    "retention": "Positions say where a driver was: seven days is the most.",
    "register": "Assets, devices, people and keys are kept beside the readings and changed by "
    "commands, also while this runs.",
    "api": "The page, the API under /api/v1 and Prometheus's /metrics. To be reached by others, "
    "give people keys (`ausguck keys add`) and set `anonymous = []` and `names`.",
    "log": "Lines on standard error; never a secret, never a payload.",
}

SAMPLES = {
    "subscriber.user": "ausguck",
    "subscriber.password": "...",
    "subscriber.share": "ausguck",
    "subscriber.tls.ca": "/etc/ausguck/tls/broker-ca.pem",
    "subscriber.tls.certificate": "/etc/ausguck/tls/ausguck.pem",
    "subscriber.tls.key": "/etc/ausguck/tls/ausguck-key.pem",
    "gbfs[].name": "sprottenflotte",
    "gbfs[].address": "https://stables.donkey.bike/api/public/gbfs/3.0/donkey_kielsmile/gbfs.json",
    "gbfs[].prefix": "donkey-",
    "gbfs[].authorization": "Bearer ...",
    "store.influxdb.token": "...",
    "store.influxdb.token_file": "/etc/ausguck/tokens/writer",
    "listener.tls.certificate": "/etc/ausguck/tls/chain.pem",
    "listener.tls.key": "/etc/ausguck/tls/key.pem",
    "listener.tls.client_ca": "/etc/ausguck/tls/devices-ca.pem",
    "register.device_host": "mqtt.kiel.example",
    "register.device_port": 8883,
    "register.device_ca": "/etc/ausguck/tls/ca.pem",
    "listener.users[].name": "bus-0123",
    "listener.users[].password_hash": "scrypt$16384$8$1$c2FsdA==$a2V5",
    "listener.users[].assets": ("bus/0123",),
}


def example() -> str:
    """The whole file."""
    tables = [entry for entry in entries().values() if _is_table(entry)]
    optional = [entry for entry in tables if _is_optional(entry)]
    parts = [OPENING]
    parts += [_table(entry, prefix="") for entry in tables if entry not in optional]
    parts += [_table(entry, prefix="#") for entry in optional]
    return "\n".join(parts)


def toml(value: object) -> str:
    """A value as TOML writes it."""
    match value:
        case bool() | str() | Path():
            return json.dumps(value if isinstance(value, bool) else str(value))
        case tuple():
            return f"[{', '.join(toml(item) for item in value)}]"
        case _:
            return str(value)


def _is_table(entry: Entry) -> bool:
    return entry.shape is Shape.TABLE


def _is_optional(entry: Entry) -> bool:
    return entry.key.endswith("[]") or entry.default is None


def _table(entry: Entry, prefix: str) -> str:
    name = f"[[{entry.key[:-2]}]]" if entry.key.endswith("[]") else f"[{entry.key}]"
    lines = [f"# {line}" for line in _wrapped(INTRODUCTIONS[entry.key])]
    lines.append(prefix + name)
    for inner in entries().values():
        if inner.key.rpartition(".")[0] == entry.key and BARE_KEY.fullmatch(_name(inner)):
            lines += _setting(inner, prefix)
    return "\n".join(lines) + "\n"


def _setting(entry: Entry, prefix: str) -> list[str]:
    if entry.shape in {Shape.TABLE, Shape.TABLES}:
        return []
    said = f"{entry.description} ({entry.expected})"
    value = SAMPLES.get(entry.key, entry.default)
    is_off = entry.default is None and not entry.is_required
    name = f"{'#' if is_off else prefix}{_name(entry)}"
    return [*(f"# {line}" for line in _wrapped(said)), f"{name} = {toml(value)}"]


def _name(entry: Entry) -> str:
    return entry.key.rpartition(".")[2]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)
