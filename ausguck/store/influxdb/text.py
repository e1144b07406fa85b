r"""Strings on their way into line protocol and back; pure.

Two layers. The outer is line protocol's own: quotes, backslashes, commas, spaces and equals
signs. The inner is ours: line protocol has no way to write a newline without one in the line,
nor a tag that is empty or ends in a backslash. In fields, control characters become `\n`,
`\x00` and the like; in tags, `%0A`. Strings without such characters are kept as they are.
"""

import re

_ODD_FIELD = re.compile(r"[\x00-\x1f\x7f\\]")
_ODD_TAG = re.compile(r"[\x00-\x1f\x7f\\%]")
_KEPT_FIELD = re.compile(r"\\(\\|n|x[0-9a-f]{2})")
_KEPT_TAG = re.compile(r"%([0-9A-F]{2})")
_PLAIN_FIELD = re.compile(r"[^\x00-\x1f\x7f\\\"\ud800-\udfff]*")
EMPTY_TAG = "%"


def field_in(text: str) -> str:
    """A string as the field of a line holds it, without the quotes around it."""
    if is_plain(text):
        return text
    kept = _ODD_FIELD.sub(_escaped, text)
    return kept.replace("\\", "\\\\").replace('"', '\\"')


def field_out(kept: str) -> str:
    """The string that a field was made from."""
    return _KEPT_FIELD.sub(_unescaped, kept) if "\\" in kept else kept


def is_plain(text: str) -> bool:
    """Whether a string stands in a field's quotes as it is."""
    return _PLAIN_FIELD.fullmatch(text) is not None


def tag_value(text: str) -> str:
    """A string as the server keeps it for a tag, and as a question has to name it."""
    return _ODD_TAG.sub(lambda odd: f"%{ord(odd[0]):02X}", text) if text else EMPTY_TAG


def tag_in(text: str) -> str:
    """A string as a tag of a line holds it."""
    kept = tag_value(text)
    return kept.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def tag_out(kept: str) -> str:
    """The string that a tag was made from."""
    if "%" not in kept:
        return kept
    return "" if kept == EMPTY_TAG else _KEPT_TAG.sub(lambda odd: chr(int(odd[1], 16)), kept)


def _escaped(odd: re.Match[str]) -> str:
    if odd[0] == "\\":
        return "\\\\"
    return "\\n" if odd[0] == "\n" else f"\\x{ord(odd[0]):02x}"


def _unescaped(kept: re.Match[str]) -> str:
    code = kept[1]
    if code == "\\":
        return "\\"
    return "\n" if code == "n" else chr(int(code[1:], 16))
