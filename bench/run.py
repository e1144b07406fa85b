"""`make bench`: what a message costs, how fast it goes and how soon it is answered, as JSON.

Figures that are compared are taken in the same run on the same machine: our CPU a message is
given beside that of paho's bare receive loop. Nothing here passes or fails.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import broker_influx
from bench.answers import publish_to_query
from bench.connect_tls import AT_ONCE, connect_all
from bench.crowd import idle, idle_tls, served_in_a_crowd
from bench.demo import demo
from bench.flood import flood
from bench.processes import Figures, ausguck, ended, go, intake_only, load, mosquitto, until


def paho_receive(messages: int) -> float:
    """µs of CPU a message in paho's bare receive loop, from a Mosquitto."""
    with tempfile.TemporaryDirectory() as name, mosquitto(Path(name)) as broker:
        receiver = subprocess.Popen(
            [sys.executable, "-m", "bench.paho_receive", str(broker.port), str(messages)],
            stdout=subprocess.PIPE,
            text=True,
        )
        with ended(receiver):
            assert receiver.stdout is not None
            assert receiver.stdout.readline() == "connected\n"
            with load(broker.port, "--peers", "20", "--messages", str(messages // 20)) as sender:
                go(sender)
                return float(receiver.stdout.readline())


def intake(peers: int, each: int) -> Figures:
    """Listener and journal alone."""
    with tempfile.TemporaryDirectory() as name, intake_only(Path(name)) as served:
        return flood(served, peers, each, lambda: None)


def intake_and_history(peers: int, each: int) -> Figures:
    """The whole process, until the last reading is in DuckDB."""
    with tempfile.TemporaryDirectory() as name, ausguck(Path(name)) as served:
        return flood(served, peers, each, lambda: until(lambda: served.stored() >= peers * each))


def main() -> None:
    """Measure what is asked for, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the load")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65_536)), hard))
    baseline_us = paho_receive(100_000 // scale)
    intake_figures = intake(100, 4_000 // scale)
    whole = intake_and_history(100, 4_000 // scale)
    result = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
        "paho_receive_cpu_us_a_message": round(baseline_us, 2),
        "intake": intake_figures,
        "intake_and_history": whole,
        "ratio_to_paho": {
            "intake": round(float(intake_figures["cpu_us_a_message"]) / baseline_us, 3),
            "intake_and_history": round(float(whole["cpu_us_a_message"]) / baseline_us, 3),
        },
        "publish_to_query": publish_to_query(1000, 30 // scale),
        "broker_influx": broker_influx.broker_influx(
            100_000 // scale, lambda: paho_receive(50_000 // scale)
        ),
        "broker_influx_publish_to_query": broker_influx.publish_to_query(1000, 30 // scale),
        "broker_influx_drain": broker_influx.drain(1_000_000 // scale),
        "idle": idle(8_000 // scale),
        "idle_tls": idle_tls(1_000 // scale),
        "connect_tls": connect_all(10_000 // scale, AT_ONCE),
        "in_a_crowd": served_in_a_crowd(10_000 // scale, 100, 2_000 // scale),
        "demo": demo(),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
