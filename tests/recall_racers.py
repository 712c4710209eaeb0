"""What racing processes do while a lot is recalled; `tests.racing` starts them together."""

from collections.abc import Sequence
from random import Random

from sqlalchemy import func, select

from picking import recall, shorts, tours
from picking.recall import LotNamed
from picking.release import Settings, release_wave
from picking.waves import Wave
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.schema import allocations, order_lines, places
from wms.shipping import parcels


def recall_or_pick(
    book: Book, number: int, lot: LotNamed, of_racer: Sequence[Sequence[int]],
    walkers: Sequence[int], today: str, now: int,
) -> str:  # fmt: skip
    """The first recalls; the others release their orders, one wave each, and walk for them."""
    if number == 0:
        found = book.write_now(recall.hold, lot, key="race", today=today, now=now)
        return "held" if found.held else "free"
    for order in of_racer[number]:
        wave = Wave("yamato", now, (order,))
        book.write_now(release_wave, wave, settings=Settings(), today=today, now=now)
        walk_on(book, walkers[number], today, now)
    return "walked"


def walk_on(book: Book, person: int, today: str, now: int) -> None:
    """Walk until nothing is left for *person*; what may not be sent is looked for elsewhere."""
    while (tour := book.write_now(tours.claim, person=person, now=now)) is not None:
        while _step(book, tour, person, today, now):
            pass
        book.write_now(
            tours.drop, tour=tour, place="DROP", key=f"drop:{tour}", actor=f"person:{person}",
            now=now, rng=Random(tour),
        )  # fmt: skip


def _step(book: Book, tour: int, person: int, today: str, now: int) -> bool:
    """One stop, or the tote that it needs. False when the walk is over."""
    view = book.read_now(tours.view, tour)
    if view.unbound is not None:
        book.write_now(_bind, tour, view.unbound.slot, person, now)
        return True
    stop = view.current
    if stop is None:
        return False
    key = f"{stop.id}:{stop.allocation}"
    try:
        renewed = book.write_now(
            shorts.renew, stop=stop.id, person=person, key=f"renew:{key}", now=now, today=today
        )  # fmt: skip
        if renewed is None:
            book.write_now(
                tours.pick_stop, stop=stop.id, qty=stop.qty, tote=view.tote_of(stop.slot) or "",
                key=f"pick:{key}", actor=f"person:{person}", now=now, today=today,
            )  # fmt: skip
    except Rejected as refusal:  # it was recalled between two looks
        assert refusal.code in (Code.STOP_UNFIT, Code.STOP_CLOSED, Code.ALLOCATION_CLOSED), refusal
    return True


def _bind(tx: Tx, tour: int, slot: int, person: int, now: int) -> None:
    free = select(func.min(places.c.code)).where(places.c.parent == "TOTES")
    tours.bind_tote(
        tx, tour=tour, slot=slot, tote=str(tx.scalar(free)), person=person, now=now
    )  # fmt: skip


def box(tx: Tx, order: int, now: int) -> int:
    """All that was picked for an order is in one box."""
    mine = select(allocations).join(order_lines, order_lines.c.id == allocations.c.line_id)
    picked = tx.execute(
        mine.where(order_lines.c.order_id == order, allocations.c.state == "picked")
    ).all()
    return parcels.pack(
        tx, order=order, contents=[parcels.Packed(row.id, row.qty) for row in picked],
        station="PACK-1", place="BENCH-1", box="BX-S", weight_g=480, predicted_g=475,
        key=f"box:{order}", actor="person:3", now=now,
    )  # fmt: skip
