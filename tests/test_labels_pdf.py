"""Slips and manifests as PDF: what the page shows, what a scanner reads, what can be copied out."""

from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFont

from labels.glyphs import FONT_FOLDER, Face
from labels.templates import render
from tests.label_samples import (
    HOSTILE,
    MANIFEST,
    NAME_WORST,
    PARCELS,
    RECIPIENT,
    RECIPIENT_WORST,
    SLIP,
    SLIP_LINES,
    TOKEN,
)
from wms.errors import Code, Rejected

SCALE = 3  # 216 dpi

WORST_SLIP = {
    **SLIP,
    "sender": {**RECIPIENT_WORST, "honorific": ""},
    "recipient": RECIPIENT_WORST,
    "logo": "ロゴ" * 20,
    "contact": "https://example.com/" + "x" * 80,
    "registration": "T1234567890123",
    "external_order": "W" * 60,
    "tote": "T-" + "W" * 28,
    "order": "O" + "9" * 20,
    "message": "長い文章です。" * 100,
    "lines": [
        {"name": f"{n}番 " + "長い商品名" * 40 + NAME_WORST, "qty": n, "sku": "S" * 60,
         "note": HOSTILE[n % 5], "unit_price": 10**9, "amount": 10**10}
        for n in range(1, 13)
    ],
    "totals": [{"label": "消費税 (10% 対象 9,510円)", "amount": -(10**11)}] * 12,
}  # fmt: skip


def texts(pdf: bytes) -> list[str]:
    """The text of each page, as a reader copies it."""
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]


def images(pdf: bytes) -> list[Image.Image]:
    """Each page as a picture."""
    return [page.render(scale=SCALE).to_pil() for page in pypdfium2.PdfDocument(pdf)]


def squeezed(pdf: bytes) -> str:
    """The text of all pages without line breaks and spaces."""
    return "".join("".join(text.split()) for text in texts(pdf))


