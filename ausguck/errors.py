"""What can go wrong, as one tree; every error takes fields and words its own message.

AusguckError
 |- ConfigError          a setting is missing or wrong: which, found, expected
 |   `- ConfigErrors     several are, one line each
 |- TopicError           a topic is not of our grammar
 |- JournalError         the journal cannot be read or written
 |- StoreError           the store refused for good
 |   `- StoreUnavailable the store cannot be reached now; try again
 |- BrokerUnavailable    a broker cannot be reached now; try again
 `- DataDirectoryInUse   another process owns the data directory
"""

import errno
from collections.abc import Sequence


class AusguckError(Exception):
    """Root of everything we raise on purpose."""


class ConfigError(AusguckError):
    """A setting is missing or wrong."""

    def __init__(self, key: str, found: str, expected: str) -> None:
        self.key = key
        self.found = found
        self.expected = expected
        super().__init__(f"{key}: found {found}, expected {expected}")


def unlistenable(section: str, host: str, port: int, error: OSError) -> ConfigError:
    """Why nothing can listen where a section of the settings says."""
    if error.errno == errno.EADDRINUSE:
        return ConfigError(f"{section}.port", f"{port}, which is in use", "a free port")
    if error.errno == errno.EACCES:
        return ConfigError(
            f"{section}.port", f"{port} (permission denied)", "a port this user may listen on"
        )
    found = f"{host!r} ({error.strerror})"
    return ConfigError(f"{section}.host", found, "an address of this machine")


class ConfigErrors(ConfigError):  # noqa: N818 - several errors are not one
    """Several settings are wrong; says each on a line of its own."""

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        self.errors = tuple(errors)
        super().__init__(errors[0].key, errors[0].found, errors[0].expected)

    def __str__(self) -> str:
        """One line for each mistake."""
        return "\n".join(str(error) for error in self.errors)


class TopicError(AusguckError):
    """A topic is not of the grammar `v1/<site>/<kind>/<id>/<message>`."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        self.where = where
        self.found = found
        self.expected = expected
        super().__init__(f"topic, {where}: found {found}, expected {expected}")


class JournalError(AusguckError):
    """The journal cannot be read or written."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"journal {path}: {reason}")


class StoreError(AusguckError):
    """The store refused for good."""

    def __init__(self, store: str, reason: str) -> None:
        self.store = store
        self.reason = reason
        super().__init__(f"store {store}: {reason}")


class StoreUnavailable(StoreError):  # noqa: N818 - the name says the state, not the class
    """The store cannot be reached now; the same write may be tried again."""

    def __init__(self, store: str, reason: str, retry_after_s: float = 1.0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(store, reason)


class BrokerUnavailable(AusguckError):  # noqa: N818 - as above
    """A broker cannot be reached now; try again."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        self.reason = reason
        super().__init__(f"broker {address}: {reason}")


class DataDirectoryInUse(AusguckError):  # noqa: N818 - as above
    """Another process owns the data directory."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is in use by another ausguck process; "
            "stop that one, or set site.data_dir to another directory"
        )
