"""A device's life by the commands a person types, beside a running Ausguck."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.running import Running

WAIT_S = 20
STRICT = {"AUSGUCK_LISTENER__ANONYMOUS": "false", "AUSGUCK_LISTENER__USERS": "[]"}


def ausguck(data_dir: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ausguck", *arguments],
        env={**os.environ, "AUSGUCK_SITE__DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def secret_of(said: str) -> str:
    return str(json.loads(said)["password"])


class Phone:
    """A paho client that tells of each end of its connection."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.refused = threading.Event()
        self.connected = threading.Event()
        self.gone = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=user, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.username_pw_set(user, password)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = lambda *_: self.gone.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_connect(
        self, _client: object, _data: object, _flags: object, code: ReasonCode, _p: object
    ) -> None:
        (self.refused if code.is_failure else self.connected).set()

    def publish(self, topic: str, **element: object) -> None:
        self._client.publish(topic, json.dumps(element), qos=1).wait_for_publish(WAIT_S)

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def phone(port: int, user: str, password: str) -> Iterator[Phone]:
    one = Phone(port, user, password)
    try:
        yield one
    finally:
        one.end()


def api(running: Running, path: str) -> Any:  # noqa: ANN401 - JSON
    return httpx.get(f"{running.page_url}/api/v1/{path}", timeout=WAIT_S).json()


def until(asked: Any) -> None:  # noqa: ANN401 - any question
    """Wait until a question is answered by yes; the process is asked as fast as it answers."""
    done = threading.Event()
    timer = threading.Timer(WAIT_S, done.set)
    timer.start()
    try:
        while not asked():
            assert not done.is_set(), "it did not come to be in time"
    finally:
        timer.cancel()


@pytest.mark.timeout(180)
def test_a_device_is_added_speaks_is_swapped_and_sent_away(tmp_path: Path) -> None:
    first = secret_of(
        ausguck(
            tmp_path, "devices", "add", "bus/0123", "--model", "openwrt", "--serial", "S1", "--json"
        )
    )
    with Running(tmp_path, STRICT) as running:
        with phone(running.port, "S1", first + "x") as wrong:
            assert wrong.refused.wait(WAIT_S)
        with phone(running.port, "S1", first) as device:
            assert device.connected.wait(WAIT_S)
            device.publish("v1/kiel/bus/0123/telemetry", clients=3)
            device.publish("v1/kiel/bus/0999/telemetry", clients=4)
            until(lambda: api(running, "health")["books"]["stored"] == 1)
            refusals = api(running, "health")["listener"]["refusals"]
            assert refusals == {"connect credentials": 1, "publish foreign": 1}
            assert api(running, "devices/S1")["connected_at"] is not None
            assert api(running, "buses/0123")["values"] == {"clients": 3}
            assert api(running, "arrivals")["items"] == []

            ausguck(
                tmp_path,
                "devices",
                "swap",
                "bus/0123",
                "--out",
                "S1",
                "--in",
                "S2",
                "--model",
                "openwrt",
            )
            second = secret_of(ausguck(tmp_path, "devices", "rotate", "S2", "--json"))
            with phone(running.port, "S2", second) as spare:
                assert spare.connected.wait(WAIT_S)
                spare.publish("v1/kiel/bus/0123/telemetry", clients=5)
                until(lambda: api(running, "buses/0123")["values"] == {"clients": 5})

                ausguck(tmp_path, "devices", "state", "S1", "stolen")
                assert device.gone.wait(WAIT_S)
                assert not spare.gone.is_set()
                ausguck(tmp_path, "devices", "revoke", "S2")
                assert spare.gone.wait(WAIT_S)
        for user, secret in (("S1", first), ("S2", second)):
            with phone(running.port, user, secret) as nobody:
                assert nobody.refused.wait(WAIT_S)
        books = api(running, "health")["books"]
        assert books["balanced"]
        assert (books["stored"], books["dead_lettered"]) == (2, 0)
    assert first not in "".join(running.said)


@pytest.mark.timeout(180)
def test_who_is_unknown_waits_and_is_taken_in_when_it_is_fitted(tmp_path: Path) -> None:
    said = ausguck(tmp_path, "devices", "gateway", "depot")
    secret = said.split()[-1]
    with Running(tmp_path, STRICT) as running, phone(running.port, "depot", secret) as gateway:
        now = api(running, "health")["clock"]["now"]
        gateway.publish("v1/kiel/device/SN7/telemetry", clients=3, observed_at=now)
        gateway.publish("v1/kiel/bus/0555/telemetry", clients=1)
        until(lambda: api(running, "health")["books"]["decoded"] == 2)
        unknown = ausguck(tmp_path, "devices", "unknown", "--url", running.page_url)
        assert "device/SN7" in unknown
        assert "1 waiting" in unknown
        assert "bus/0555" in unknown

        ausguck(tmp_path, "devices", "add", "bus/0777", "--model", "openwrt", "--serial", "SN7")
        until(lambda: api(running, "health")["books"]["stored"] == 2)
        assert api(running, "buses/0777")["values"] == {"clients": 3}
        assert api(running, "deadletters")["items"] == []
        assert api(running, "health")["books"]["balanced"]


@pytest.mark.timeout(180)
def test_watching_ends_when_everything_is_ticked(tmp_path: Path) -> None:
    secret = secret_of(
        ausguck(
            tmp_path,
            "devices",
            "add",
            "station/7",
            "--model",
            "generic-station",
            "--serial",
            "C7",
            "--json",
        )
    )
    with Running(tmp_path, STRICT) as running:
        at = ("devices", "watch", "station/7", "--url", running.page_url)
        assert "Bikes" in ausguck(tmp_path, *at, "--for", "0", code=1)
        with phone(running.port, "C7", secret) as device:
            assert device.connected.wait(WAIT_S)
            topic = "v1/kiel/station/7/telemetry"
            now_ms = api(running, "health")["clock"]["now"]
            device.publish(
                topic, observed_at=now_ms, num_vehicles_available=4, battery_v=12.5, rssi_dbm=-70
            )
            said = ausguck(tmp_path, *at, "--for", "0", code=1)
            assert "✓ Connected" in said
            assert "✓ Clock" in said
            assert "· Buffered message" in said
            early = now_ms.replace("Z", "+02:00")
            device.publish(topic, observed_at=early, num_vehicles_available=4)
            assert "✓ Buffered message" in ausguck(tmp_path, *at, "--for", "15")