def barcodes(image: Image.Image) -> list[str]:
    """What zxing-cpp reads on a page."""
    return [result.bytes.decode() for result in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("data", [SLIP, WORST_SLIP, {**WORST_SLIP, "gift": True}])
def test_every_page_of_a_slip_carries_the_order_and_its_number(data: dict[str, Any]) -> None:
    pdf = render("packing_slip", data)
    assert all(barcodes(image) == [data["order"]] for image in images(pdf))
    seen = texts(pdf)
    for number, text in enumerate(seen, start=1):
        assert f"{number} / {len(seen)}" in text


def test_a_slip_names_what_is_in_the_box_for_whom_and_from_whom() -> None:
    text = squeezed(render("packing_slip", SLIP))
    for words in ("納品書", "髙﨑𠮷太郎様", "〒160-0022", "現場化粧品", "𠮷野タオル", "のし:御祝"):
        assert words in text
    for words in ("¥1,980", "-¥500", "¥10,461", "T-0123", "またのご利用を"):
        assert words in text


def test_long_names_wrap_and_lose_no_character() -> None:
    text = squeezed(render("packing_slip", WORST_SLIP))
    printed = NAME_WORST.replace("\U000e0100", "")
    for line in range(1, 13):
        assert f"{line}番" + "長い商品名" * 40 + printed in text.replace("S" * 19, "")
    assert "長い文章です。" * 100 in text
    assert "異体字は標準の字形で印字しています" in text


def test_a_gift_shows_no_price_whatever_the_data_says() -> None:
    text = squeezed(render("packing_slip", {**SLIP, "gift": True}))
    assert "¥" not in text
    assert "1,980" not in text
    assert "合計" not in text
    assert "オーガニック洗顔フォーム" in text


def test_amounts_are_printed_as_given_even_when_they_do_not_add_up() -> None:
    odd = {**SLIP_LINES[0], "qty": 2, "unit_price": 100, "amount": 999}
    text = squeezed(render("packing_slip", {**SLIP, "lines": [odd], "totals": []}))
    assert "¥999" in text
    assert "¥200" not in text


def test_a_hostile_name_is_text_and_a_line_feed_in_it_is_shown() -> None:
    lines = [{"name": f"{words}\n次", "qty": 1} for words in HOSTILE]
    text = squeezed(render("packing_slip", {**SLIP, "lines": lines}))
    assert "^XZ^XA^FO0,0^GB800,1200,600^FS〓次" in text
    assert "山〓[31m〓田" in text


def test_a_slip_without_glyphs_or_room_is_refused() -> None:
    bad = {**SLIP, "lines": [{"name": "👍", "qty": 1}]}
    with pytest.raises(Rejected) as refused:
        render("packing_slip", bad)
    assert refused.value.code == Code.LABEL_GLYPH
    assert refused.value.params["field"] == "lines.name"
    with pytest.raises(Rejected) as refused:
        render("packing_slip", {**SLIP, "message": "\n" * 200})
    assert refused.value.code == Code.LABEL_TOO_LONG


def test_a_slip_speaks_english_to_those_who_read_it() -> None:
    text = squeezed(render("packing_slip", {**SLIP, "language": "en"}))
    assert "Packingslip" in text
    assert "納品書" not in text


@pytest.mark.parametrize("character", ["𠮷", "髙", "﨑"])
def test_the_glyph_on_the_page_is_the_font_s_own(character: str) -> None:
    """The recipient's name is found on the page, and looks like itself more than its likes."""
    recipient = {**RECIPIENT, "honorific": ""}
    named, blank = (
        images(render("packing_slip", {**SLIP, "recipient": {**recipient, "name": name}}))[0]
        for name in (character, "\u3000")
    )
    found = ImageChops.difference(named, blank).convert("L")
    found = found.crop(found.getbbox())
    alike = {name: likeness(found, name) for name in character + "吉高崎土大"}
    assert max(alike, key=lambda name: alike[name]) == character


def test_characters_of_two_fonts_stand_side_by_side() -> None:
    recipient = {**RECIPIENT, "honorific": ""}
    named, blank = (
        images(render("packing_slip", {**SLIP, "recipient": {**recipient, "name": name}}))[0]
        for name in ("田𠮷田𠮷", "\u3000")
    )
    box = ImageChops.difference(named, blank).getbbox()
    assert box is not None
    em = 15 * SCALE  # the name's size in dots
    assert 3.7 * em < box[2] - box[0] < 4 * em


@pytest.mark.parametrize(
    ("template", "data"),
    [("packing_slip", SLIP), ("packing_slip", WORST_SLIP), ("manifest", MANIFEST)],
)
def test_no_line_of_text_lies_on_another(template: str, data: dict[str, Any]) -> None:
    for page in pypdfium2.PdfDocument(render(template, data)):
        text = page.get_textpage()
        boxes = sorted(text.get_rect(number) for number in range(text.count_rects()))
        assert boxes
        for at, (left, bottom, right, top) in enumerate(boxes):
            assert left >= 0
            assert right <= page.get_width()
            for other in boxes[at + 1 :]:
                across = min(right, other[2]) - max(left, other[0])
                down = min(top, other[3]) - max(bottom, other[1])
                assert min(across, down) < 1.5, "points"


def likeness(found: Image.Image, character: str) -> float:
    """How much of *found* (white on black) is the shape of *character*, 0 to 1, in one size."""
    face = Face.NOTO_SANS_JP if character == "𠮷" else Face.BIZ_UD_GOTHIC
    paper = Image.new("L", (200, 200))
    font = ImageFont.truetype(str(FONT_FOLDER / face), 120)
    ImageDraw.Draw(paper).text((20, 20), character, fill=255, font=font)
    drawn = paper.crop(paper.getbbox()).resize((60, 60))
    difference = ImageChops.difference(found.resize((60, 60)), drawn)
    return 1 - sum(level * count for level, count in enumerate(difference.histogram())) / 918_000


def test_fonts_are_embedded_and_nothing_else_is_asked_of_the_printer() -> None:
    pdf = render("packing_slip", SLIP)
    assert b"/FontFile2" in pdf
    assert b"+BIZUDGothic" in pdf.replace(b" ", b"")
    assert b"HeiseiKakuGo" not in pdf


def test_a_manifest_lists_and_counts_every_parcel() -> None:
    pdf = render("manifest", MANIFEST)
    text = squeezed(pdf)
    assert len(texts(pdf)) > 1
    assert all(barcodes(image) == ["M0000012"] for image in images(pdf))
    for number in range(70):
        assert f"P{number:07d}-1" in text
    for words in ("佐川急便", "11月25日(火)17:00", "引渡個数70個", "積み残し2個", "C-0:24個",
                  "受領印", "6000-8221-6624", "髙橋花子"):  # fmt: skip
        assert words in text


def test_the_signature_stays_on_a_page_of_its_own_rather_than_run_off() -> None:
    for count in range(30, 41):
        data = {**MANIFEST, "parcels": PARCELS[:count]}
        assert "受領印" in texts(render("manifest", data))[-1]


def test_an_empty_manifest_is_still_a_page() -> None:
    (only,) = texts(render("manifest", {**MANIFEST, "parcels": []}))
    assert "引渡個数 0 個" in only


def test_a_copy_says_that_it_is_one() -> None:
    for template, data in (("packing_slip", SLIP), ("manifest", MANIFEST)):
        assert "COPY3" in squeezed(render(template, data, copy=3))
        assert "COPY" not in squeezed(render(template, data))


def test_a_sheet_holds_the_labels_themselves_in_order() -> None:
    data = {
        "places": [{"code": f"A-01-{n:02d}", "check_digits": f"{n:02d}"} for n in range(12)],
        "badges": [{"token": TOKEN, "name": "髙橋 花子"}] * 2,
        "items": [{"name": "石鹸", "gtin": "4901234567894", "lot": "L1"}],
        "command_cards": [{}],
    }
    read = [barcodes(image) for image in images(render("sheet", data))]
    assert [len(page) for page in read] == [10, 2, 2, 1, 12]
    assert set(read[0] + read[1]) == {f"A-01-{n:02d}" for n in range(12)}
    assert read[3] == ["010490123456789410L1"]
    assert "CMD:sign_off" in read[4]
