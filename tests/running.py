"""Ausguck itself, as a process of its own, for tests that kill it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

READY = re.compile(r"ready: page (\S+) devices (?:mqtts?://[^:]+:(\d+)|off)")
START_S = 30
STOP_S = 30


class Running:
    """`ausguck run` on free ports of loopback over a data directory; a context manager."""

    def __init__(self, data_dir: Path, environ: Mapping[str, str] | None = None) -> None:
        self._environ = {
            **os.environ,
            "AUSGUCK_SITE__DATA_DIR": str(data_dir),
            "AUSGUCK_LISTENER__PORT": "0",
            "AUSGUCK_API__PORT": "0",
            "AUSGUCK_JOURNAL__RESERVE_PERCENT": "0",
            **(environ or {}),
        }
        self.page_url = ""
        self.port = 0
        self.said: list[str] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ausguck", "run"],
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        ready = threading.Event()
        self._reader = threading.Thread(target=self._listen, args=(ready,), daemon=True)
        self._reader.start()
        if not ready.wait(START_S) or not self.page_url:
            self.kill()
            self._close()
            raise AssertionError("not ready:\n" + "".join(self.said))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.stop()
        self._close()

    def _close(self) -> None:
        self._reader.join(STOP_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> int:
        """End it in order; returns its exit status."""
        self._process.terminate()
        return self.wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self.wait()

    def wait(self) -> int:
        """Wait until it has ended."""
        return self._process.wait(STOP_S)

    def was_killed(self) -> bool:
        return self._process.returncode == -signal.SIGKILL

    def _listen(self, ready: threading.Event) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line)
            if found := READY.search(line):
                self.page_url = found[1]
                self.port = int(found[2] or 0)
                ready.set()
        ready.set()
