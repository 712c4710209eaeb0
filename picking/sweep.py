"""RFID sweep: a reader was carried along a place. Its tags are a count of what is tagged there.

Tags prove what they show, and never that something is missing: a tag may lie behind metal. So a
sweep that agrees is a count, and one that differs asks somebody to look; one that saw too little
with a reader that was away in between says nothing at all.
"""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from picking import count_settle
from picking.count_settle import Settled
from wms.counts import counting as count_book
from wms.counts.rules import Goods, Tally
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.rooms import gaps
from wms.schema import barcodes, items, tag_reads
from wms.site import calendar
from wms.site.epc import gtin_of


def sweep(
    tx: Tx, *, place: str, device: str, since_ms: int, key: str, actor: str, now: int, today: str
) -> Settled:
    """Compare the tags that *device* has read since *since_ms* with the tagged goods at *place*.

    Goods without tags are taken as the book has them. Refuses `COUNT_TAKEN` while a count of the
    place is under way, `COUNT_NOT_HERE`, and `COUNT_BLIND` when something was not seen and the
    reader was away meanwhile.
    """
    if count_book.live_at(tx, place) is not None:
        raise Rejected(Code.COUNT_TAKEN, place=place, name=device)
    seen = _seen(tx, device, since_ms)
    tagged = set(tx.scalars(select(items.c.id).where(items.c.rfid_tagged == 1)))
    book = count_book.book_of(tx, place)
    _refuse_blind(tx, book, seen, tagged, device, since_ms, now)
    believed = {goods: qty for goods, qty in book.items() if goods.item not in tagged}
    count_book.open_all(tx, [place], kind="sweep", key=f"sweep:{key}", reason=device, now=now)
    row = count_book.live_at(tx, place)
    if row is None:
        raise Rejected(Code.COUNT_NOT_HERE, place=place)
    return count_settle.finish(
        tx, count=row.id, round=1, person=None, seen=_tallies(book, seen, tagged), actor=actor,
        key=key, now=now, today=today, believed=believed,
    )  # fmt: skip


def _refuse_blind(
    tx: Tx, book: dict[Goods, int], seen: Counter[int], tagged: set[int], device: str,
    since_ms: int, now: int,
) -> None:  # fmt: skip
    wanted: Counter[int] = Counter()
    for goods, qty in book.items():
        if goods.item in tagged:
            wanted[goods.item] += qty
    away = gaps.of(tx, device, since_ms=since_ms, now=now) if wanted - seen else ()
    if away:
        span = gaps.span(away, calendar.load(tx).zone, since_ms=since_ms)
        raise Rejected(Code.COUNT_BLIND, name=device, span=span)


def _seen(tx: Tx, device: str, since_ms: int) -> Counter[int]:
    """Tags by item, of those whose item is known."""
    query = select(tag_reads.c.epc).where(
        tag_reads.c.device == device, tag_reads.c.last_ms >= since_ms
    )
    gtins = Counter(gtin for epc in tx.scalars(query) if (gtin := gtin_of(epc)) is not None)
    known = select(barcodes.c.code, barcodes.c.item_id).where(barcodes.c.code.in_(gtins))
    found: Counter[int] = Counter()
    for row in tx.execute(known):
        found[row.item_id] += gtins[row.code]
    return found


def _tallies(book: dict[Goods, int], seen: Counter[int], tagged: Iterable[int]) -> list[Tally]:
    """A tag says which item it is on, not of which lot: what agrees as a whole agrees in each."""
    tallies = []
    for item in sorted({*seen, *(goods.item for goods in book)} & set(tagged)):
        here = [(goods, qty) for goods, qty in sorted(book.items()) if goods.item == item]
        left = seen[item]
        for goods, qty in here:
            part = min(qty, left)
            left -= part
            tallies.append(Tally(item, goods.lot, goods.serial, part))
        if left:
            lot = here[-1][0].lot if here else ""
            tallies.append(Tally(item, lot, "", left))
    return [tally for tally in tallies if tally.qty > 0]
