"""docker-compose.yml without Docker: the specification, our own rules, and our own settings."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml

from ausguck.settings.load import load
from deploy.parts import init, site
from tests.deploy.composed import (
    FILE,
    ROOT,
    Table,
    composed,
    environment,
    items,
    mounts,
    on_this_machine,
    services,
    table,
)

SCHEMA = Path(__file__).parent / "compose-spec" / "compose-spec.json"
VARIANT = ROOT / "deploy" / "certificates.compose.yml"
ONE_SHOT = {"prepare"}
OURS = {"prepare", "ausguck", "simulators"}
IMAGE = re.compile(r"[a-z-]+(/[a-z-]+)?:v?\d+\.\d+\.\d+")
BEYOND_LOOPBACK = {"mosquitto": "8883:8883"}


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    assert init.main(["--dir", str(tmp_path / "secrets"), "--site", "kiel", "--simulator"]) == 0
    return tmp_path / "secrets"


@pytest.fixture
def variables(secrets: Path) -> dict[str, str]:
    found = re.findall(
        r"^(\w+)=(.*)$", (secrets / ".env").read_text(encoding="utf-8"), re.MULTILINE
    )
    return dict(found)


@pytest.fixture
def document(variables: dict[str, str]) -> Table:
    return composed(variables)


@pytest.mark.parametrize("file", [FILE, VARIANT], ids=lambda path: path.name)
def test_it_is_compose(file: Path, variables: dict[str, str]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))

    jsonschema.Draft7Validator(schema).validate(composed(variables, file))


def test_without_init_it_says_what_to_run() -> None:
    with pytest.raises(LookupError, match=r"run deploy/init, and pass its \.env by --env-file"):
        composed({})


def test_what_init_writes_is_all_it_asks_for(variables: dict[str, str]) -> None:
    asked = set(re.findall(r"\$\{(\w+)", FILE.read_text(encoding="utf-8")))

    assert asked - set(variables) == {"ALERTMANAGER_PORT"}


def test_every_image_is_pinned(document: Table) -> None:
    for name, service in services(document).items():
        assert IMAGE.fullmatch(str(service["image"])), name


def test_the_image_is_of_this_version(document: Table) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    for name in OURS:
        assert services(document)[name]["image"] == f"ausguck:{project['version']}"


def test_the_broker_is_a_mosquitto_2_0_and_influxdb_the_one_of_our_tests(document: Table) -> None:
    found = services(document)
    module = (ROOT / "tests/servers/influxd/go.mod").read_text(encoding="utf-8")
    version = re.search(r"influxdata/influxdb/v2 v([\d.]+)", module)

    assert version
    assert str(found["mosquitto"]["image"]).startswith("eclipse-mosquitto:2.0.")
    assert found["influxdb"]["image"] == f"influxdb:{version[1]}"


def test_no_secret_is_in_it(document: Table, secrets: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    kept = [path for path in secrets.rglob("*") if path.is_file()]
    values = {path.read_text(encoding="utf-8") for path in kept if "password" in path.name}

    assert len(values) > 3
    assert not [value for value in values if value in text]
    for service in services(document).values():
        for key, value in environment(service).items():
            if re.search(r"PASSWORD|TOKEN|SECRET", key) and "_ENV" not in key:
                assert value.startswith(("/run/secrets/", "/tokens/")), key


def test_no_secret_is_said_by_a_variable_of_env(variables: dict[str, str]) -> None:
    assert not [name for name in variables if re.search(r"PASSWORD|TOKEN|KEY", name)]


def test_only_the_brokers_tls_is_published_beyond_loopback(document: Table) -> None:
    beyond = {
        name: str(port)
        for name, service in services(document).items()
        for port in items(service.get("ports", []))
        if not str(port).startswith("127.0.0.1:")
    }

    assert beyond == BEYOND_LOOPBACK


def test_every_service_is_hardened(document: Table) -> None:
    for name, service in services(document).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(str(service["user"]).split(":")[0]) > 0, name
        assert not {"privileged", "network_mode", "pid", "cap_add"} & set(service), name


def test_what_runs_on_says_how_it_is(document: Table) -> None:
    for name, service in services(document).items():
        if name not in ONE_SHOT:
            check = table(service["healthcheck"])
            assert check.get("disable") is True if name == "simulators" else check["test"], name


def test_what_runs_on_comes_back_and_ends_in_order(document: Table) -> None:
    for name, service in services(document).items():
        assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped"), name
        if name not in ONE_SHOT:
            assert "stop_grace_period" in service, name


def test_what_it_depends_on_exists_and_can_be_waited_for(document: Table) -> None:
    found = services(document)
    for name, service in found.items():
        for other, how in table(service.get("depends_on", {})).items():
            assert other in found, name
            condition = table(how)["condition"]
            one_shot = condition == "service_completed_successfully"
            assert one_shot == (other in ONE_SHOT), name
            assert one_shot or "test" in table(found[other]["healthcheck"]), name


def test_networks_volumes_and_secrets_are_declared(document: Table) -> None:
    for name, service in services(document).items():
        assert set(items(service["networks"])) <= set(table(document["networks"])), name
        named = {str(source) for kind, source, _ in mounts(service) if kind == "volume"}
        assert named <= set(table(document["volumes"])), name
        assert set(items(service.get("secrets", []))) <= set(table(document["secrets"])), name


def test_the_inside_is_internal(document: Table) -> None:
    networks = table(document["networks"])
    assert table(networks["inside"])["internal"] is True
    for name, service in services(document).items():
        is_published = "published" in items(service["networks"])
        assert is_published == bool(service.get("ports")), name


def test_every_file_of_this_machine_exists_and_is_only_read(document: Table) -> None:
    for name, service in services(document).items():
        for volume in items(service.get("volumes", [])):
            if isinstance(volume, dict) and volume["type"] == "bind":
                assert (ROOT / str(volume["source"])).exists(), (name, volume)
                assert volume["read_only"] is True
                assert volume["bind"] == {"create_host_path": False}
    for name, secret in table(document["secrets"]).items():
        assert Path(str(table(secret)["file"])).is_file(), name


def test_what_containers_read_their_group_may_read_and_nobody_else_enter(
    document: Table, secrets: Path, variables: dict[str, str]
) -> None:
    assert secrets.stat().st_mode & 0o777 == 0o700
    for secret in table(document["secrets"]).values():
        path = Path(str(table(secret)["file"]))
        assert path.stat().st_mode & 0o777 == 0o640
        assert path.parent.stat().st_mode & 0o777 == 0o750
        assert path.stat().st_gid == int(variables["SECRETS_GID"])
    for name, service in services(document).items():
        assert variables["SECRETS_GID"] in items(service["group_add"]), name


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_settings_load(name: str, document: Table, tmp_path: Path) -> None:
    service = services(document)[name]
    token = tmp_path / "writer"
    token.write_text("token", encoding="utf-8")
    variables = {
        key: str(token) if value == "/tokens/writer" else str(on_this_machine(service, value))
        for key, value in environment(service).items()
        if value.startswith("/")
    }

    settings = load(None, {**environment(service), **variables})

    assert settings.site.id == "kiel"


def test_ausguck_reads_the_broker_and_writes_to_influxdb(document: Table) -> None:
    variables = environment(services(document)["ausguck"])
    del variables["AUSGUCK_CONFIG"], variables["AUSGUCK_SUBSCRIBER__TLS__CA"]
    variables["AUSGUCK_STORE__INFLUXDB__TOKEN_FILE"] = str(FILE)

    settings = load(None, variables)

    assert settings.subscriber.enabled
    assert not settings.listener.enabled
    assert settings.store.kind == "influxdb"
    assert (settings.api.host, settings.api.is_guarded) == ("0.0.0.0", True)  # noqa: S104 - asked
    template = (ROOT / "deploy/mosquitto/mosquitto.conf").read_text(encoding="utf-8")
    largest = re.search(r"^max_packet_size (\d+)$", template, re.MULTILINE)
    assert largest
    assert int(largest[1]) < settings.subscriber.max_packet_bytes


def test_planners_sources_have_the_planners_token_only(document: Table) -> None:
    grafana = services(document)["grafana"]
    folder = on_this_machine(grafana, "/etc/grafana/provisioning/datasources")
    sources = [
        source
        for path in folder.glob("*.yaml")
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    ]
    tokens = {each["uid"]: each["secureJsonData"]["httpHeaderValue1"] for each in sources}

    assert {uid for uid, token in tokens.items() if "planner" in token} == {
        "influx-rollup",
        "influx-rollup-day",
    }
    assert set(tokens.values()) == {
        "Token $__file{/tokens/reader}",
        "Token $__file{/tokens/planner}",
    }


def test_grafana_never_sees_the_writers_token(document: Table) -> None:
    found = services(document)
    targets = {str(source): target for _, source, target in mounts(found["grafana"])}

    assert targets["tokens-grafana"] == "/tokens"
    assert "tokens" not in targets
    assert items(found["prepare"]["command"])[1] == "/tokens-grafana"


def test_grafana_finds_its_dashboards_where_they_are_provisioned(document: Table) -> None:
    grafana = services(document)["grafana"]
    home = environment(grafana)["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    folder = on_this_machine(grafana, "/etc/grafana/provisioning/dashboards")
    paths = [
        provider["options"]["path"]
        for path in folder.glob("*.yaml")
        for provider in yaml.safe_load(path.read_text(encoding="utf-8"))["providers"]
    ]

    assert on_this_machine(grafana, home).is_file()
    assert paths
    for path in paths:
        assert list(on_this_machine(grafana, path).glob("*.json"))


def test_alertmanagers_receivers_exist() -> None:
    config = yaml.safe_load(
        (ROOT / "deploy/alertmanager/alertmanager.yml").read_text(encoding="utf-8")
    )

    assert config["route"]["receiver"] in {each["name"] for each in config["receivers"]}


def test_the_image_sees_what_it_copies_and_no_secret() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    recipe = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", recipe, re.MULTILINE)
        for source in line.split()[:-1]
        if not source.startswith("--")
    ]

    assert ignored[1] == "*"
    for source in copied:
        assert (ROOT / source).exists()
        assert any(source.rstrip("/") == each or source.startswith(f"{each}/") for each in allowed)
    assert not [each for each in allowed if "secret" in each or each == "deploy"]
    assert site.Site().mosquitto_config == "/mosquitto/config"


def test_the_image_is_not_roots() -> None:
    recipe = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")

    assert re.findall(r"^USER (.*)$", recipe, re.MULTILINE) == ["10001:10001"]
    assert len(set(re.findall(r"^FROM (\S+)", recipe, re.MULTILINE))) == 1
    assert re.search(r"^FROM python:3\.11\.\d+-slim-bookworm", recipe, re.MULTILINE)
