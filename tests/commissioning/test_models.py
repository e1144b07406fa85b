"""What a sheet tells a technician must be what the decoder takes."""

import json
from pathlib import Path

import pytest

from ausguck import catalogue
from ausguck.commissioning.models import MODELS, Model, model_of
from ausguck.commissioning.qr import qr_svg, write_qr
from ausguck.commissioning.sheet import Door, Setting, Sheet, qr_text, sheet, sheet_text
from ausguck.journal.port import Record, RecordType, Source
from ausguck.model import Kind, Position
from ausguck.settings.tree import Retention, Site
from ausguck.topics import Message, parse
from collectors.decode.decoder import Decoder

SECRET = "k7m2-never-in-a-log"  # noqa: S105 - of no device
NOW_MS = 1_800_000_000_000
DOOR = Door("mqtt.kiel.example", 8883, has_tls=True, ca_pem="-----BEGIN CERTIFICATE-----\nAA==\n")


def sheet_of(model: Model, secret: str | None = SECRET, door: Door = DOOR) -> Sheet:
    asset = "bus/0123" if model.kind is Kind.BUS else "station/1001"
    return sheet(Setting("kiel", asset, "SN77", model, NOW_MS), door, secret)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_example_of_a_sheet_is_a_message_we_take_whole(model: Model) -> None:
    one = sheet_of(model)
    printed = sheet_text(one, "en")
    message = printed[printed.index("{\n") : printed.index("\n}") + 2]
    record = Record(
        position=Position(1, 1, 0),
        after=Position(1, 1, 100),
        type=RecordType.MESSAGE,
        flags=0,
        received_at_ms=NOW_MS + 60_000,
        source=Source("listener", one.user, one.client_id),
        packet_id=1,
        topic=one.topic,
        payload=message.encode(),
    )
    decoded = Decoder(Site(), Retention()).decode(record)
    (reading,) = decoded.readings
    assert not decoded.dropped
    told = dict(zip(catalogue.keys(model.kind), reading.values, strict=True))
    assert {key for key, value in told.items() if value is not None} == dict(model.example).keys()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_key_has_an_example_and_every_setting_both_languages(model: Model) -> None:
    assert {key for key, _where in model.keys} <= dict(model.example).keys()
    assert {"QoS"} <= {advice.setting for advice in model.advice}
    for advice in model.advice:
        assert advice.why.en
        assert advice.why.de
        assert advice.why.en != advice.why.de


def test_a_router_that_drops_by_default_is_told_to_retry() -> None:
    model = model_of("teltonika-rutx")
    assert model is not None
    assert ("Retry on fail", "on") in [(one.setting, one.value) for one in model.advice]
    assert model_of("no-such") is None


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_sheet_says_all_a_technician_needs(language: str) -> None:
    one = sheet_of(MODELS[0])
    text = sheet_text(one, language)
    for needed in (
        "mqtt.kiel.example:8883",
        "BEGIN CERTIFICATE",
        SECRET,
        "SN77",
        "v1/kiel/bus/0123/telemetry",
        '"clients_guest": 7',
        "Retry on fail: on",
    ):
        assert needed in text
    assert parse(one.cmd_topic).message is Message.CMD
    assert SECRET not in repr(one)


def test_at_a_broker_the_sheet_says_where_the_secret_is_made() -> None:
    one = sheet_of(MODELS[0], None, Door("broker.example", 8883, has_tls=True, is_ours=False))
    assert "deploy/device add bus/0123" in sheet_text(one, "en")
    assert "in the clear" in sheet_text(
        sheet_of(MODELS[0], door=Door("::1", 1883, has_tls=False)), "en"
    )


def test_the_code_holds_what_an_app_needs_and_is_for_its_owner(tmp_path: Path) -> None:
    one = sheet_of(MODELS[0])
    held = json.loads(qr_text(one))
    assert (held["host"], held["port"]) == ("mqtt.kiel.example", 8883)
    assert held["password"] == SECRET
    assert qr_svg(one).startswith("<svg")
    write_qr(one, tmp_path / "code.svg")
    assert (tmp_path / "code.svg").stat().st_mode & 0o077 == 0
    with pytest.raises(ValueError, match=r"expected \.svg or \.png"):
        write_qr(one, tmp_path / "code.gif")
