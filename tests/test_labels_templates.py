"""Every label at both resolutions, with ordinary and worst data: readable, whole, harmless."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.shipping import Shipping
from labels.templates import TEMPLATES, checked, render
from tests.label_reading import barcodes, collisions, one, prints
from tests.label_samples import (
    HOSTILE,
    INVOICE,
    LABELS,
    MANIFEST,
    RECIPIENT,
    SHIPPING,
    SLIP,
)
from wms.errors import Code, Rejected

DOTS = (8, 12)
# Commands that a label is made of: whatever else a format held would have come from its data.
OURS = {
    "^XA", "^CI", "^PO", "^PM", "^LR", "^FW", "^LH", "^PW", "^LL", "^FO", "^GF", "^GB", "^FS",
    "^FH", "^FD", "^BY", "^BC", "^BK", "^BQ", "^BX", "^XZ",
}  # fmt: skip
SMALL: dict[str, dict[str, Any]] = {
    "shipping": SHIPPING,
    "tote": {"code": "T-0123"},
    "test_page": {"title": "PACK-1"},
    "place": {"code": "A-01", "check_digits": "47"},
    "badge": {"token": "K7Q2M9XW4ZP8RT3VB6NY1CHJ5A", "name": "山田"},
    "command_card": {},
    "item": {"name": "石鹸", "code": "GNB-1"},
    "logistic": {"sscc": "340123450000000123", "title": "入荷"},
    "packing_slip": SLIP,
    "plain_slip": SLIP,
    "gift_slip": SLIP,
    "return_slip": SLIP,
    "invoice": INVOICE,
    "manifest": MANIFEST,
    "pick_list": {
        "tours": [
            {
                "code": "TOUR-1",
                "carrier": "yamato",
                "slots": [{"slot": 1, "order": "O1"}],
                "lines": [{"line": "L1", "place": "A-01", "item": "石鹸", "qty": 2, "slot": 1}],
            }
        ]
    },
    "sheet": {"totes": [{"code": "T-0123"}]},
    "message_card": {"code": "O0000012-C", "message": "お誕生日おめでとう"},
    "noshi": {"code": "O0000012-N", "wording": "御祝", "name": "鈴木"},
}
NAMES = st.text(
    st.sampled_from("山田髙﨑𠮷葛\U000e0100ｶﾞー、（）^~_\\ 　1-2A@\x1b"), min_size=1, max_size=220
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


def refusal(template: str, data: Any, **options: int) -> Rejected:
    """How *data* is refused."""
    with pytest.raises(Rejected) as refused:
        render(template, data, **options)
    return refused.value


def with_recipient(**changes: str) -> dict[str, Any]:
    """The ordinary shipping label with another recipient."""
    return {**SHIPPING, "recipient": {**RECIPIENT, **changes}}


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("sample", LABELS)
def test_every_barcode_is_read_back_and_nothing_collides(sample: str, dots: int) -> None:
    template, data, said = LABELS[sample]
    label = one(render(template, data, dots_per_mm=dots, copy=2))
    assert barcodes(label.image()) == said
    assert {field.text for field in label.fields if field.text} == said
    assert collisions(label) == []


@pytest.mark.parametrize("sample", LABELS)
def test_no_data_becomes_a_command(sample: str) -> None:
    template, data, _ = LABELS[sample]
    zpl = render(template, data).decode("ascii")
    assert set(re.findall(r"\^..", zpl)) <= OURS
    assert zpl.count("^XA") == zpl.count("^XZ") == 1
    assert "~" not in zpl


def test_every_label_has_a_worst_case() -> None:
    tested = {template for template, _, _ in LABELS.values()}
    assert tested == {name for name, found in TEMPLATES.items() if found.format == "zpl"}


@pytest.mark.parametrize("text", [part for part in HOSTILE if part.isascii()])
def test_an_injection_is_printed_as_the_text_it_is(text: str) -> None:
    label = one(render("shipping", {**SHIPPING, "contents": text}))
    assert prints(label, [text])


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize(
    ("field", "value", "lines"),
    [
        ("name", "髙﨑 𠮷太郎", ["髙﨑 𠮷太郎 様"]),
        ("name", "ｶﾞﾗｽ工房 辻󠄀", ["ｶﾞﾗｽ工房 辻 様"]),
        ("name", "神\ufa19福\ufa1b", ["神\ufa19福\ufa1b 様"]),
        ("phone", "090-1234-5678", ["TEL 090-1234-5678"]),
        ("postal", "1600022", ["〒160-0022"]),
        (
            "address",
            "東京都新宿区新宿1丁目2番3号 𠮷野マンション西新宿 1203号室",
            ["東京都新宿区新宿1丁目2番3号", "𠮷野マンション西新宿 1203号室"],
        ),
    ],
)
def test_the_text_on_the_label_is_the_text_that_was_given(
    field: str, value: str, lines: list[str], dots: int
) -> None:
    """Compared dot for dot with the same words drawn by Pillow."""
    label = one(render("shipping", with_recipient(**{field: value}), dots_per_mm=dots))
    assert prints(label, lines)


def test_a_changed_character_is_seen() -> None:
    label = one(render("shipping", with_recipient(name="髙﨑 𠮷太郎")))
    assert not prints(label, ["高﨑 𠮷太郎 様"])
    assert not prints(label, ["髙﨑 吉太郎 様"])


def test_a_removed_variation_selector_is_noted_on_the_label() -> None:
    noted = one(render("shipping", with_recipient(name="葛\U000e0100城")))
    plain = one(render("shipping", with_recipient(name="葛城")))
    note = ["異体字は標準の字形で印字しています"]
    assert prints(noted, note)
    assert not prints(plain, note)
    assert prints(noted, ["葛城 様"])


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_data_gives_the_same_bytes(template: str) -> None:
    assert render(template, SMALL[template]) == render(template, SMALL[template])


@pytest.mark.parametrize("template", TEMPLATES)
def test_unknown_keys_are_refused(template: str) -> None:
    refused = refusal(template, {**SMALL[template], "adress": "typo"})
    assert refused.code == Code.LABEL_DATA
    assert refused.params["field"] == "adress"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tracking": "262492160325"}, "tracking"),  # check digit
        ({"tracking": "26249216032"}, "tracking"),  # eleven digits are Japan Post's
        ({"tracking": "２６２４９２１６０３２４"}, "tracking"),
        ({"carrier": "nobody"}, "carrier"),
        ({"delivery_date": "2025-02-30"}, "delivery_date"),
        ({"delivery_date": "25/11/2025"}, "delivery_date"),
        ({"piece": 3, "pieces": 2}, "piece"),
        ({"piece": 0}, "piece"),
        ({"recipient": {**RECIPIENT, "postal": "160-002"}}, "recipient.postal"),
        ({"recipient": {**RECIPIENT, "postal": ""}}, "recipient.postal"),
        ({"recipient": {**RECIPIENT, "address": ""}}, "recipient.address"),
        ({"recipient": {**RECIPIENT, "name": ""}}, "recipient.name"),
        ({"recipient": {**RECIPIENT, "nmae": "x"}}, "recipient.nmae"),
        ({"handling": ["fragile", "explosive"]}, "handling[1]"),
        ({"sender": None}, "sender"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str) -> None:
    refused = refusal("shipping", {**SHIPPING, **change})
    assert refused.code == Code.LABEL_DATA
    assert refused.params["field"] == field


def test_a_missing_field_is_named() -> None:
    without = {key: value for key, value in SHIPPING.items() if key != "tracking"}
    assert refusal("shipping", without).params["field"] == "tracking"


def test_what_no_font_has_is_refused_with_field_and_character() -> None:
    refused = refusal("shipping", with_recipient(name="山田👍"))
    assert refused.code == Code.LABEL_GLYPH
    assert refused.params == {
        "field": "recipient.name", "character": "👍", "code_point": "U+1F44D"
    }  # fmt: skip


def test_text_that_does_not_fit_is_refused_never_cut() -> None:
    refused = refusal("tote", {"code": "T-1", "note": "長" * 120})
    assert refused.code == Code.LABEL_TOO_LONG
    assert refused.params["field"] == "note"


def test_a_barcode_too_wide_for_its_label_is_refused() -> None:
    refused = refusal("tote", {"code": "W" * 40})
    assert refused.code == Code.LABEL_BARCODE_WIDE
    assert refusal("tote", {"code": "箱-1"}).code == Code.LABEL_BARCODE


def test_an_unknown_template_resolution_or_copy_is_refused() -> None:
    assert refusal("no_such", {}).code == Code.LABEL_TEMPLATE
    assert refusal("tote", {"code": "T"}, dots_per_mm=9).params["field"] == "dots_per_mm"
    assert refusal("tote", {"code": "T"}, copy=0).params["field"] == "copy"


def test_a_copy_says_that_it_is_one() -> None:
    first, second = (one(render("shipping", SHIPPING, copy=number)) for number in (1, 2))
    assert len(second.fields) == len(first.fields) + 1


def test_pieces_are_shown_only_when_there_are_several() -> None:
    assert prints(one(render("shipping", {**SHIPPING, "piece": 2, "pieces": 3})), ["2/3"])
    assert not prints(one(render("shipping", SHIPPING)), ["1/1"])


def test_a_time_slot_code_is_printed_in_words() -> None:
    assert prints(one(render("shipping", SHIPPING)), ["午前中"])
    assert prints(one(render("shipping", {**SHIPPING, "time_slot": ""})), ["指定なし"])


def test_an_employee_number_cannot_get_onto_a_badge() -> None:
    badge = {**SMALL["badge"], "employee_number": "12345"}
    assert refusal("badge", badge).params["field"] == "employee_number"


def test_check_digits_stand_beside_the_place_and_not_in_its_barcode() -> None:
    label = one(render("place", {"code": "A-01-02-03", "check_digits": "47"}))
    assert barcodes(label.image()) == {"A-01-02-03"}


@settings(max_examples=60)
@given(st.sampled_from(sorted(TEMPLATES)), st.data())
def test_hostile_data_gives_paper_or_a_refusal(template: str, data: st.DataObject) -> None:
    """One value anywhere in good data is replaced by anything that JSON can say."""
    good = dict(SMALL[template])
    key = data.draw(st.sampled_from([*sorted(good), "surprise"]))
    good[key] = data.draw(JSON)
    try:
        paper = render(template, good)
    except Rejected as refused:
        assert str(refused.code).startswith("label.")
        said = "".join(str(value) for value in refused.params.values())
        assert not {unicodedata.category(character) for character in said} & {"Cc", "Cf", "Cs"}
    else:
        assert paper.startswith((b"^XA", b"%PDF"))


@settings(max_examples=40)
@given(NAMES, st.sampled_from(["name", "address", "company", "phone"]))
def test_any_recipient_gives_a_label_or_a_refusal(text: str, field: str) -> None:
    try:
        zpl = render("shipping", with_recipient(**{field: text}))
    except Rejected as refused:
        assert refused.params["field"] == f"recipient.{field}"
        return
    label = one(zpl)
    assert {entry.text for entry in label.fields if entry.text} == {"262492160324", "P0000123-1"}
    assert collisions(label) == []


@pytest.mark.parametrize("dots", DOTS)
def test_whatever_an_order_may_say_fits_on_its_label(dots: int) -> None:
    """The longest recipient and purchaser that the intake accepts, all in full-width characters."""
    longest = {
        "name": "髙" * 64,
        "company": "株" * 64,
        "postal": "160-0022",
        "address": "神奈川県" + "町" * 128 + " " + "棟" * 128,
        "phone": "+810000000000000000",
        "honorific": "御中",
    }
    purchaser = {**longest, "company": "", "address": "市" * 128}
    data = {**SHIPPING, "recipient": longest, "sender": purchaser}
    label = one(render("shipping", data, dots_per_mm=dots))
    assert collisions(label) == []


def test_data_is_frozen() -> None:
    label = checked(Shipping, SHIPPING)
    with pytest.raises(AttributeError):
        label.tracking = "0"  # type: ignore[attr-defined]
