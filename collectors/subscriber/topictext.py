"""What a malformed topic looks like in the journal, where every topic is text."""

TOPIC_BYTES = 4_096  # four times as long when all of it is escaped: the journal takes 65,535
CUT = "..."
BYTE_AS_SURROGATE = range(0xDC80, 0xDD00)


def readable(topic: bytes) -> bytes:
    r"""A topic as UTF-8 to be read by people, with `\xff` for what is no text or cannot be seen.

    What is escaped or cut is of no grammar of ours, so nothing that was bent becomes good by it.
    """
    text = topic[:TOPIC_BYTES].decode(errors="surrogateescape")
    shown = "".join(map(_shown, text))
    return (shown + CUT if len(topic) > TOPIC_BYTES else shown).encode()


def _shown(character: str) -> str:
    if ord(character) in BYTE_AS_SURROGATE:
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character.isprintable() and character != "\\":
        return character
    return character.encode("unicode_escape").decode()
