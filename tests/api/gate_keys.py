"""Keys for tests of the gate, and an API that is closed to whoever has none."""

import httpx

from ausguck.desk.access import AccessDesk
from ausguck.desk.access_rows import NewKey
from ausguck.settings.tree import Api, Scope, Settings
from tests.api.city import City
from tests.api.fakes import CHANGE, NOW_MS

BUSES = "/api/v1/buses"
SESSION = "/api/v1/session"
NAME = "ausguck.example"
CLOSED = Settings(api=Api(anonymous=(), names=(NAME,)))


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def made(access: AccessDesk, *scopes: Scope, name: str = "one", hours: int | None = None) -> str:
    until_ms = None if hours is None else NOW_MS + hours * 3_600_000
    new = NewKey(name=name, scopes=scopes, expires_at_ms=until_ms)
    return access.add_key(new, "test", NOW_MS).secret


def log_in(city: City, secret: str, **headers: str) -> httpx.Response:
    return city.ask("POST", SESSION, headers={**CHANGE, **bearer(secret), **headers})


def cookie_of(answer: httpx.Response) -> dict[str, str]:
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
