"""Goods and containers find their place: put away, moved, and put back, under one rule.

Whoever puts something down locks the place first and judges it again
(`wms.storage.putaway.refusals`), so that two people who were shown the same free room do not both
fill it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, exists, or_, select, update

from wms import stock as ledger
from wms.counts import frozen
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.promises import allocation
from wms.schema import moves, parcels, places, stock, tour_totes, tours
from wms.schema.goods import MOVING
from wms.stock import Key, Move
from wms.storage.contents import Line, all_inside, lines, promised_to, spots
from wms.storage.putaway import SOFT, Goods, Refusal, refusals

PUT_AWAY, MOVE, REPLENISH = "putaway", "move", "replenish"
OVERRIDE = ".override"  # ends the reason of a move to another place than was proposed
UNDONE = tuple(name + end for name in (PUT_AWAY, MOVE) for end in ("", OVERRIDE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why goods move, for the ledger. `proposed`: the place that was proposed, "" = none was.

    `by_lead`: the lead decides that they fit there, whatever the measures say.
    """

    verb: str
    proposed: str = ""
    by_lead: bool = False


def check(
    tx: Tx, *, load: Sequence[Goods], to: str, today: str, as_container: bool = False,
    by_lead: bool = False, lock: bool = False, sources: Collection[str] = (),
) -> bool:  # fmt: skip
    """Refuse the gravest reason why *load* may not be put at *to*, or where that container stands.

    With *lock* nobody else puts anything there before this transaction ends. *by_lead* passes over
    what the lead may decide (`wms.storage.putaway.SOFT`); returns whether anything was. What comes
    from *sources* that stand in the same place weighs on it already. Refuses `PLACE_FROZEN`.
    """
    if lock:
        here = select(places.c.code).where(places.c.code == to)
        tx.execute(here.with_for_update(key_share=True))
    frozen.refuse(tx, [to])
    spot = spots(tx, [to], today=today).get(to)
    if spot is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="place", value=to)
    if spot.kind in MOVING:
        refuse_in_use(tx, to)
        stand = _stand(tx, to)
        if not stand or any(_stand(tx, source) == stand for source in sources):
            return False
        return check(
            tx, load=load, to=stand, today=today, as_container=True, by_lead=by_lead, lock=lock
        )
    found = refusals(load, spot, as_container=as_container)
    grave = [one for one in found if not (by_lead and one.code in SOFT)]
    if grave:
        raise _refused(grave[0], to)
    return bool(found)


def _stand(tx: Tx, code: str) -> str:
    """The place in which a container stands, however deep; of a place itself; "" if nowhere."""
    row = tx.execute(select(places.c.kind, places.c.parent).where(places.c.code == code)).one()
    if row.kind not in MOVING:
        return code
    return _stand(tx, row.parent) if row.parent is not None else ""


def carry(
    tx: Tx, *, takes: Mapping[Key, int], to: str, why: Why, key: str, actor: str, now: int,
    today: str,
) -> int:  # fmt: skip
    """Move free units (eaches by balance) to *to*. Returns how many eaches.

    Refuses `GOODS_THERE` (it lies there already), `GOODS_PROMISED` (and to whom), `STOCK_SHORT`,
    `PLACE_FROZEN`, and whatever `check` refuses.
    """
    assert takes, "nothing is no move"
    if any(source.place == to for source in takes):
        raise Rejected(Code.GOODS_THERE, place=to)
    found = {
        line.key: line for line in lines(tx, sorted({one.place for one in takes}), today=today)
    }
    load = [_some(tx, found, source, qty) for source, qty in takes.items()]
    frozen.refuse(tx, {source.place for source in takes})
    passed_over = check(
        tx, load=load, to=to, today=today, by_lead=why.by_lead, lock=True,
        sources=sorted({source.place for source in takes}),
    )  # fmt: skip
    overrides = why.proposed not in ("", to) or passed_over
    ledger.post(tx, [
        Move(
            key=f"{key}:{n}", item=source.item, qty=qty, source=source.place, target=to,
            lot=source.lot, condition=source.condition, serial=source.serial,
            reason=why.verb + (OVERRIDE if overrides else ""),
            ref=f"proposed:{why.proposed}" if overrides and why.proposed else "",
        )
        for n, (source, qty) in enumerate(takes.items(), start=1)
    ], actor=actor, now=now)  # fmt: skip
    return sum(takes.values())


def carry_container(
    tx: Tx, *, container: str, to: str, why: Why, key: str, actor: str, now: int, today: str
) -> int:
    """Move *container* with all that is in it, as one line of the ledger. Returns its eaches.

    Refuses `CONTAINER_IN_USE` (a tote on a walk, somebody's parcel), `GOODS_PROMISED` while any of
    its contents is, `CONTAINER_INSIDE`, `PLACE_FROZEN` (but an empty one may go), and whatever
    `check` refuses.
    """
    row = _container(tx, container)
    inside = all_inside(tx, container, today=today)
    _refuse_promised(tx, inside)
    load = [line.goods for line in inside]
    if load:
        frozen.refuse(tx, {container, *(line.key.place for line in inside)})
    passed_over = check(
        tx, load=load, to=to, today=today, as_container=True, by_lead=why.by_lead, lock=True,
        sources=[container],
    )  # fmt: skip
    overrides = why.proposed not in ("", to) or passed_over
    if row.parent is None:  # it stood nowhere: nothing to tell the ledger
        here = (places.c.code == container) & places.c.parent.is_(None)
        tx.execute(update(places).where(here).values(parent=to))
    elif row.parent != to:
        ledger.relocate(
            tx, key=f"{key}:1", container=container, source=row.parent, target=to, actor=actor,
            now=now, reason=why.verb + (OVERRIDE if overrides else ""),
            ref=f"proposed:{why.proposed}" if overrides and why.proposed else "",
        )  # fmt: skip
    return sum(goods.qty for goods in load)


