"""Connections leave room for the files that the promise needs."""

import resource

import pytest

from ausguck.app.files import KEPT, within
from ausguck.settings.tree import Listener


@pytest.mark.parametrize(
    ("files", "wanted", "granted"),
    [
        (1024, 20_000, 1024 - KEPT),
        (65_536, 20_000, 20_000),
        (100, 20_000, 1),
        (1024, 10, 10),
        (resource.RLIM_INFINITY, 20_000, 20_000),
    ],
)
def test_connections_leave_files_for_the_journal(files: int, wanted: int, granted: int) -> None:
    assert within(files, Listener(max_connections=wanted)).max_connections == granted


@pytest.mark.parametrize(
    ("listener", "told"), [(Listener(), False), (Listener(max_connections=20_000), True)]
)
def test_only_who_asked_for_more_is_warned(
    listener: Listener, *, told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    within(1024, listener)

    assert bool(caplog.records) is told
