"""Bills and receipts of the OMS's amounts: printed by the shop's template, a line to scan."""

from collections.abc import Callable, Iterator

import pypdfium2
import pytest

from labels.press import render_requested
from tests.floor_site import FloorSite, data, floor_at, refused
from tests.picking_site import refused as rejected
from tests.test_gift_papers import CUP, gift_order, packing
from wms.errors import Code
from wms.papers import documents
from wms.papers.bills import Bill, BillTotal
from wms.schema import documents as documents_table
from wms.schema import orders, print_jobs, shops, stations

BILL = Bill(
    amount=3_300, to="株式会社 森", due_on="2026-12-20", message="お振込みください",
    totals=(BillTotal(label="10%対象", amount=3_300), BillTotal(label="内消費税", amount=300)),
)  # fmt: skip


@pytest.fixture
def site(new_sqlite: Callable[[], str]) -> Iterator[FloorSite]:
    with floor_at(new_sqlite()) as site:
        site.stock_up()
        site.set(stations, stations.c.code == "PACK-1", slip_printer="a4-1")
        shop = shops.c.code == "acme-shop"
        site.set(shops, shop, registration="T1234567890123", sender_name="さくら堂")
        yield site
        site.check()


def test_a_bill_is_printed_by_the_shop_s_template_and_scanned_into_its_box(
    site: FloorSite,
) -> None:
    order = gift_order(site)
    site.set(orders, orders.c.id == order, gift="{}")
    for _ in range(2):
        site.write(
            documents.put_bill, order=order, kind="invoice", code="INV-7", bill=BILL, now=site.now
        )
    hand = packing(site, order)
    refused(hand.scan(CUP), "pack.wrong_paper")
    hand.command("ok")
    (job,) = site.jobs("invoice")
    said = data(job)
    assert (said["amount"], said["registration"]) == (3_300, "T1234567890123")
    assert [line["qty"] for line in said["lines"]] == [1, 1]
    site.write(render_requested, now=site.now, dots_per_mm={})
    (job,) = site.jobs("invoice")
    assert (job.state, job.format, job.reason) == ("ready", "pdf", "")
    (page,) = list(pypdfium2.PdfDocument(bytes(job.payload)))
    text = "".join(page.get_textpage().get_text_bounded().split())
    for words in ("請求書", "株式会社森", "さくら堂", "T1234567890123", "¥3,300", "内消費税"):
        assert words in text, words
    hand.expect("pack.box", "INV-7")
    hand.expect("pack.verify", "BX-S")
    (paper,) = site.rows(documents_table.select())
    assert paper.parcel_id is not None
    assert {one.template for one in site.rows(print_jobs.select())} >= {"packing_slip", "invoice"}


def test_what_no_printer_can_set_is_refused_before_it_is_a_paper(site: FloorSite) -> None:
    order = gift_order(site)
    with rejected(Code.LABEL_GLYPH):
        site.write(
            documents.put_bill, order=order, kind="receipt", code="RC-1", now=site.now,
            bill=Bill(amount=1, purpose="お茶代🍵"),
        )  # fmt: skip
    assert site.rows(documents_table.select()) == []
