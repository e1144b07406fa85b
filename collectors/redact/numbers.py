"""Long numbers that name a subscriber, a SIM, a modem or an account."""

from typing import Final

IMEI_DIGITS: Final = 15
ICCID_DIGITS: Final = range(18, 23)
CARD_DIGITS: Final = range(13, 20)
_CARD_LENGTHS: Final = {
    "3": {14, 15, 16},
    "4": {13, 16, 19},
    "5": {16},
    "6": {16, 17, 18, 19},
    "2": {16},
}
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812."""
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])) % 10 == 0


def is_card(digits: str) -> bool:
    """Whether a payment card may have this number."""
    if len(digits) not in _CARD_LENGTHS.get(digits[0], ()) or not is_luhn(digits):
        return False
    # Mastercard's newer range starts at 2221; other numbers that begin with 2 are no cards.
    return digits[0] != "2" or "2221" <= digits[:4] <= "2720"


def classify(digits: str) -> str | None:
    """`imei`, `imsi`, `iccid` or `card`; None for a number that names nobody by its shape."""
    if len(digits) == IMEI_DIGITS:
        if is_luhn(digits):
            return "imei"
        # An IMSI begins with a mobile country code, and those begin with 2 to 7.
        if "2" <= digits[0] <= "7":
            return "imsi"
    if len(digits) in ICCID_DIGITS and digits.startswith("89"):
        return "iccid"
    return "card" if len(digits) in CARD_DIGITS and is_card(digits) else None
