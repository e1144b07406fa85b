"""As many messages as go: CPU a message, rate, memory."""

import json
from collections.abc import Callable

from ausguck.clock import SystemClock
from bench.processes import Figures, Served, go, load


def flood(served: Served, peers: int, each: int, after: Callable[[], None]) -> Figures:
    """Send as fast as it goes; CPU a message counts until `after` returns."""
    options = ("--peers", str(peers), "--messages", str(each))
    start_ms = str(SystemClock().now_ms() - each)
    with load(served.port, *options, "--start-ms", start_ms) as sender:
        cpu_s = served.cpu_s()
        sent = json.loads(go(sender))
        after()
        cpu_s = served.cpu_s() - cpu_s
    return {
        "messages": sent["messages"],
        "cpu_us_a_message": round(cpu_s / sent["messages"] * 1e6, 2),
        "acknowledged_per_s": round(sent["per_s"]),
        "rss_mb": round(served.rss_bytes() / 1e6),
    }
