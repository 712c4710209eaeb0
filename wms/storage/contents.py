"""What put-away and moves look at: what lies in a place, what a place takes, which could do."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, and_, case, exists, func, or_, select

from wms.db import Tx
from wms.schema import (
    allocations,
    items,
    lots,
    order_lines,
    orders,
    pick_faces,
    places,
    stock,
    tasks,
)
from wms.schema.goods import MOVING, STORED
from wms.stock import Key
from wms.storage.putaway import QUARANTINE, SOUND, Goods, Spot

EXPIRED = "expired"
EMPTY_MAX = 40  # empty places that are weighed for one pile of goods
HELD_MAX = 60  # places that hold the same item already
ARRIVING = ("dock",)  # kinds of places where goods wait to be put away


@dataclass(frozen=True, slots=True)
class Line:
    """One balance in a place. `goods.qty` are its free eaches, `promised` those that are not."""

    key: Key
    goods: Goods
    name: str
    picture: str
    promised: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A place or a container that goods are taken from, and all that lies directly in it.

    `inside` counts the containers that stand in it; `stands`: where it stands itself.
    """

    code: str
    kind: str
    stands: str
    lines: tuple[Line, ...]
    inside: int = 0

    @property
    def is_container(self) -> bool:
        return self.kind in MOVING


def holder(tx: Tx, code: str, *, today: str) -> Holder | None:
    """The place *code* and what lies in it. *today* (YYYY-MM-DD) decides what has expired."""
    row = tx.execute(select(places).where(places.c.code == code)).first()
    if row is None:
        return None
    inside = tx.scalar(select(func.count()).where(places.c.parent == code)) or 0
    return Holder(code, row.kind, row.parent or "", lines(tx, [code], today=today), int(inside))


def lines(tx: Tx, codes: Collection[str], *, today: str) -> tuple[Line, ...]:
    """What lies directly in *codes*, by place, SKU, expiry, lot, condition and serial number."""
    query = _balances(today).where(stock.c.place.in_(codes), stock.c.qty > 0)
    order = (stock.c.place, items.c.sku, items.c.id, lots.c.expiry, stock.c.lot)
    rows = tx.execute(query.order_by(*order, stock.c.condition, stock.c.serial))
    return tuple(_line(row) for row in rows)


def goods_of(tx: Tx, key: Key, *, qty: int, today: str) -> Goods:
    """*qty* units of a balance that exists, free or promised, as put-away judges them."""
    row = tx.execute(_balances(today).where(
        stock.c.place == key.place, stock.c.item_id == key.item, stock.c.lot == key.lot,
        stock.c.condition == key.condition, stock.c.serial == key.serial,
    )).one()  # fmt: skip
    return _goods(row, qty)


def loose(tx: Tx) -> tuple[tuple[int, str], ...]:
    """What lies free on docks outside of containers: `(item, dock)`."""
    query = (
        select(stock.c.item_id, stock.c.place)
        .join(places, places.c.code == stock.c.place)
        .where(stock.c.qty > stock.c.allocated, places.c.kind.in_(ARRIVING))
        .distinct()
        .order_by(stock.c.item_id, stock.c.place)
    )
    return tuple((row.item_id, row.place) for row in tx.execute(query))


def all_inside(tx: Tx, code: str, *, today: str) -> tuple[Line, ...]:
    """What is in the container *code*, also in containers that stand in it."""
    inside = _inside([code])
    return lines(tx, list(tx.scalars(select(inside.c.code))), today=today)


def spots(tx: Tx, codes: Collection[str], *, today: str) -> dict[str, Spot]:
    """What put-away must know of *codes*, by code; all that stands there is part of its contents.

    Unknown codes are left out.
    """
    wanted = sorted(set(codes))
    rows = list(tx.execute(select(places).where(places.c.code.in_(wanted))))
    inside = _inside(wanted)
    contents: dict[str, list[Goods]] = defaultdict(list)
    query = _balances(today).add_columns(inside.c.root).join(inside, inside.c.code == stock.c.place)
    for row in tx.execute(query.where(stock.c.qty > 0).order_by(*stock.primary_key.columns)):
        contents[row.root].append(_goods(row, row.qty))
    faces: dict[str, list[tuple[int, int]]] = defaultdict(list)
    chosen = select(pick_faces).where(pick_faces.c.place.in_(wanted)).order_by(pick_faces.c.item_id)
    for row in tx.execute(chosen):
        faces[row.place].append((row.item_id, row.qty_max))
    return {
        row.code: Spot(
            code=row.code, kind=row.kind, storage=row.storage, velocity=row.velocity, mix=row.mix,
            weight_g_max=row.weight_g_max, height_mm_max=row.height_mm_max,
            volume_ml_max=row.volume_ml_max, level=row.level, blocked=row.blocked,
            contents=tuple(contents[row.code]), face_of=tuple(faces[row.code]),
        )
        for row in rows
    }  # fmt: skip


def candidates(
    tx: Tx, goods: Goods, *, today: str, kinds: Collection[str] = STORED
) -> tuple[Spot, ...]:
    """Places that might do for *goods*: its pick faces, where the item lies, empty ones that suit,
    and those for goods that may not be sold. Never thousands, however big the house is."""
    of_kind = places.c.kind.in_(kinds)
    faces = select(pick_faces.c.place).where(pick_faces.c.item_id == goods.item)
    found = set(tx.scalars(faces))
    found |= set(tx.scalars(_where_it_lies(goods.item, of_kind)))
    if goods.condition == SOUND:
        found |= set(tx.scalars(_empty(goods, of_kind)))
    else:
        apart = or_(places.c.blocked == QUARANTINE, places.c.kind == "reserve")
        found |= set(tx.scalars(
            select(places.c.code).where(of_kind, apart)
            .order_by(places.c.blocked.desc(), places.c.code).limit(EMPTY_MAX)
        ))  # fmt: skip
    known = spots(tx, found, today=today)
    return tuple(spot for spot in known.values() if spot.kind in kinds)


