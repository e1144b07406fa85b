"""The sheet that a technician sets a device up by: where to, as whom, what and how."""

import json
from typing import Final

import msgspec

from ausguck.commissioning.models import Advice, Model, Words
from ausguck.topics import VERSION, Message

SECRET_LATER: Final = Words(
    "made at the broker, not here: deploy/device add {user}",
    "entsteht am Broker, nicht hier: deploy/device add {user}",
)
TITLES: Final[dict[str, Words]] = {
    "address": Words("Address", "Adresse"),
    "tls": Words("TLS", "TLS"),
    "client_id": Words("Client id", "Client-ID"),
    "user": Words("User", "Benutzer"),
    "password": Words("Password", "Passwort"),
    "topic": Words("Topic", "Topic"),
    "will": Words("Will", "Letzter Wille (Will)"),
    "commands": Words("Commands", "Befehle"),
}
HEAD: Final = (
    ("observed_at", "when it looked, UTC in milliseconds or with its offset"),
    ("boot_id", "another one at each start, 16 characters at most"),
    ("seq", "counts up from there"),
)
SHOWN_ONCE: Final = Words(
    "The password is shown this once; only its hash is kept.",
    "Das Passwort erscheint nur dieses eine Mal; aufbewahrt wird nur sein Hash.",
)
SAYS: Final = Words("Message, one flat JSON object:", "Nachricht, ein flaches JSON-Objekt:")
SETTINGS: Final = Words("Settings that matter:", "Einstellungen, auf die es ankommt:")
FROM: Final = Words("Where the values come from:", "Woher die Werte kommen:")
IN_THE_CLEAR: Final = Words(
    "off: everything goes in the clear; for a desk, not for a city",
    "aus: alles geht im Klartext; für den Schreibtisch, nicht für eine Stadt",
)
AUTHORITY: Final = Words("on, believe this authority:", "an, dieser Stelle vertrauen:")
ANY_AUTHORITY: Final = Words(
    "on, the certificate is of a public authority or is given to you separately",
    "an, das Zertifikat ist von einer öffentlichen Stelle oder kommt gesondert",
)


class Door(msgspec.Struct, frozen=True):
    """Where devices connect; `ca_pem` is the authority they are to believe."""

    host: str
    port: int
    has_tls: bool
    ca_pem: str | None = None
    is_ours: bool = True
    """Whether it is our listener, so that the credential is ours too."""


class Sheet(msgspec.Struct, frozen=True):
    """All that is needed to set up one device; holds its secret, if there is one."""

    asset: str
    serial: str
    model: str
    host: str
    port: int
    has_tls: bool
    ca_pem: str | None
    client_id: str
    user: str
    password: str | None
    topic: str
    status_topic: str
    cmd_topic: str
    will: str
    qos: int
    template: dict[str, int | float | str | bool]
    keys: tuple[tuple[str, str], ...]
    advice: tuple[Advice, ...]

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Sheet({self.asset!r}, {self.serial!r})"


class Setting(msgspec.Struct, frozen=True):
    """Which device is set up for what (`bus/0123`); `now_ms` is the time in the example."""

    site: str
    asset: str
    serial: str
    model: Model
    now_ms: int


def sheet(setting: Setting, door: Door, secret: str | None) -> Sheet:
    """The sheet for a device; its example is of just now, and may be sent as it is printed."""
    site, asset, serial, model = setting.site, setting.asset, setting.serial, setting.model

    def topic(message: Message) -> str:
        return f"{VERSION}/{site}/{asset}/{message}"

    head: dict[str, int | float | str | bool] = {
        "observed_at": setting.now_ms,
        "boot_id": "b1",
        "seq": 1,
    }
    return Sheet(
        asset=asset,
        serial=serial,
        model=model.name,
        host=door.host,
        port=door.port,
        has_tls=door.has_tls,
        ca_pem=door.ca_pem,
        client_id=serial,
        user=serial if door.is_ours else asset,
        password=secret,
        topic=topic(Message.TELEMETRY),
        status_topic=topic(Message.STATUS),
        cmd_topic=topic(Message.CMD),
        will='{"state": "lost"}',
        qos=1,
        template=head | dict(model.example),
        keys=HEAD + model.keys,
        advice=model.advice,
    )


def qr_text(one: Sheet) -> str:
    """What the QR code holds: the shortest JSON a set-up app can read, the authority left out."""
    return json.dumps(
        {
            "ausguck": 1,
            "host": one.host,
            "port": one.port,
            "tls": one.has_tls,
            "id": one.client_id,
            "user": one.user,
            "password": one.password,
            "topic": one.topic,
            "status": one.status_topic,
            "qos": one.qos,
        },
        separators=(",", ":"),
    )


def sheet_text(one: Sheet, language: str) -> str:
    """The sheet as a terminal or a printer shows it."""

    def words(text: Words) -> str:
        return text.in_language(language)

    password = one.password or words(SECRET_LATER).format(user=one.user)
    rows = {
        "address": f"{one.host}:{one.port}",
        "tls": _tls(one, language),
        "client_id": one.client_id,
        "user": one.user,
        "password": password,
        "topic": one.topic,
        "will": f"{one.status_topic}  {one.will}",
        "commands": one.cmd_topic,
    }
    wide = max(len(words(TITLES[key])) for key in rows)
    lines = [f"{one.asset} · {one.serial} · {one.model}", ""]
    lines += [f"{words(TITLES[key]):<{wide}}  {value}" for key, value in rows.items()]
    if one.ca_pem is not None:
        lines += ["", one.ca_pem.strip()]
    lines += ["", words(SAYS), json.dumps(one.template, indent=2)]
    key_wide = max(len(key) for key, _where in one.keys)
    lines += ["", words(FROM)]
    lines += [f"  {key:<{key_wide}}  {where}" for key, where in one.keys]
    lines += ["", words(SETTINGS)]
    for advice in one.advice:
        lines += [f"  {advice.setting}: {advice.value}", f"    {words(advice.why)}"]
    if one.password is not None:
        lines += ["", words(SHOWN_ONCE)]
    return "\n".join(lines)


def _tls(one: Sheet, language: str) -> str:
    if not one.has_tls:
        return IN_THE_CLEAR.in_language(language)
    return (AUTHORITY if one.ca_pem else ANY_AUTHORITY).in_language(language)
