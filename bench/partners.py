"""A city's own parts for a bench: its Mosquitto, its InfluxDB, and Ausguck between the two."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import PLACES, Served, ausguck, mosquitto, until
from tests.conftest import influxd_path
from tests.e2e.parts import at_broker, prepared
from tests.influx import Influx

NO_LOSS = (
    "max_queued_messages 4000000",
    "max_queued_bytes 2000000000",
    "queue_qos0_messages true",
    "persistence true",
    "autosave_interval 5",
    "set_tcp_nodelay true",
    "sys_interval 10",
)
"""The lines of deploy/mosquitto on which it depends what is lost; no limit but Receive Maximum."""


def missing() -> list[str]:
    """The servers that are not installed."""
    absent = [] if shutil.which("mosquitto", path=PLACES) else ["mosquitto"]
    return absent if influxd_path() else [*absent, "influxd"]


@contextmanager
def influx() -> Iterator[Influx]:
    """A real InfluxDB of its own."""
    with tempfile.TemporaryDirectory() as name, Influx(Path(name)) as server:
        yield server


@dataclass
class City:
    """Broker and store that outlive the process between them."""

    folder: Path
    broker: Served
    influx: Influx
    environ: dict[str, str]

    @contextmanager
    def served(self, **environ: str) -> Iterator[Served]:
        """`ausguck run` between the two, once it has its session at the broker."""
        with ausguck(self.folder / "data", **self.environ, **environ) as served:
            until(lambda: bool(served.health()["subscriber"]["is_connected"]), every_s=0.1)
            yield served


@contextmanager
def city() -> Iterator[City]:
    """A broker configured to lose nothing, and an InfluxDB made ready by our own command."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = stack.enter_context(influx())
        broker = stack.enter_context(mosquitto(folder, *NO_LOSS))
        environ = prepared(store, folder) | at_broker(broker.port)
        yield City(folder, broker, store, environ)
