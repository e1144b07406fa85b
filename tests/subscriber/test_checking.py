"""`ausguck check --broker` at real brokers, right ones and wrong ones."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import uvloop
from click.testing import CliRunner, Result

from ausguck.cli.main import main
from collectors.subscriber.checking import QUEUED, Returned, judge_queue, judge_window
from tests.subscriber.mosquitto import SAFE, Mosquitto

DEFAULT = ("allow_anonymous true", "sys_interval 1")


def check(port: int, *options: str, environ: Mapping[str, str] | None = None) -> Result:
    variables = {"AUSGUCK_SUBSCRIBER__PORT": str(port), **(environ or {})}
    return CliRunner().invoke(main, ["check", "--broker", *options], env=variables)


def ready(broker: Mosquitto) -> Mosquitto:
    uvloop.run(broker.is_up())
    return broker


@pytest.mark.broker
def test_a_default_mosquitto_is_told_which_line_it_lacks(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, DEFAULT) as broker:
        result = check(ready(broker).port)

    assert result.exit_code == 1
    assert "WRONG  queue: 1500 were sent while we were away, 1500 taken, 1000 came back" in (
        result.output
    )
    assert "Mosquitto: max_queued_messages 4000000" in result.output
    assert "EMQX:      mqtt.max_mqueue_len = infinity" in result.output
    assert result.output.count("WRONG") == 1
    assert "sending 1500 messages while our session is away ..." in result.stderr


@pytest.mark.broker
def test_a_right_mosquitto_is_found_right_and_left_clean(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, SAFE) as broker:
        result = check(ready(broker).port, "--json", environ={"AUSGUCK_SUBSCRIBER__SHARE": "city"})
        broker.stop()
        kept = broker.database.read_bytes()

    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["ok"] is True
    assert [finding["name"] for finding in answer["findings"]] == [
        *("connect", "session_expiry", "qos_1", "shared"),
        *("canary", "session_kept", "queue", "window"),
    ]
    assert answer["not_tried"]
    assert b"ausguck-check" not in kept


@pytest.mark.broker
def test_an_acl_that_filters_silently_is_named(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic write v1/kiel/#\n")
    with Mosquitto(tmp_path, (*SAFE, f"acl_file {acl}")) as broker:
        result = check(ready(broker).port)

    assert result.exit_code == 1
    assert "was taken and not handed to us: the ACL filters silently" in result.output
    assert "acl_file: topic readwrite v1/kiel/ausguck/+/canary" in result.output
    assert "queue" not in result.stdout


@pytest.mark.broker
def test_a_password_is_asked_for_and_not_told(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    lines = ("allow_anonymous false", f"password_file {passwords}")
    with Mosquitto(tmp_path, lines) as broker:
        user = {"AUSGUCK_SUBSCRIBER__USER": "u", "AUSGUCK_SUBSCRIBER__PASSWORD": "s3cret"}
        result = check(ready(broker).port, environ=user)

    assert result.exit_code == 1
    assert result.stdout.startswith("WRONG  connect: the broker")
    assert "s3cret" not in result.output
    assert os.environ.get("AUSGUCK_SUBSCRIBER__PASSWORD") is None


def test_nobody_there() -> None:
    result = check(1)

    assert result.exit_code == 1
    assert "WRONG  connect: the broker cannot be reached" in result.output


def test_a_short_window_is_slow_and_a_short_queue_hides_it() -> None:
    everything = frozenset(range(QUEUED))

    assert judge_queue(QUEUED, QUEUED).ok
    assert not judge_queue(QUEUED - 1, QUEUED).ok
    assert not judge_queue(QUEUED, QUEUED - 1).ok
    assert judge_window(Returned(everything, 500), 500).ok
    assert judge_window(Returned(everything, QUEUED), 500).ok
    slow = judge_window(Returned(everything, 32), 500)
    assert (slow.ok, slow.emqx) == (False, "mqtt.max_inflight = 2000")
    assert judge_window(Returned(frozenset(range(100)), 100), 500).ok
