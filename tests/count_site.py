"""What tests of counting on the real floor share: who counts, and what the book then says."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select

from tests.floor_site import JAN, LEA, PIN, FloorSite, Hand, floor_at
from tests.picking_site import ANNA, BERT
from wms.schema import (
    counts,
    items,
    moves,
    people,
    places,
    stock,
)

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@contextmanager
def counting_floor(url: str) -> Iterator[FloorSite]:
    """The floor with goods, where Anna and Bert count and Lea may say yes; clean at the end."""
    with floor_at(url) as site:
        site.stock_up()
        for person, rights in (
            (ANNA, '["pick", "count"]'), (BERT, '["count"]'),
            (LEA, '["lead", "count", "approve_count"]'),
        ):  # fmt: skip
            site.set(people, people.c.id == person, permissions=rights)
        yield site
        site.check()


def counting(site: FloorSite, place: str = "A-01", person: int = BERT) -> Hand:
    terminal = {ANNA: "HT-01", BERT: "HT-02", LEA: "LEAD-1"}[person]
    hand = site.at(terminal)
    hand.sign_in(person)
    if hand.prompt.step == "pin":
        hand.key(PIN)
    hand.command("count")
    if place:
        hand.expect("count.item", place)
    return hand


def count(hand: Hand, *texts: str) -> str:
    """Scan *texts* (digits are keyed), say that was all; the step after it."""
    for text in texts:
        answer = hand.key(text) if text.isdigit() and len(text) < 5 else hand.scan(text)
        assert answer.fate == "applied", answer.prompt.message
    return hand.command("full").prompt.step


def said(hand: Hand) -> str:
    message = hand.prompt.message
    return message.code if message is not None else ""


def here(site: FloorSite, place: str = "A-01") -> dict[str, int]:
    query = (
        select(items.c.sku, func.sum(stock.c.qty).label("qty"))
        .join(items, items.c.id == stock.c.item_id)
        .where(stock.c.place == place, stock.c.qty > 0)
        .group_by(items.c.sku)
    )
    return {row.sku: int(row.qty) for row in site.rows(query)}


def place(site: FloorSite, code: str = "A-01") -> Any:
    return site.rows(select(places).where(places.c.code == code))[0]


def last(site: FloorSite) -> Any:
    return site.rows(select(counts).order_by(counts.c.id.desc()))[0]


def adjusted(site: FloorSite) -> list[Any]:
    return site.rows(select(moves).where(moves.c.reason == "count").order_by(moves.c.id))
