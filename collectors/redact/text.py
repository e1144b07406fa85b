"""Free text with what identifies somebody replaced by `[redacted:<what>]`."""

import re
from collections.abc import Callable
from typing import Final

from collectors.redact import addresses
from collectors.redact.labels import MEASURES, PLACES, is_labelled
from collectors.redact.numbers import classify, is_card

Judge = Callable[[re.Match[str], str], str]
"""What a match becomes, given the key under which the whole text stood."""

MAX_ROUNDS: Final = 16
HOPELESS: Final = "[redacted:text]"
_MIN_PHONE_DIGITS: Final = 8
_MAX_PHONE_DIGITS: Final = 15

_EMAIL: Final = re.compile(r"[\w.%+-]{1,64}@\w[\w-]{0,62}(?:\.[\w-]{1,63})+")
_LABELLED: Final = re.compile(
    r"(?<![A-Za-z])(?P<label>mac(?:[ _-]?addr(?:ess)?)?|bssid|hwaddr|imeisv|imei|imsi|iccid"
    r"|msisdn|phone|telefon|tel)(?P<gap>[\"']?[\s:=#]{0,3}[\"']?)(?P<value>\+?[0-9A-Fa-f]"
    r"[0-9A-Fa-f :./-]{4,38}[0-9A-Fa-f])(?![A-Za-z])",
    re.IGNORECASE,
)
_LABELS: Final = {"bssid": "mac", "hwaddr": "mac", "imeisv": "imei", "msisdn": "phone"}
_DIGITS: Final = re.compile(r"(?<![0-9A-Za-z.])(\d{13,22})[Ff]?(?![0-9A-Za-z])(?!\.\d)", re.ASCII)
_GROUPED: Final = re.compile(
    r"(?<![\w.-])(?:(?P<card>\d{4}(?P<sep>[ -])"
    r"(?:\d{4}(?P=sep)\d{4}(?P=sep)\d{1,7}|\d{6}(?P=sep)\d{5}))"
    r"|(?P<imei>\d{2}[ -]\d{6}[ -]\d{6}[ -]\d)"
    r"|(?P<iccid>89\d{2}(?:[ -]\d{4}){3}(?:[ -]\d{1,4}){1,2}))(?![\w-])",
    re.ASCII,
)
_INTERNATIONAL: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:\+|00(?=[1-9]))[1-9](?:[ ()/.-]{0,2}\d){6,14}(?!\d)", re.ASCII
)
_DECIMAL: Final = re.compile(r"\+\d{1,3}\.\d{4,}(?!\.)", re.ASCII)
_NATIONAL: Final = re.compile(
    r"(?<![\w.+:-])\(?0[1-9]\d{1,3}\)?(?: ?/ ?| |-)\d{3,9}(?:[ -]\d{1,5}){0,3}(?![\w.:-]|,\d)"
    r"|(?<![\w.+:-])01[567]\d{8,9}(?![\w.:])",
    re.ASCII,
)


def _email(_match: re.Match[str], _context: str) -> str:
    return "[redacted:email]"


def _labelled(match: re.Match[str], _context: str) -> str:
    label = match["label"].lower()
    tag = "mac" if label.startswith("mac") else _LABELS.get(label, label)
    tag = "phone" if tag.startswith("tel") else tag
    digits = sum(character.isalnum() for character in match["value"])
    needed = 12 if tag == "mac" else 14 if tag.startswith("i") else 6
    if digits < needed:
        return match[0]
    return f"{match['label']}{match['gap']}[redacted:{tag}]"


def _digits(match: re.Match[str], context: str) -> str:
    tag = classify(match[1])
    if tag is None or is_labelled(match, context, MEASURES):
        return match[0]
    return f"[redacted:{tag}]"


def _grouped(match: re.Match[str], _context: str) -> str:
    if match["card"] is not None:
        digits = re.sub(r"\D", "", match["card"])
        if is_card(digits):
            return "[redacted:card]"
        return "[redacted:iccid]" if digits.startswith("89") else match[0]
    return "[redacted:imei]" if match["imei"] is not None else "[redacted:iccid]"


def _international(match: re.Match[str], _context: str) -> str:
    found = match[0]
    digits = sum(character.isdigit() for character in found)
    if _DECIMAL.match(found) or not _MIN_PHONE_DIGITS <= digits <= _MAX_PHONE_DIGITS + 2:
        return found  # a coordinate such as +54.32331
    return "[redacted:phone]"


def _national(match: re.Match[str], context: str) -> str:
    digits = sum(character.isdigit() for character in match[0])
    if digits < _MIN_PHONE_DIGITS or digits > _MAX_PHONE_DIGITS:
        return match[0]
    return match[0] if is_labelled(match, context, PLACES) else "[redacted:phone]"


RULES: Final[tuple[tuple[re.Pattern[str], Judge], ...]] = (
    (_EMAIL, _email),
    (_LABELLED, _labelled),
    (addresses.QUADS, addresses.quads),
    (addresses.COLONS, addresses.colons),
    (addresses.OCTETS, addresses.octets),
    (addresses.DOTTED, addresses.plain),
    (addresses.EUI64, addresses.plain),
    (addresses.BARE, addresses.bare),
    (_GROUPED, _grouped),
    (addresses.DASHED, addresses.plain),
    (addresses.HALVES, addresses.lettered),
    (_DIGITS, _digits),
    (_INTERNATIONAL, _international),
    (_NATIONAL, _national),
)


def redact_text(text: str, context: str = "") -> str:
    """The text without addresses, subscriber, SIM, modem, card and telephone numbers.

    `context` is the key under which the text stood, where it stood under one.
    What has been redacted is left as it is: the second time changes nothing.
    """
    for _ in range(MAX_ROUNDS):
        found = _once(text, context)
        if found == text:
            return text
        # What was taken out may have stood against something that is plain to see now.
        text = found
    return HOPELESS


def _once(text: str, context: str) -> str:
    for pattern, judge in RULES:
        text = pattern.sub(_under(judge, context), text)
    return text


def _under(judge: Judge, context: str) -> Callable[[re.Match[str]], str]:
    return lambda match: judge(match, context)
