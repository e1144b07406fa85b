import shutil
import subprocess
from pathlib import Path

import pytest

from ausguck.errors import ConfigError, ConfigErrors
from ausguck.settings.load import load
from ausguck.settings.tree import Settings

HASH = "scrypt$16384$8$1$c2FsdA==$a2V5"


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_without_file_and_variables_the_defaults_hold() -> None:
    assert load(None, {}) == Settings()


def test_a_file_goes_over_the_defaults(directory: Path) -> None:
    path = write(directory / "mine.toml", "[listener]\nport = 1884\n")

    settings = load(path, {})

    assert settings.listener.port == 1884
    assert settings.api == Settings().api


def test_variables_go_over_the_file(directory: Path) -> None:
    path = write(directory / "mine.toml", '[listener]\nport = 1884\nhost = "::1"\n')

    settings = load(path, {"AUSGUCK_LISTENER__PORT": "1885"})

    assert (settings.listener.port, settings.listener.host) == (1885, "::1")


def test_the_path_given_goes_before_the_variable_and_that_before_the_directory(
    directory: Path,
) -> None:
    given = write(directory / "given.toml", '[site]\nid = "given"\n')
    named = write(directory / "named.toml", '[site]\nid = "named"\n')
    write(directory / "ausguck.toml", '[site]\nid = "here"\n')
    environ = {"AUSGUCK_CONFIG": str(named)}

    assert load(given, environ).site.id == "given"
    assert load(None, environ).site.id == "named"
    assert load(None, {}).site.id == "here"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("kiel", "kiel"), ("'kiel'", "kiel"), ("123", "123"), ("true", "true"), ("2026-07-01",) * 2],
)
def test_text_needs_no_quotes_in_a_variable(text: str, expected: str) -> None:
    assert load(None, {"AUSGUCK_SITE__ID": text}).site.id == expected


def test_a_variable_reaches_a_table_in_a_table_and_makes_it() -> None:
    environ = {"AUSGUCK_SITE__AREA__SOUTH": "54.2", "AUSGUCK_SITE__AREA__NORTH": "54.4"}

    assert load(None, environ).site.area.south == 54.2


def test_a_variable_may_hold_an_array_of_tables() -> None:
    users = f"[{{name = 'anna', password_hash = '{HASH}', assets = ['bus/1']}}]"

    (user,) = load(None, {"AUSGUCK_LISTENER__USERS": users}).listener.users

    assert (user.name, user.assets) == ("anna", ("bus/1",))


def test_a_variable_is_one_value_whatever_line_breaks_are_in_it() -> None:
    with pytest.raises(ConfigError, match="an integer from 0 to 65535"):
        load(None, {"AUSGUCK_LISTENER__PORT": "1884\nhost = '::1'"})


def test_variables_of_others_and_those_that_are_no_settings_are_left_alone() -> None:
    environ = {"HOME": "x", "AUSGUCK_TEST_INFLUX_URL": "x", "AUSGUCK_CRASH_AT": "x"}

    assert load(None, environ) == Settings()


@pytest.mark.parametrize(
    ("path", "environ", "expected"),
    [
        (Path("none.toml"), {}, "--config: found 'none.toml', no such file or directory, "),
        (Path(), {}, "--config: found '.', is a directory, "),
        (
            None,
            {"AUSGUCK_CONFIG": "none.toml"},
            "AUSGUCK_CONFIG: found 'none.toml', no such file or directory, ",
        ),
    ],
)
def test_a_file_that_is_named_must_be_there(
    path: Path | None, environ: dict[str, str], expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(path, environ)

    assert str(caught.value) == expected + "expected a TOML file that can be read"


def test_a_file_must_be_utf_8(directory: Path) -> None:
    (directory / "latin.toml").write_bytes(b'[site]\nid = "K\xf6ln"\n')

    with pytest.raises(ConfigError) as caught:
        load(Path("latin.toml"), {})

    assert str(caught.value) == "latin.toml: found byte 14 that is not UTF-8, expected TOML"


def test_several_mistakes_can_be_read_one_by_one() -> None:
    with pytest.raises(ConfigErrors) as caught:
        load(None, {"AUSGUCK_API__PORT": "-1", "AUSGUCK_LOG__LEVEL": "loud"})

    assert [error.key for error in caught.value.errors] == [
        "api.port (AUSGUCK_API__PORT)",
        "log.level (AUSGUCK_LOG__LEVEL)",
    ]


def certificate(directory: Path, name: str) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    assert openssl is not None
    key, pem = directory / f"{name}.key", directory / f"{name}.pem"
    subject = ["-subj", f"/CN={name}", "-days", "1"]
    files = ["-keyout", str(key), "-out", str(pem)]
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([openssl, *new, *subject, *files], check=True, capture_output=True)
    return pem, key


def tls(pem: Path, key: Path, client_ca: Path | None = None) -> dict[str, str]:
    ca = {"AUSGUCK_LISTENER__TLS__CLIENT_CA": str(client_ca)} if client_ca else {}
    return {
        "AUSGUCK_LISTENER__TLS__CERTIFICATE": str(pem),
        "AUSGUCK_LISTENER__TLS__KEY": str(key),
        **ca,
    }


def test_a_certificate_and_its_key_are_taken(directory: Path) -> None:
    pem, key = certificate(directory, "server")

    settings = load(None, tls(pem, key, client_ca=pem))

    assert settings.listener.tls is not None
    assert settings.listener.tls.certificate == pem


def test_a_key_of_another_certificate_is_refused(directory: Path) -> None:
    pem, _ = certificate(directory, "server")
    _, key = certificate(directory, "other")

    with pytest.raises(ConfigError, match="files that do not belong together"):
        load(None, tls(pem, key))


def test_a_client_ca_must_hold_a_certificate(directory: Path) -> None:
    pem, key = certificate(directory, "server")

    with pytest.raises(ConfigError, match="without a certificate"):
        load(None, tls(pem, key, client_ca=key))


def test_clients_with_certificates_need_no_users(directory: Path) -> None:
    pem, key = certificate(directory, "server")

    settings = load(
        None,
        {
            **tls(pem, key, client_ca=pem),
            "AUSGUCK_LISTENER__ANONYMOUS": "false",
            "AUSGUCK_LISTENER__HOST": "0.0.0.0",  # noqa: S104 - nothing is bound here
        },
    )

    assert not settings.listener.anonymous


def test_a_password_hash_is_not_in_what_is_printed() -> None:
    users = f"[{{name = 'anna', password_hash = '{HASH}', gateway = true}}]"

    settings = load(None, {"AUSGUCK_LISTENER__USERS": users})

    assert HASH not in repr(settings) + str(settings) + settings.model_dump_json()
