"""The owner signs a stocktake: what two people have found is booked, place by place."""

from picking import count_settle
from wms.counts import counting as count_book
from wms.counts import stocktakes
from wms.counts.stocktakes import Stocktake
from wms.db import Tx
from wms.errors import Code, Rejected


def sign(
    tx: Tx, code: str, *, by: str, actor: str, key: str, now: int, today: str
) -> tuple[Stocktake, tuple[str, ...]]:
    """Book all differences and open the places. Returns the stocktake as it is now, and the codes
    of orders that lack goods.

    All of it or nothing. Refuses what `stocktakes.to_settle` refuses, and `COUNT_MOVED` where goods
    left a frozen place after it was counted: that place has to be counted again
    (`stocktakes.recount`).
    """
    differing, _agreed = stocktakes.to_settle(tx, code, by=by)
    stocktakes.thaw(tx, code)  # who loses goods in one place may find them in another
    told: list[str] = []
    for count in differing:
        ended = count_settle.settle(
            tx, count=count, actor=actor, key=f"{key}:{count}", now=now, today=today
        )
        if ended.ending != "settled":
            raise Rejected(Code.COUNT_MOVED, place=count_book.read(tx, count).place)
        told += ended.orders
    stocktakes.signed(tx, code, by=by, now=now)
    return stocktakes.show(tx, code), tuple(dict.fromkeys(told))
