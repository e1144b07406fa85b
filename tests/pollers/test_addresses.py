"""Where a feed's files may be."""

import pytest

from collectors.pollers.addresses import Refused, absolute, is_same_host, path_of, resolved, shown

HTTPS = "https://feed.example/gbfs/3.0/gbfs.json"
HTTP = "http://feed.example/gbfs.json"
LOCAL = "file:///srv/gbfs/gbfs.json"


@pytest.mark.parametrize(
    ("base", "found", "address"),
    [
        (HTTPS, "https://cdn.example/status.json", "https://cdn.example/status.json"),
        (HTTPS, "status.json?key=1#x", "https://feed.example/gbfs/3.0/status.json?key=1"),
        (HTTPS, " /status.json\n", "https://feed.example/status.json"),
        (HTTPS, "//feed.example/status.json", "https://feed.example/status.json"),
        (HTTPS, "http://feed.example/status.json", "https://feed.example/status.json"),
        (HTTPS, "http://feed.example:8080/s.json", "https://feed.example:8080/s.json"),
        (HTTP, "https://feed.example/status.json", "https://feed.example/status.json"),
        (LOCAL, "status.json", "file:///srv/gbfs/status.json"),
        (LOCAL, "file:///tmp/status.json", "file:///tmp/status.json"),
    ],
)
def test_an_address_is_taken_from_where_it_stands(base: str, found: str, address: str) -> None:
    assert resolved(base, found) == address


@pytest.mark.parametrize(
    ("base", "found"),
    [
        (HTTPS, "file:///etc/passwd"),
        (HTTP, "file:///etc/passwd"),
        (HTTPS, "http://other.example/status.json"),
        (HTTPS, "ftp://feed.example/status.json"),
        (HTTPS, "data:application/json,{}"),
        (HTTPS, "https://[::1/status.json"),
        (HTTPS, "https://feed.example:99999/status.json"),
        (LOCAL, "https://feed.example/status.json"),
    ],
)
def test_another_scheme_is_refused(base: str, found: str) -> None:
    with pytest.raises(Refused, match="is not asked"):
        resolved(base, found)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("http://feed.example/x", True),
        ("http://FEED.example:80/x", True),
        ("https://feed.example/x", True),
        ("http://feed.example:8080/x", False),
        ("https://feed.example:8443/x", False),
        ("http://other.example/x", False),
        ("http://feed.example.evil/x", False),
    ],
)
def test_a_host_is_its_name_and_port(other: str, *, same: bool) -> None:
    assert is_same_host(HTTP, other) is same


def test_tls_is_not_left_again() -> None:
    assert not is_same_host(HTTPS, "http://feed.example/x")


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown("https://u:p@feed.example:444/a?token=s#f") == "https://feed.example:444/a"
    assert shown("https://[::1]:5/a") == "https://[::1]:5/a"
    assert shown("https://[::1") == "(no address)"
    assert len(shown("https://feed.example/" + "a" * 999)) == 200


def test_a_path_is_a_file_of_this_machine() -> None:
    assert absolute("https://feed.example/gbfs.json") == "https://feed.example/gbfs.json"
    assert str(path_of(absolute("a folder/gbfs.json"))).endswith("/a folder/gbfs.json")
    with pytest.raises(Refused, match="another machine"):
        path_of("file://server/share/gbfs.json")
