"""Message cards and のし: printed by the shop's template, scanned as lines, no dead end."""

from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from labels.press import render_requested
from labels.templates import render
from picking import tours
from tests.floor_site import CAROL, JAN, FloorSite, Hand, data, floor_at
from tests.picking_site import ANNA, SOMEONE
from tests.picking_site import refused as rejected
from wms.errors import Code
from wms.orders import lifecycle
from wms.orders.new import Gift, NewLine, NewOrder
from wms.schema import print_jobs, shops, stations

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@pytest.fixture
def site(new_sqlite: Callable[[], str]) -> Iterator[FloorSite]:
    with floor_at(new_sqlite()) as site:
        site.stock_up()
        site.set(stations, stations.c.code == "PACK-1", slip_printer="a4-1")
        site.set(shops, shops.c.code == "acme-shop", card="framed", noshi="drawn")
        yield site
        site.check()


def gift_order(site: FloorSite, **gift: Any) -> int:
    """A tea and a cup, given away."""
    wanted = NewOrder(
        owner="acme", shop="acme-shop", external_id=site.key("gift"), service="yamato",
        recipient=SOMEONE, gift=Gift(**gift),
        lines=(NewLine(sku="TEA", qty=1), NewLine(sku="CUP", qty=1)),
    )  # fmt: skip
    return site.write(lifecycle.accept, wanted, now=site.now).order_id


def packing(site: FloorSite, order: int) -> Hand:
    """Its goods were scanned at the bench; its papers are left."""
    site.release([order])
    tour = site.write(tours.claim, person=ANNA, now=site.now)
    assert tour is not None
    site.claim()
    site.walk(tour)
    (slot,) = site.view(tour).slots
    site.drop(tour, "BENCH-1")
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    hand.expect("pack.item", str(slot.tote))
    hand.expect("pack.item", TEA)
    hand.expect("pack.paper", CUP)
    return hand


def test_a_card_and_a_noshi_are_lines_to_scan(site: FloorSite) -> None:
    order = gift_order(
        site, message="ご結婚おめでとう", noshi="御祝", noshi_name="鈴木 花", sender_name="鈴木 花"
    )
    hand = packing(site, order)
    assert hand.prompt.focus.item == "Message card"
    (card,), (noshi,) = site.jobs("message_card"), site.jobs("noshi")
    assert (data(card)["message"], data(card)["framed"]) == ("ご結婚おめでとう", True)
    assert (data(noshi)["wording"], data(noshi)["name"]) == ("御祝", "鈴木 花")
    site.write(render_requested, now=site.now, dots_per_mm={})
    assert {job.state for job in (*site.jobs("message_card"), *site.jobs("noshi"))} == {"ready"}
    hand.expect("pack.paper", f"O{order:07d}-C")
    hand.expect("pack.box", f"O{order:07d}-N")
    hand.expect("pack.verify", "BX-S")


def test_a_card_that_no_printer_can_print_is_written_by_hand(site: FloorSite) -> None:
    with rejected(Code.LABEL_GLYPH):
        gift_order(site, message="おめでとう🎂")
    order = gift_order(site, message="おめでとう\u10348")
    hand = packing(site, order)
    assert hand.key("1").fate == "refused", "it may still come"
    hand.command("ok")
    site.write(render_requested, now=site.now, dots_per_mm={})
    assert [job.state for job in site.jobs("message_card")] == ["failed"]
    assert any("U+1034" in line for line in hand.prompt.lines), hand.prompt.lines
    hand.expect("pack.box", "1", "key")
    hand.expect("pack.verify", "BX-S")


def test_a_shop_without_templates_shows_the_wishes_on_the_screen(site: FloorSite) -> None:
    site.set(shops, shops.c.code == "acme-shop", card="", noshi="")
    order = gift_order(site, message="🎂", noshi="内祝")
    site.release([order])
    assert site.rows(print_jobs.select()) == []


def test_what_is_on_the_papers_is_what_was_given() -> None:
    card = render("message_card", {
        "code": "O0000012-C", "message": "お誕生日おめでとう\nまた会いましょう", "to": "髙橋 一郎",
        "sender": "鈴木 花", "framed": True,
    })  # fmt: skip
    noshi = {"code": "O0000012-N", "wording": "御結婚御祝", "name": "鈴木", "drawn": True}
    for pdf, words in (
        (card, ("お誕生日おめでとう", "髙橋一郎様", "鈴木花より")),
        (render("noshi", noshi), ("御結婚御祝", "鈴木")),
    ):
        (page,) = list(pypdfium2.PdfDocument(pdf))
        text = "".join(page.get_textpage().get_text_bounded().split())
        assert all(word in text for word in words), text
        found = zxingcpp.read_barcodes(page.render(scale=3).to_pil())
        assert [one.text[:8] for one in found] == ["O0000012"]
    with rejected(Code.LABEL_TOO_LONG):
        render("noshi", {**noshi, "wording": "祝" * 64})
