"""The one thread that touches the disk for writing; jobs in order, answers in the event loop."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

Answer = TypeVar("Answer")


class CommitThread:
    """Runs jobs one after the other; to be used from the event loop's thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, fail: Callable[[BaseException], None]
    ) -> None:
        self._loop = loop
        self._fail = fail
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ausguck-journal", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], Answer], done: Callable[[Answer], None]) -> None:
        """Have a job run in the thread, and `done` with its answer in the loop."""
        self._jobs.put(lambda: self._tell(done, job()))

    def stop(self) -> None:
        """End the thread once its jobs are done, and wait for that."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException as error:  # noqa: BLE001 - the loop must hear of any end
                self._tell(self._fail, error)

    def _tell(self, listener: Callable[[Answer], None], answer: Answer) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(listener, answer)
