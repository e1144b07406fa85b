"""Whatever else may stand at the address is called by its name, and nothing is sent to it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from ausguck.errors import StoreError, StoreUnavailable
from ausguck.settings.partners import Influxdb
from ausguck.settings.tree import Retention
from ausguck.store.influxdb_setup.door import Server
from ausguck.store.influxdb_setup.files import TokenFiles
from ausguck.store.influxdb_setup.prepare import prepare
from tests.prepare.stub import Answer, answering

VERSION = "X-Influxdb-Version"
SECRET = "the-operators-own"  # noqa: S105 - a word to look for
OURS = {"/ping": Answer(204, {VERSION: "v2.7.12"})}


def told(url: str, tmp_path: Path) -> str:
    """The error's words."""
    with (
        Server(url, SecretStr(SECRET), 1.0) as server,
        pytest.raises(StoreError) as caught,
    ):
        list(
            prepare(
                server,
                Influxdb(url=url),
                Retention(),
                TokenFiles(tmp_path / "tokens"),
                lambda _shorter: False,
            )
        )
    assert not (tmp_path / "tokens").exists()
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(server)
    return str(caught.value)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"/ping": Answer(204, {VERSION: "1.8.10"})}, "InfluxDB 1.8.10"),
        ({"/ping": Answer(204, {VERSION: "1.6.7~rc0"})}, "InfluxDB 1.6.7~rc0"),
        ({"/ping": Answer(200, {VERSION: "3.8.0"}, '{"version": "3.8.0"}')}, "InfluxDB 3.8.0"),
        ({"/ping": Answer(401, {VERSION: "3.8.0"})}, "InfluxDB 3.8.0"),
        (
            {
                "/ping": Answer(204),
                "/health": Answer(
                    200,
                    {"Content-Type": "application/json"},
                    '{"name": "influxdb", "status": "pass", "version": "1.8.10"}',
                ),
            },
            "InfluxDB 1.8.10",
        ),
        ({"/health": Answer(200, {}, "OK")}, "a server that does not say its version"),
        ({"/ping": Answer(302, {"Location": "/login"})}, "a server that does not say its version"),
        ({}, "a server that does not say its version"),
    ],
)
def test_another_server_is_called_by_its_name(
    answers: dict[str, Answer], found: str, tmp_path: Path
) -> None:
    with answering(answers) as url:
        assert told(url, tmp_path) == (
            f"store influxdb: found {found} at {url}, expected InfluxDB 2: set store.influxdb.url "
            "to one, or keep history in the embedded store (store.kind = 'duckdb')"
        )


def test_a_server_that_is_not_set_up_is_not_ours_to_set_up(tmp_path: Path) -> None:
    setup = Answer(200, {"Content-Type": "application/json"}, '{"allowed": true}')
    with answering({**OURS, "/api/v2/setup": setup}) as url:
        assert "is not set up yet: `influx setup` makes" in told(url, tmp_path)


def test_an_answer_without_sense_is_an_error_of_ours(tmp_path: Path) -> None:
    setup = Answer(200, {"Content-Type": "application/json"}, '{"allowed": false}')
    broken = Answer(500, {}, "<html>\n502 from a proxy</html>")
    answers = {**OURS, "/api/v2/setup": setup, "/api/v2/orgs": broken}
    with answering(answers) as url:
        assert told(url, tmp_path) == (
            "store influxdb: the server refused to look for the organisation 'ausguck': "
            "HTTP 500, Internal Server Error"
        )


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_server_that_hangs_is_down(silent: str, tmp_path: Path) -> None:
    assert f"nothing answers at {silent}" in told(silent, tmp_path)


def test_no_server_is_down() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(StoreUnavailable, match=r"start the server, or set store.influxdb.url"):
            Server(url, SecretStr(SECRET), 1.0).version()
