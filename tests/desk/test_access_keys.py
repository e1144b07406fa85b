"""Keys: shown once, found by what may be shown, over when they are said to be."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ausguck.desk.access import AccessDesk, open_access, require_keys
from ausguck.desk.access_book import Page
from ausguck.desk.access_port import AccessRefused, AccessUnknown
from ausguck.desk.access_rows import (
    SESSION_MS,
    SESSION_WHOLE_MS,
    SESSIONS_MAX,
    Narrowing,
    NewKey,
    digest,
    is_it,
    new_key,
    prefix_of,
)
from ausguck.desk.people_rows import Person
from ausguck.errors import ConfigError
from ausguck.model import Kind
from ausguck.settings.tree import Api, Settings

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
CLI = "command line"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[AccessDesk]:
    with open_access(tmp_path / "desk.sqlite") as opened:
        yield opened


def touch(desk: AccessDesk, secret: str, at_ms: int) -> None:
    found = desk.session(secret, at_ms)
    keys = {} if found is None else {found.key.id: at_ms}
    desk.write_down(Page(keys, {digest(secret): at_ms}, {}), at_ms)


def test_a_key_is_shown_once_and_kept_as_a_hash(desk: AccessDesk, tmp_path: Path) -> None:
    narrowing = Narrowing(kinds=(Kind.BUS,), zones=("west",))
    asked = NewKey(name="wall", scopes=("view", "operate"), narrowing=narrowing)

    issued = desk.add_key(asked, CLI, NOW_MS)

    assert re.fullmatch(r"ak_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", issued.secret)
    prefix = prefix_of(issued.secret)
    assert prefix is not None
    kept = desk.key(prefix)
    assert kept == issued.key
    assert kept.sha256 == digest(issued.secret)
    assert (kept.scopes, kept.narrowing) == (asked.scopes, narrowing)
    assert is_it(kept, issued.secret, NOW_MS)
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert issued.secret[12:].encode() not in files
    assert issued.secret not in repr(issued) + repr(kept)


def test_a_secret_opens_its_own_key_and_no_other(desk: AccessDesk) -> None:
    one = desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS)
    other = new_key()

    assert not is_it(one.key, other.text, NOW_MS)
    assert not is_it(one.key, one.secret[:-1], NOW_MS)
    assert not is_it(None, one.secret, NOW_MS)
    assert not is_it(None, "", NOW_MS)


@pytest.mark.parametrize(
    "text", ["", "ak_", "ak_abcdefgh", "ak_abcdefgh_" + "x" * 42, "bk_abcdefgh_" + "x" * 43]
)
def test_what_is_no_key_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None


def test_a_key_is_over_when_it_expires_or_is_ended(desk: AccessDesk) -> None:
    until_ms = NOW_MS + HOUR_MS
    issued = desk.add_key(NewKey(name="one", scopes=("view",), expires_at_ms=until_ms), CLI, NOW_MS)
    assert is_it(issued.key, issued.secret, until_ms - 1)
    assert not is_it(issued.key, issued.secret, until_ms)
    assert desk.has_live_key(NOW_MS)

    assert desk.end_keys("one", CLI, NOW_MS + 5) == 1

    ended = desk.key(issued.key.prefix)
    assert ended is not None
    assert not is_it(ended, issued.secret, NOW_MS + 5)
    assert not desk.has_live_key(NOW_MS + 5)
    assert desk.end_keys("one", CLI, NOW_MS + 6) == 0


def test_two_keys_hold_while_one_replaces_the_other(desk: AccessDesk) -> None:
    asked = NewKey(name="one", scopes=("view",), narrowing=Narrowing(zones=("west",)))
    old = desk.add_key(asked, CLI, NOW_MS)

    new = desk.rotate_key(
        "one", old_until_ms=NOW_MS + HOUR_MS, expires_at_ms=None, who=CLI, now_ms=NOW_MS
    )

    assert (new.key.scopes, new.key.narrowing) == (asked.scopes, asked.narrowing)
    before = desk.key(old.key.prefix)
    assert before is not None
    assert before.expires_at_ms == NOW_MS + HOUR_MS
    assert new.secret != old.secret
    with pytest.raises(AccessRefused, match="2 keys named 'one' hold already"):
        desk.rotate_key("one", old_until_ms=NOW_MS, expires_at_ms=None, who=CLI, now_ms=NOW_MS)
    assert desk.end_keys("one", CLI, NOW_MS, old.key.prefix) == 1
    assert [key.prefix for key in desk.all_keys() if key.holds_at(NOW_MS)] == [new.key.prefix]


def test_a_name_is_taken_while_its_key_holds(desk: AccessDesk) -> None:
    desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS)

    with pytest.raises(AccessRefused, match="rotate one"):
        desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS)
    desk.end_keys("one", CLI, NOW_MS)
    desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS)
    with pytest.raises(AccessUnknown, match="no key named 'two'"):
        desk.rotate_key("two", old_until_ms=NOW_MS, expires_at_ms=None, who=CLI, now_ms=NOW_MS)


def test_a_key_belongs_to_somebody_who_is_here(desk: AccessDesk) -> None:
    asked = NewKey(name="ada", scopes=("view",), person="ada")
    with pytest.raises(AccessUnknown, match="no person 'ada'"):
        desk.add_key(asked, CLI, NOW_MS)
    desk.set_person(Person(name="ada"), CLI, NOW_MS)

    assert desk.add_key(asked, CLI, NOW_MS).key.who == "ada"
    robot = NewKey(name="scraper", scopes=("view",), person="ada", is_service=True)
    assert desk.add_key(robot, CLI, NOW_MS).key.who == "scraper"


def test_a_session_lasts_while_it_is_used_and_its_key_holds(desk: AccessDesk) -> None:
    key = desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS).key
    secret = desk.begin_session(key, NOW_MS)

    found = desk.session(secret, NOW_MS + SESSION_MS - 1)
    assert found is not None
    assert found.key == key
    assert desk.session(secret, NOW_MS + SESSION_MS) is None

    touch(desk, secret, NOW_MS + HOUR_MS)
    assert desk.session(secret, NOW_MS + SESSION_MS) is not None
    touched = desk.key(key.prefix)
    assert touched is not None
    assert touched.last_used_at_ms == NOW_MS + HOUR_MS

    desk.end_keys("one", CLI, NOW_MS + HOUR_MS)
    assert desk.session(secret, NOW_MS + HOUR_MS) is None


def test_a_session_ends_after_a_week_however_it_is_used(desk: AccessDesk) -> None:
    key = desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS).key
    secret = desk.begin_session(key, NOW_MS)

    end_ms = NOW_MS + SESSION_WHOLE_MS
    for at_ms in range(NOW_MS, end_ms, SESSION_MS - HOUR_MS):
        assert desk.session(secret, at_ms) is not None
        touch(desk, secret, at_ms)
    touch(desk, secret, end_ms - 1)

    assert desk.session(secret, end_ms - 1) is not None
    assert desk.session(secret, end_ms) is None


def test_one_session_too_many_ends_the_oldest_of_its_key(desk: AccessDesk) -> None:
    other = desk.add_key(NewKey(name="other", scopes=("view",)), CLI, NOW_MS).key
    apart = desk.begin_session(other, NOW_MS - 1)
    key = desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS).key
    begun = [desk.begin_session(key, NOW_MS + number) for number in range(SESSIONS_MAX + 3)]
    touch(desk, begun[0], NOW_MS + HOUR_MS)

    live = [secret for secret in begun if desk.session(secret, NOW_MS + HOUR_MS) is not None]

    assert live == begun[3:]
    assert desk.session(apart, NOW_MS + HOUR_MS) is not None


def test_an_ended_session_is_forgotten_alone(desk: AccessDesk) -> None:
    key = desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS).key
    one, other = desk.begin_session(key, NOW_MS), desk.begin_session(key, NOW_MS)

    desk.end_session(one)

    assert desk.session(one, NOW_MS) is None
    assert desk.session(other, NOW_MS) is not None
    assert desk.session("", NOW_MS) is None


def test_last_use_never_goes_back(desk: AccessDesk) -> None:
    key = desk.add_key(NewKey(name="one", scopes=("view",)), CLI, NOW_MS).key

    for at_ms in (NOW_MS + 5, NOW_MS):
        desk.write_down(Page({key.id: at_ms}, {}, {}), at_ms)

    found = desk.key(key.prefix)
    assert found is not None
    assert found.last_used_at_ms == NOW_MS + 5


def test_beyond_loopback_nobody_starts_without_a_key(desk: AccessDesk) -> None:
    names = ("ausguck.example",)
    beyond = Settings(api=Api(host="192.0.2.1", anonymous=(), names=names))
    with pytest.raises(ConfigError, match="ausguck keys add"):
        require_keys(beyond, desk, NOW_MS)

    require_keys(Settings(), desk, NOW_MS)
    require_keys(Settings(api=Api(host="192.0.2.1", is_guarded=True)), desk, NOW_MS)
    desk.add_key(NewKey(name="one", scopes=("admin",), expires_at_ms=NOW_MS + 1), CLI, NOW_MS)
    require_keys(beyond, desk, NOW_MS)
    with pytest.raises(ConfigError):
        require_keys(beyond, desk, NOW_MS + 1)
