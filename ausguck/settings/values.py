"""What a single value may be: the types settings are made of, each with its words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Generic, TypeVar
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

Value = TypeVar("Value")

COUNTRY = re.compile(r"[A-Z]{2}")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
ASSET = re.compile(r"(bus|station|device)/[A-Za-z0-9_-]{1,64}")
HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}\.?)*")
TOKEN = re.compile(r"[\x21-\x7e]{1,512}")
BUCKET_PREFIX = re.compile(r"([A-Za-z0-9.-][A-Za-z0-9._-]{0,63})?")
HASH = re.compile(
    r"scrypt\$([0-9]{1,9})\$([0-9]{1,4})\$([0-9]{1,4})\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+"
)


@dataclass(frozen=True, slots=True)
class Check(Generic[Value]):
    """A test of one value, with the words that say what it expects."""

    words: str
    accepts: Callable[[Value], bool]

    def __call__(self, value: Value) -> Value:
        """The value itself, when it is accepted."""
        if not self.accepts(value):
            raise ValueError(self.words)
        return value


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _is_hash(secret: SecretStr) -> bool:
    found = HASH.fullmatch(secret.get_secret_value())
    if found is None:
        return False
    # RFC 7914: n is a power of two above 1, r and p are at least 1.
    n, r, p = (int(cost) for cost in found.groups())
    return n > 1 and n & (n - 1) == 0 and r > 0 and p > 0


def _is_name(name: str) -> bool:
    return NAME.fullmatch(name) is not None


def _is_timezone(name: str) -> bool:
    return name in available_timezones()


def _is_country(country: str) -> bool:
    return COUNTRY.fullmatch(country) is not None


def _is_asset(asset: str) -> bool:
    return ASSET.fullmatch(asset) is not None


def _is_host_name(host: str) -> bool:
    return _is_address(host) or HOST_NAME.fullmatch(host) is not None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        return None
    return parts


def _is_web_address(url: str) -> bool:
    parts = _split(url)
    return (
        parts is not None
        and parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and parts.username is None
        and not (parts.query or parts.fragment)
    )


def _is_feed(address: str) -> bool:
    parts = _split(address)
    if parts is None or not address:
        return False
    if "://" not in address:
        return True
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None


def _is_bucket_prefix(prefix: str) -> bool:
    return BUCKET_PREFIX.fullmatch(prefix) is not None


def _is_token(token: SecretStr) -> bool:
    return TOKEN.fullmatch(token.get_secret_value()) is not None


IS_NAME = Check("1 to 64 of A-Z a-z 0-9 _ -", _is_name)
IS_TIMEZONE = Check("an IANA time zone such as 'Europe/Berlin'", _is_timezone)
IS_COUNTRY = Check("a country's two letters such as 'DE'", _is_country)
IS_ADDRESS = Check("an IP address or 'localhost'", _is_address)
IS_ASSET = Check("an asset such as 'bus/0123', 'station/12' or 'device/SN77'", _is_asset)
IS_HASH = Check("a hash as `ausguck keys hash-password` makes it, 'scrypt$...'", _is_hash)
IS_HOST_NAME = Check("an IP address or a host's name", _is_host_name)
IS_WEB_ADDRESS = Check("an http or https address without user, query or fragment", _is_web_address)
IS_FEED = Check("an http or https address, or a file's path", _is_feed)
IS_TOKEN = Check("1 to 512 printable ASCII characters without a space", _is_token)
# A database of InfluxQL is called after its bucket; with any other character it cannot be.
IS_BUCKET_PREFIX = Check(
    "at most 64 of A-Z a-z 0-9 . - _, the first no underscore", _is_bucket_prefix
)

Name = Annotated[str, AfterValidator(IS_NAME)]
TimeZone = Annotated[str, AfterValidator(IS_TIMEZONE)]
Country = Annotated[str, AfterValidator(IS_COUNTRY)]
Host = Annotated[str, AfterValidator(IS_ADDRESS)]
Port = Annotated[int, Field(ge=0, le=65_535)]
Asset = Annotated[str, AfterValidator(IS_ASSET)]
PasswordHash = Annotated[SecretStr, AfterValidator(IS_HASH)]
HostName = Annotated[str, AfterValidator(IS_HOST_NAME)]
WebAddress = Annotated[str, AfterValidator(IS_WEB_ADDRESS)]
FeedAddress = Annotated[str, AfterValidator(IS_FEED)]
BucketPrefix = Annotated[str, AfterValidator(IS_BUCKET_PREFIX)]
Token = Annotated[SecretStr, AfterValidator(IS_TOKEN)]


class Section(BaseModel):
    """A table of the file: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
