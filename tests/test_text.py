"""Text from outside: what steers a terminal, hides or cannot be kept never gets into the book."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import FOR_TERMINALS as HOSTILE
from wms.errors import Code, Rejected
from wms.text import REPLACEMENT, clean, code, compose, shown

STEERING = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_loses_its_power(text: str) -> None:
    kept = clean(text, field="notes", max=100)
    assert not STEERING & set(kept)
    assert REPLACEMENT in kept


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_code_with_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(Rejected) as refused:
        code(text, field="sku", max=100)
    assert refused.value.code == Code.TEXT_UNSEEN
    assert refused.value.params["field"] == "sku"


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")))
def test_clean_text_is_clean_already(text: str) -> None:
    once = clean(text, field="x", max=10_000)
    assert clean(once, field="x", max=10_000) == once
    assert not STEERING & set(once)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in once)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\x00b", Code.TEXT_NUL), ("\ud800", Code.TEXT_SURROGATE), ("x" * 11, Code.TEXT_TOO_LONG)],
)
def test_what_cannot_be_kept_is_refused(text: str, expected: Code) -> None:
    with pytest.raises(Rejected) as refused:
        clean(text, field="notes", max=10)
    assert refused.value.code == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", Code.TEXT_EMPTY), (" A", Code.TEXT_SPACES), ("A\u3000", Code.TEXT_SPACES),
     ("A\n", Code.TEXT_UNSEEN), ("A" * 9, Code.TEXT_TOO_LONG)],
)  # fmt: skip
def test_a_code_is_what_it_seems_or_is_refused(text: str, expected: Code) -> None:
    with pytest.raises(Rejected) as refused:
        code(text, field="sku", max=8)
    assert refused.value.code == expected


def test_a_pasted_address_of_several_lines_becomes_one() -> None:
    assert clean("千代田区\r\n 丸の内\t1-9-1 ", field="address", max=50) == "千代田区 丸の内 1-9-1"


def test_the_characters_of_a_family_name_are_not_replaced() -> None:
    for name in ("髙橋", "山﨑", "神\ufa19", "𠮷野", "葛\U000e0100城", "👨"):
        assert clean(name, field="name", max=10) == name
    assert compose("か\u3099\ufa19") == "が\ufa19"


def test_a_repeated_value_is_short_and_harmless() -> None:
    assert len(shown("あ" * 1_000)) == 40
    assert shown("\x1b\ud800") == REPLACEMENT * 2
