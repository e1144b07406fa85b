"""What the journal tells the health route about itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from ausguck.journal.port import Pause
from ausguck.journal.segment import Gap


@dataclass(frozen=True, slots=True)
class Stats:
    """The journal at one moment; counts are since the process started."""

    committed_records: int
    committed_bytes: int
    commits: int
    fsync_failures: int  # writes and syncs that failed, but for lack of room
    full_failures: int  # writes that failed for lack of room
    snapshot_failures: int  # times the listener could not say what its sessions are
    waiting_bytes: int
    segments: int
    bytes_on_disk: int
    free_bytes: int
    pause: Pause
    pauses: Mapping[Pause, int]  # how often each began
    quarantined: tuple[Gap, ...]  # all that is known to be lost, by place
    cut_bytes: int  # the unfinished end that was cut at opening
    trimmed_segments: int
