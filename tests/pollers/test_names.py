"""Ids of a feed as ids of our topics."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.catalogue import wire
from ausguck.topics import NAME
from collectors.pollers.names import station_name, type_name

AWKWARD = st.text(st.sampled_from("_xXf6 ö-aA0/🚲"), max_size=70)
IDS = st.one_of(st.text(min_size=1, max_size=90), AWKWARD.filter(bool))
TYPE = re.compile(wire.whole("[a-z0-9_.-]{1,32}"))
ESCAPE = re.compile(r"_x([0-9a-f]+)_")


@pytest.mark.parametrize(
    ("station_id", "name"),
    [
        ("12", "12"),
        ("a_b-C", "a_b-C"),
        ("Kiel Hbf", "Kiel_x20_Hbf"),
        ("Köln/1", "K_xf6_ln_x2f_1"),
        ("a_x20_b", "a_x5f_x20_b"),
        ("🚲", "_x1f6b2_"),
        ("urn:kiel:7", "urn_x3a_kiel_x3a_7"),
        ("a" * 64, "a" * 64),
    ],
)
def test_an_id_stays_readable(station_id: str, name: str) -> None:
    assert station_name(station_id) == name


def test_what_is_too_long_is_cut_and_still_known() -> None:
    one, other = station_name("Straße " * 20), station_name("Straße " * 20 + "!")
    assert one != other
    assert len(one) == len(other) == 64
    assert one.startswith("Stra_xdf_e_x20_Stra")
    assert "_xx" in one


@settings(deadline=None, max_examples=40)
@given(IDS)
def test_every_id_becomes_one_of_our_grammar(station_id: str) -> None:
    assert NAME.fullmatch(station_name(station_id))
    assert TYPE.fullmatch(type_name(station_id))


@settings(deadline=None, max_examples=40)
@given(IDS)
def test_a_name_can_be_read_back_so_no_two_ids_share_one(station_id: str) -> None:
    name = station_name(station_id)
    if len(name) < 64:
        assert ESCAPE.sub(lambda match: chr(int(match[1], 16)), name) == station_id


@settings(deadline=None, max_examples=40)
@given(st.lists(IDS, unique=True, max_size=20))
def test_no_two_ids_are_alike(ids: list[str]) -> None:
    assert len({station_name(one) for one in ids}) == len(ids)
    assert len({type_name(one) for one in ids}) == len(ids)
