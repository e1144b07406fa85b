"""Names that recur in records, decoded once and remembered; never more than a bounded number."""

from typing import Final

from ausguck.journal.format import decode_source
from ausguck.journal.port import Source

REMEMBERED: Final = 65_536
REMEMBERED_BYTES: Final = 256


class Sources(dict[bytes, Source]):
    """Sources by the bytes that stand for them."""

    def __missing__(self, encoded: bytes) -> Source:
        if len(self) >= REMEMBERED:
            self.clear()
        source = self[encoded] = decode_source(encoded)
        return source


class Topics(dict[bytes, str]):
    """Topics by their bytes."""

    def __missing__(self, encoded: bytes) -> str:
        topic = encoded.decode(errors="replace")
        if len(encoded) > REMEMBERED_BYTES:  # 65,536 of the longest would be 4 GiB
            return topic
        if len(self) >= REMEMBERED:
            self.clear()
        self[encoded] = topic
        return topic
