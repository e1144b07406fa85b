"""How soon a newcomer sees a city, and what it takes of the machine."""

import subprocess
import sys
import threading
import time

import httpx

from bench.processes import READY, Figures, ended, tree_rss_bytes

LIVE_S = 60
SETTLED_S = 10
ASSETS = 320


def demo() -> Figures:
    """Seconds from start to live data of every asset, and memory of all its processes."""
    begun_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "ausguck", "demo", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    with ended(process):
        assert process.stdout is not None
        found = READY.search(process.stdout.readline())
        assert found, "the demo did not get ready"
        ready_s = time.monotonic() - begun_s
        with httpx.Client(base_url=found[1]) as client:
            while time.monotonic() < begun_s + LIVE_S:
                if client.get("/api/v1/health").json()["books"]["stored"]:
                    break
                threading.Event().wait(0.05)
            live_s = time.monotonic() - begun_s
            threading.Event().wait(SETTLED_S)
            stored = client.get("/api/v1/health").json()["books"]["stored"]
        rss_bytes = tree_rss_bytes(process.pid)
    return {
        "ready_s": round(ready_s, 1),
        "live_data_s": round(live_s, 1),
        "readings_after_10_s": stored,
        "tree_rss_mb": round(rss_bytes / 1e6),
    }