def promised_to(tx: Tx, key: Key) -> str:
    """Who was promised units of this balance, as people call it: O0000012, wave 3, replenish A-01.

    "" when nobody was.
    """
    same = and_(*(
        allocations.c[name] == value
        for name, value in zip(("place", "item_id", "lot", "condition", "serial"), key, strict=True)
    ))  # fmt: skip
    row = tx.execute(
        select(allocations.c.wave_id, orders.c.code, tasks.c.kind, tasks.c.place)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .outerjoin(orders, orders.c.id == order_lines.c.order_id)
        .outerjoin(tasks, tasks.c.id == allocations.c.task_id)
        .where(same, allocations.c.state.in_(("open", "picked")))
        .order_by(allocations.c.id)
        .limit(1)
    ).first()
    if row is None:
        return ""
    if row.code is not None:
        return str(row.code)
    return f"{row.kind} {row.place}".strip() if row.kind is not None else f"wave {row.wave_id}"


def to_put_away(tx: Tx) -> list[tuple[str, int, int]]:
    """What waits at the docks: `(place, containers, eaches)`, most eaches first."""
    stands = func.coalesce(places.c.parent, places.c.code)
    dock = places.alias("dock")
    container = case((places.c.parent.is_not(None), places.c.code))
    query = (
        select(
            dock.c.code, func.count(container.distinct()).label("containers"),
            func.sum(stock.c.qty).label("eaches"),
        )
        .join(places, places.c.code == stock.c.place)
        .join(dock, dock.c.code == stands)
        .where(dock.c.kind.in_(ARRIVING), stock.c.qty > 0)
        .where(stock.c.condition == SOUND, stock.c.allocated == 0)
        .group_by(dock.c.code)
        .order_by(func.sum(stock.c.qty).desc(), dock.c.code)
    )  # fmt: skip
    return [(row.code, int(row.containers), int(row.eaches)) for row in tx.execute(query)]


def _where_it_lies(item: int, of_kind: ColumnElement[bool]) -> Select[Any]:
    """Stored places with this item, loose or in a container that stands there."""
    stands = func.coalesce(places.c.parent, places.c.code)
    stored = places.alias("stored")
    return (
        select(stands)
        .select_from(stock.join(places, places.c.code == stock.c.place))
        .join(stored, stored.c.code == stands)
        .where(stock.c.item_id == item, stock.c.qty > 0, stored.c.kind.in_(STORED))
        .distinct()
        .order_by(stands)
        .limit(HELD_MAX)
    )


def _empty(goods: Goods, of_kind: ColumnElement[bool]) -> Select[Any]:
    """Empty open places that suit by storage and height: those of its velocity first, then in
    walking order."""
    tall = or_(places.c.height_mm_max == 0, places.c.height_mm_max >= goods.height_mm)
    inside = places.alias("inside")
    return (
        select(places.c.code)
        .where(of_kind, places.c.blocked == "", tall)
        .where(places.c.storage.in_(("", goods.storage)))
        .where(~exists().where(stock.c.place == places.c.code, stock.c.qty > 0))
        .where(~exists().where(inside.c.parent == places.c.code))
        .where(~exists().where(pick_faces.c.place == places.c.code))
        .order_by(
            case((places.c.velocity == goods.velocity, 0), else_=1), places.c.kind,
            places.c.zone, places.c.aisle, places.c.bay, places.c.level, places.c.code,
        )
        .limit(EMPTY_MAX)
    )  # fmt: skip


def _inside(codes: Sequence[str]) -> CTE:
    """Each of *codes* (`root`) with itself and every container in it, at any depth (`code`)."""
    top = select(places.c.code.label("root"), places.c.code).where(places.c.code.in_(codes))
    inside = top.cte("inside", recursive=True)
    within = select(inside.c.root, places.c.code).join(inside, places.c.parent == inside.c.code)
    return inside.union_all(within)


def _balances(today: str) -> Select[Any]:
    """Balances with all that matters of their goods; what is out of date counts as expired."""
    over = (lots.c.expiry != "") & (lots.c.expiry < today) & (stock.c.condition == SOUND)
    return (
        select(
            stock, lots.c.expiry, items.c.sku, items.c.name, items.c.owner, items.c.picture,
            items.c.storage, items.c.velocity, items.c.weight_g, items.c.height_mm,
            (items.c.length_mm * items.c.width_mm * items.c.height_mm).label("volume_mm3"),
            case((over, EXPIRED), else_=stock.c.condition).label("state"),
        )
        .join(items, items.c.id == stock.c.item_id)
        .join(lots, (lots.c.item_id == stock.c.item_id) & (lots.c.lot == stock.c.lot))
    )  # fmt: skip


def _goods(row: Row[Any], qty: int) -> Goods:
    return Goods(
        item=row.item_id, sku=row.sku, owner=row.owner, qty=qty, lot=row.lot, expiry=row.expiry,
        condition=row.state, storage=row.storage, velocity=row.velocity, weight_g=row.weight_g,
        height_mm=row.height_mm, volume_mm3=row.volume_mm3,
    )  # fmt: skip


def _line(row: Row[Any]) -> Line:
    key = Key(row.place, row.item_id, row.lot, row.condition, row.serial)
    free = row.qty - row.allocated
    return Line(key, _goods(row, free), row.name, row.picture, row.allocated)


def free_lines(found: Iterable[Line]) -> tuple[Line, ...]:
    """Those of which something is free."""
    return tuple(line for line in found if line.goods.qty > 0)
