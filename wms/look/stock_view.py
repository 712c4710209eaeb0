"""What is in stock, by item, lot and condition: how much, how much promised, how much free."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, case, func, select

from wms.db import Tx
from wms.schema import items, lots, places, stock
from wms.schema.goods import PICKABLE


class StockView(Struct, frozen=True, kw_only=True):
    """Units in eaches. `free` are those that could be promised now.

    That is: available, not promised, of a lot that is not held, in an open bin. Whether a lot
    lasts long enough is for the shop's rule, at allocation.
    """

    owner: str
    sku: str
    name: str
    lot: str
    expiry: str
    condition: str
    qty: int
    allocated: int
    free: int


class StockPage(Struct, frozen=True, kw_only=True):
    """Rows of whole items. `next` is what to ask for as `after`, "" at the end."""

    stock: tuple[StockView, ...]
    next: str


def page(tx: Tx, *, owner: str, sku: str, after: int, limit: int) -> StockPage:
    """Stock of at most *limit* items numbered above *after*, of one *owner* or *sku* if given."""
    wanted = [items.c.id > after]
    if owner:
        wanted.append(items.c.owner == owner)
    if sku:
        wanted.append(items.c.sku == sku)
    held = select(stock.c.item_id).where(stock.c.item_id == items.c.id, stock.c.qty > 0)
    chosen = select(items.c.id).where(*wanted, held.exists()).order_by(items.c.id).limit(limit)
    numbers = list(tx.execute(chosen).scalars())
    if not numbers:
        return StockPage(stock=(), next="")
    rows = tx.execute(_rows([*wanted, items.c.id <= numbers[-1]]))
    return StockPage(
        stock=tuple(StockView(**row._mapping) for row in rows),
        next=str(numbers[-1]) if len(numbers) == limit else "",
    )


def _rows(wanted: Sequence[ColumnElement[bool]]) -> Select[Any]:
    open_bin = places.c.kind.in_(PICKABLE) & (places.c.blocked == "")
    sellable = open_bin & (stock.c.condition == "available") & (lots.c.held == 0)
    free = case((sellable, stock.c.qty - stock.c.allocated), else_=0)
    key = (
        items.c.id, items.c.owner, items.c.sku, items.c.name, stock.c.lot, lots.c.expiry,
        stock.c.condition,
    )  # fmt: skip
    return (
        select(
            *key[1:], func.sum(stock.c.qty).label("qty"),
            func.sum(stock.c.allocated).label("allocated"), func.sum(free).label("free"),
        )
        .join(stock, stock.c.item_id == items.c.id)
        .join(lots, (lots.c.item_id == stock.c.item_id) & (lots.c.lot == stock.c.lot))
        .join(places, places.c.code == stock.c.place)
        .where(*wanted, stock.c.qty > 0)
        .group_by(*key)
        .order_by(items.c.id, stock.c.lot, stock.c.condition)
    )  # fmt: skip
