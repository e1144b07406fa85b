"""What single values cannot say: settings that contradict each other or the machine."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from ausguck.errors import ConfigError
from ausguck.settings.mistakes import described
from ausguck.settings.tree import Settings, Tls

LEAST_SEGMENTS = 2


class Machine(NamedTuple):
    """The questions the rules ask of the file system."""

    unreadable: Callable[[Path], str | None]
    mismatch: Callable[[Tls], str | None]
    is_blocked: Callable[[Path], bool]


class Rule(NamedTuple):
    """A check that needs the named sections to be sound by themselves."""

    needs: tuple[str, ...]
    check: Callable[[Settings, Machine], Iterator[ConfigError]]


def broken(settings: Settings, machine: Machine, sound: Sequence[str]) -> list[ConfigError]:
    """Every rule that is broken, of those whose sections are sound."""
    return [
        error
        for rule in RULES
        if set(rule.needs) <= set(sound)
        for error in rule.check(settings, machine)
    ]


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches the address."""
    return host == "localhost" or ip_address(host).is_loopback


def _area(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    area = settings.site.area
    if area.south >= area.north:
        yield ConfigError(
            "site.area.south", f"{area.south}", f"less than site.area.north, which is {area.north}"
        )
    if area.west >= area.east:
        yield ConfigError(
            "site.area.west", f"{area.west}", f"less than site.area.east, which is {area.east}"
        )


def _data_dir(settings: Settings, machine: Machine) -> Iterator[ConfigError]:
    path = settings.site.data_dir
    if machine.is_blocked(path):
        yield ConfigError(
            "site.data_dir", f"{str(path)!r}, a file or below one", "a directory, or a new name"
        )


def _journal(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    journal = settings.journal
    if journal.commit_bytes > journal.segment_bytes:
        yield ConfigError(
            "journal.commit_bytes",
            f"{journal.commit_bytes}",
            f"at most journal.segment_bytes, which is {journal.segment_bytes}",
        )
    if journal.cap_bytes < LEAST_SEGMENTS * journal.segment_bytes:
        yield ConfigError(
            "journal.cap_bytes",
            f"{journal.cap_bytes}",
            f"at least twice journal.segment_bytes, which is {journal.segment_bytes}",
        )


def _budget(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    budget = settings.journal.budget_bytes
    sources = {
        "listener": (settings.listener.enabled, settings.listener.max_packet_bytes),
        "subscriber": (settings.subscriber.enabled, settings.subscriber.max_packet_bytes),
    }
    for name, (is_enabled, packet) in sources.items():
        if is_enabled and budget < packet:
            yield ConfigError(
                "journal.budget_bytes",
                f"{budget}",
                f"at least {name}.max_packet_bytes, which is {packet}",
            )


def _intake(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    if not (settings.listener.enabled or settings.subscriber.enabled or settings.gbfs):
        yield ConfigError(
            "listener.enabled",
            "false, with subscriber.enabled false and no [[gbfs]]",
            "one of them, or there is nothing to take messages from",
        )


def _anonymous(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    listener = settings.listener
    if not listener.enabled:
        return
    if listener.anonymous and not is_loopback(listener.host):
        yield ConfigError(
            "listener.anonymous",
            f"true with listener.host {listener.host!r}",
            "false, or a loopback address such as '127.0.0.1' as listener.host",
        )


def _users(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    users = settings.listener.users
    times = Counter(user.name for user in users)
    seen: set[str] = set()
    for index, user in enumerate(users):
        if times[user.name] > 1 and user.name in seen:
            yield ConfigError(
                f"listener.users[{index}].name", described(user.name), "a name not used before"
            )
        seen.add(user.name)
        if not (user.assets or user.gateway or user.operator):
            yield ConfigError(
                f"listener.users[{index}].assets",
                "none",
                "at least one asset, or gateway or operator true",
            )


def _tls(settings: Settings, machine: Machine) -> Iterator[ConfigError]:
    tls = settings.listener.tls
    if tls is None:
        return
    files = {"certificate": tls.certificate, "key": tls.key, "client_ca": tls.client_ca}
    reasons = {name: machine.unreadable(path) for name, path in files.items() if path}
    for name, reason in reasons.items():
        if reason:
            found = f"{str(files[name])!r}, {reason}"
            yield ConfigError(f"listener.tls.{name}", found, "a PEM file that can be read")
    if not any(reasons.values()) and (reason := machine.mismatch(tls)):
        yield ConfigError("listener.tls", reason, "a certificate and the private key to it, in PEM")


def _retention(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    days = settings.retention
    if days.position_days > days.telemetry_days:
        yield ConfigError(
            "retention.position_days",
            f"{days.position_days}",
            f"at most retention.telemetry_days, which is {days.telemetry_days}",
        )


def _subscriber(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    subscriber, listener = settings.subscriber, settings.listener
    if subscriber.enabled and subscriber.password is not None and subscriber.user is None:
        yield ConfigError("subscriber.user", "none, with a password", "the user it belongs to")
    is_here = subscriber.host == "localhost" or subscriber.host.startswith("127.")
    if subscriber.enabled and listener.enabled and is_here and subscriber.port == listener.port:
        yield ConfigError(
            "subscriber.port",
            f"{subscriber.port} at {subscriber.host!r}, which is our own listener's",
            "the port of a broker, or listener.enabled false",
        )


def _subscriber_tls(settings: Settings, machine: Machine) -> Iterator[ConfigError]:
    tls = settings.subscriber.tls
    if tls is None:
        return
    if (tls.certificate is None) is not (tls.key is None):
        given, missing = ("key", "certificate") if tls.key else ("certificate", "key")
        yield ConfigError(
            f"subscriber.tls.{missing}", f"none, with subscriber.tls.{given}", "both or neither"
        )
    files = {"ca": tls.ca, "certificate": tls.certificate, "key": tls.key}
    for name, path in files.items():
        if path and (reason := machine.unreadable(path)):
            found = f"{str(path)!r}, {reason}"
            yield ConfigError(f"subscriber.tls.{name}", found, "a PEM file that can be read")


def _store(settings: Settings, machine: Machine) -> Iterator[ConfigError]:
    influxdb = settings.store.influxdb
    if settings.store.kind != "influxdb":
        return
    if influxdb.token is None and influxdb.token_file is None:
        yield ConfigError(
            "store.influxdb.token",
            "none, with store.kind 'influxdb'",
            "the writer's token as `ausguck check --prepare` makes it, "
            "best in AUSGUCK_STORE__INFLUXDB__TOKEN, or token_file",
        )
    if influxdb.token is not None and influxdb.token_file is not None:
        yield ConfigError("store.influxdb.token_file", "one besides a token", "one of the two")
    elif influxdb.token_file and (reason := machine.unreadable(influxdb.token_file)):
        yield ConfigError(
            "store.influxdb.token_file",
            f"{str(influxdb.token_file)!r}, {reason}",
            "a file with the token `ausguck check --prepare` has written there",
        )


def _gbfs(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    seen: set[str] = set()
    for index, feed in enumerate(settings.gbfs):
        if feed.name in seen:
            yield ConfigError(f"gbfs[{index}].name", described(feed.name), "a name not used before")
        seen.add(feed.name)


def _register(settings: Settings, machine: Machine) -> Iterator[ConfigError]:
    path = settings.register.device_ca
    if path and (reason := machine.unreadable(path)):
        found = f"{str(path)!r}, {reason}"
        yield ConfigError("register.device_ca", found, "a PEM file that can be read")


def _api(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    api = settings.api
    if is_loopback(api.host) or api.is_guarded:
        return
    if api.anonymous:
        yield ConfigError(
            "api.anonymous",
            f"{', '.join(map(repr, api.anonymous))} with api.host {api.host!r}",
            "[], or a loopback address such as '127.0.0.1' as api.host, or api.is_guarded true "
            "where something in front of us keeps strangers out",
        )
    if not api.names:
        yield ConfigError(
            "api.names",
            f"none with api.host {api.host!r}",
            "the names by which people reach us, such as ['ausguck.example']",
        )


def _ports(settings: Settings, _machine: Machine) -> Iterator[ConfigError]:
    port = settings.api.port
    if port and port == settings.listener.port and settings.listener.enabled:
        yield ConfigError("api.port", f"{port}", "another port than listener.port")


RULES: tuple[Rule, ...] = (
    Rule(("site",), _area),
    Rule(("site",), _data_dir),
    Rule(("journal",), _journal),
    Rule(("journal", "listener", "subscriber"), _budget),
    Rule(("listener", "subscriber", "gbfs"), _intake),
    Rule(("listener",), _anonymous),
    Rule(("listener",), _users),
    Rule(("listener",), _tls),
    Rule(("listener", "subscriber"), _subscriber),
    Rule(("subscriber",), _subscriber_tls),
    Rule(("gbfs",), _gbfs),
    Rule(("store",), _store),
    Rule(("retention",), _retention),
    Rule(("register",), _register),
    Rule(("api",), _api),
    Rule(("listener", "api"), _ports),
)
