"""Slips as shops choose them, invoices and receipts: rendered, read back, nothing computed."""

from typing import Any

import pytest

from labels.templates import render
from tests.label_samples import (
    INVOICE,
    NAME_WORST,
    RECIPIENT_WORST,
    SENDER,
    SLIP,
    SLIP_LINES,
)
from tests.test_labels_pdf import barcodes, images, squeezed, texts


@pytest.mark.parametrize(
    ("template", "title"),
    [("plain_slip", "納品書"), ("gift_slip", "お届け明細"), ("return_slip", "納品書")],
)
def test_every_page_of_every_slip_carries_the_order(template: str, title: str) -> None:
    pdf = render(template, SLIP)
    assert all(barcodes(image) == [SLIP["order"]] for image in images(pdf))
    assert title in squeezed(pdf)


@pytest.mark.parametrize("template", ["plain_slip", "gift_slip"])
def test_slips_without_prices_have_none_whatever_the_order_says(template: str) -> None:
    text = squeezed(render(template, {**SLIP, "gift": False}))
    assert "¥" not in text
    assert "オーガニック洗顔フォーム" in text


def test_a_gift_is_no_bill_and_says_so() -> None:
    assert "納品書" not in squeezed(render("gift_slip", SLIP))


def test_the_form_for_returns_is_a_page_of_its_own() -> None:
    *slip, form = texts(render("return_slip", SLIP))
    assert len(slip) >= 1
    for words in ("返品・交換申込書", "サイズが合わない", "ご返送先", SENDER["address"], "x 2"):
        assert words in form
    assert "¥" not in form
    long: dict[str, Any] = {**SLIP, "lines": [{"name": NAME_WORST[:80], "qty": 999}] * 60}
    assert "ご返送先" in texts(render("return_slip", long))[-1]


def test_an_invoice_shows_the_amounts_that_it_was_given() -> None:
    pdf = render("invoice", INVOICE)
    text = squeezed(pdf)
    for words in ("請求書", "¥10,461", "10%対象", "¥9,510", "T1234567890123", "A-10023", "12月6日"):
        assert words in text
    assert all(barcodes(image) == ["INV-2026-0012"] for image in images(pdf))


def test_a_receipt_says_what_it_is_for() -> None:
    text = squeezed(render("invoice", {**INVOICE, "kind": "receipt", "purpose": "化粧品代"}))
    for words in ("領収書", "但し化粧品代として", "領収金額"):
        assert words in text


@pytest.mark.parametrize("lines", [0, 1, 13, 14, 15, 16, 60, 200])
def test_an_invoice_of_any_length_ends_on_a_page(lines: int) -> None:
    data = {**INVOICE, "lines": SLIP_LINES[:1] * lines, "to": RECIPIENT_WORST}
    pages = texts(render("invoice", data))
    assert "消費税" in pages[-1]
    assert f"{len(pages)} / {len(pages)}" in pages[-1]
