"""The way from a command to the running process, which alone may change what is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import httpx

from api.guard import CHANGE_HEADER
from ausguck.settings.tree import Settings

TIMEOUT_S = 10.0
UNREACHABLE = 3
"""The exit code when no running process answers."""


@contextmanager
def client_of(settings: Settings, url: str | None) -> Iterator[httpx.Client]:
    """A client of the running process's API; says so and exits when none answers."""
    base = url or _address(settings)
    try:
        with httpx.Client(
            base_url=f"{base.rstrip('/')}/api/v1/",
            headers={CHANGE_HEADER: "1"},
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
    host = f"[{settings.api.host}]" if ":" in settings.api.host else settings.api.host
    return f"http://{host}:{settings.api.port}"