def last_verb(tx: Tx, actor: str) -> str:
    """Why *actor* moved something last; "" when nothing was moved yet."""
    mine = select(moves.c.reason).where(moves.c.actor == actor)
    return tx.scalar(mine.order_by(moves.c.id.desc()).limit(1)) or ""


def undo(tx: Tx, *, key: str, actor: str, now: int) -> bool:
    """Take back what *actor* put away or moved last, all of it. False if that was something else.

    Refuses `UNDO_TOO_LATE` when the goods are not free there any more, and `PLACE_FROZEN`.
    """
    mine = select(moves).where(moves.c.actor == actor).order_by(moves.c.id.desc())
    last = tx.execute(mine.limit(1)).first()
    if last is None or last.reason not in UNDONE:
        return False
    root = last.key.rpartition(":")[0] + ":"
    same = moves.c.key.startswith(root, autoescape=True)
    rows = tx.execute(mine.where(same, moves.c.reason.in_(UNDONE))).all()
    frozen.refuse(tx, [code for row in rows for code in (row.source, row.target)])
    try:
        _take_back(tx, rows, key, actor, now)
    except Rejected as refusal:
        if refusal.code in (Code.STOCK_SHORT, Code.CONTAINER_ELSEWHERE):
            raise Rejected(Code.UNDO_TOO_LATE) from refusal
        raise
    return True


def _take_back(tx: Tx, rows: Sequence[Row[Any]], key: str, actor: str, now: int) -> None:
    goods = [row for row in rows if row.container is None]
    ledger.post(tx, [
        Move(
            key=f"{key}:undo:{row.id}", item=row.item_id, qty=row.qty, source=row.target,
            target=row.source, lot=row.lot, condition=row.condition, serial=row.serial,
            reason="undo", ref=f"move:{row.id}",
        )
        for row in goods
    ], actor=actor, now=now)  # fmt: skip
    for row in rows:  # a worker moves one container at a time
        if row.container is not None:
            ledger.relocate(
                tx, key=f"{key}:undo:{row.id}", container=row.container, source=row.target,
                target=row.source, actor=actor, now=now, reason="undo", ref=f"move:{row.id}",
            )  # fmt: skip


def _some(tx: Tx, found: Mapping[Key, Line], source: Key, qty: int) -> Goods:
    """So many units of a balance; refuses what is promised or not there."""
    line = found.get(source)
    if line is None or qty > line.goods.qty:
        if line is not None and line.promised and qty <= line.goods.qty + line.promised:
            raise _promised(tx, line)
        sku = line.goods.sku if line is not None else str(source.item)
        raise Rejected(Code.STOCK_SHORT, place=source.place, item=sku, qty=qty, kind="free")
    return replace(line.goods, qty=qty)


def refuse_promised(tx: Tx, key: Key, *, today: str) -> None:
    """Refuses `GOODS_PROMISED`, and says to whom, if any of this balance is promised."""
    here = lines(tx, [key.place], today=today)
    _refuse_promised(tx, [line for line in here if line.key == key])


def _promised(tx: Tx, line: Line) -> Rejected:
    return Rejected(
        Code.GOODS_PROMISED, place=line.key.place, item=line.goods.sku, qty=line.promised,
        holder=promised_to(tx, line.key) or "?", expected=str(line.goods.qty),
    )  # fmt: skip


def _refuse_promised(tx: Tx, inside: Sequence[Line]) -> None:
    held = next((line for line in inside if line.promised), None)
    if held is not None:
        raise _promised(tx, held)


def _refused(one: Refusal, place: str) -> Rejected:
    return Rejected(one.code, place=place, expected=one.expected, scanned=one.scanned)


def _container(tx: Tx, code: str) -> Row[Any]:
    """The container's row, locked. Refuses `TOTE_UNKNOWN` and `CONTAINER_IN_USE`."""
    query = select(places).where(places.c.code == code, places.c.kind.in_(MOVING))
    row = tx.execute(query.with_for_update(key_share=True)).first()
    if row is None:
        raise Rejected(Code.TOTE_UNKNOWN, tote=code)
    refuse_in_use(tx, code)
    return row


def refuse_in_use(tx: Tx, code: str) -> None:
    """Refuses `CONTAINER_IN_USE`: a tote that a picker walks with, a box that is a parcel, and what
    holds promised goods. A place that stands still is never in use."""
    walking = (
        exists()
        .where(tour_totes.c.tote == code, tours.c.id == tour_totes.c.tour_id)
        .where(tours.c.state.in_(("open", "claimed")))
    )
    parcel = exists().where(parcels.c.code == code)
    promised = exists().where(
        stock.c.place == places.c.code,
        stock.c.allocated > 0,
        places.c.code == code,
        places.c.kind.in_(MOVING),
    )
    in_use, held = tx.execute(select(or_(walking, parcel), promised)).one()
    if held:
        query = select(stock).where(stock.c.place == code, stock.c.allocated > 0).limit(1)
        key = allocation.key_of(tx.execute(query).one())
        raise Rejected(Code.CONTAINER_IN_USE, container=code, holder=promised_to(tx, key) or "?")
    if in_use:
        raise Rejected(Code.CONTAINER_IN_USE, container=code, holder="-")
