"""Boot ids with the mark of a later device: which device told them, and which run of it.

The mark is `Register.boot_mark`, put behind the id that the device tells. No device can tell a
`#` itself (`ausguck.catalogue.wire.BOOT_ID`), so that what stands behind it is ours.
"""

from typing import Final

MARK: Final = "#"


def own_boot_id(boot_id: str | None) -> str | None:
    """The id as the device told it; None where it told none."""
    return (boot_id or "").partition(MARK)[0] or None


def device_mark(boot_id: str | None) -> str:
    """Which of an asset's devices it was; empty for the first."""
    return (boot_id or "").partition(MARK)[2]


def is_another_device(before: str | None, after: str | None) -> bool:
    """Whether a device was swapped between two boot ids: that is no reboot, however they differ."""
    return device_mark(before) != device_mark(after)
