"""The way from a command to the running process, which alone may change what is kept."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
import httpx

from api.headers import CHANGE_HEADER
from ausguck.settings.environment import KEY
from ausguck.settings.tree import Settings

TIMEOUT_S = 10.0
UNREACHABLE = 3
"""The exit code when no running process answers, or it does not let us in."""

LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to recognise it, not to bind to it
"""What to call where a process listens on every address: others are no names of its own."""

LOCKED: dict[int, str] = {
    httpx.codes.UNAUTHORIZED: f"set {KEY} to a key that holds; `ausguck keys add` makes one",
    httpx.codes.FORBIDDEN: f"set {KEY} to a key that may; `ausguck keys list` shows their scopes",
}


@contextmanager
def client_of(settings: Settings, url: str | None) -> Iterator[httpx.Client]:
    """A client of the running process's API; says so and exits when none answers."""
    base = url or _address(settings)
    try:
        with httpx.Client(
            base_url=f"{base.rstrip('/')}/api/v1/",
            headers={CHANGE_HEADER: "1", **_authorization()},
            event_hooks={"response": [_let_in]},
            timeout=TIMEOUT_S,
            trust_env=False,  # a proxy has no part in talking to oneself
        ) as client:
            yield client
    except (httpx.TransportError, httpx.InvalidURL) as error:
        click.echo(
            f"Error: no Ausguck answers at {base}: {error}. Only the running process may change "
            "dead letters: start it with `ausguck run`, or say where it answers with --url.",
            err=True,
        )
        raise click.exceptions.Exit(UNREACHABLE) from None


def _authorization() -> dict[str, str]:
    key = os.environ.get(KEY)
    return {"Authorization": f"Bearer {key}"} if key else {}


def _let_in(response: httpx.Response) -> None:
    """Say so and exit when the running process does not let us in."""
    advice = LOCKED.get(response.status_code)
    if advice is None:
        return
    response.read()
    click.echo(f"Error: {words(response)} Here: {advice}.", err=True)
    raise click.exceptions.Exit(UNREACHABLE)


def words(response: httpx.Response) -> str:
    """What the API says is the matter: the `detail` of its problem, or else the status."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("detail"), str):
        return str(problem["detail"])
    return f"HTTP {response.status_code} {response.reason_phrase}"


def _address(settings: Settings) -> str:
    if settings.api.port == 0:
        raise click.UsageError("api.port is 0, so the port is not known here; say it with --url")
    host = LOCAL.get(settings.api.host, settings.api.host)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.api.port}"
