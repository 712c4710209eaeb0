"""Where goods should be put away: every place judged, the best first. Pure: facts in, reasons out.

`refusals` is the one rule of what may lie where; whatever `propose` names, it does not refuse.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wms.errors import Code

PICK_BIN, RESERVE = "bin", "reserve"
STANDING = ("bin", "reserve", "buffer", "dock", "station")  # kinds where goods may be put down
CONTAINERS_WELCOME = ("reserve", "buffer", "dock")
SOUND = "available"
QUARANTINE = "quarantine"  # why a place is blocked that is meant for goods nobody may sell
HEAVY_G = 10_000  # from here on a piece belongs low (a shelf's lower levels are lifted from)
UNLIMITED = 1_000_000_000
VELOCITIES = "ABC"
# What the lead may decide otherwise on the spot; the others are physics, law or safety.
SOFT = frozenset({
    Code.PUTAWAY_FULL, Code.PUTAWAY_MIXES_ITEMS, Code.PUTAWAY_MIXES_LOTS,
    Code.PUTAWAY_MIXES_OWNERS, Code.PUTAWAY_BEFORE_OLDER,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Units of one lot in one condition. Measures are of one unit; 0 = not known.

    `condition` is `expired` when their date is over, whatever the book calls them.
    """

    item: int
    sku: str
    owner: str
    qty: int
    lot: str = ""
    expiry: str = ""  # YYYY-MM-DD, "" = none
    condition: str = SOUND
    storage: str = "ambient"
    velocity: str = ""
    weight_g: int = 0
    height_mm: int = 0
    volume_mm3: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place as put-away sees it. Limits: 0 = none. `contents` includes what is in containers
    that stand there; `face_of`: the items whose pick face it is, and up to how many eaches."""

    code: str
    kind: str
    storage: str = ""
    velocity: str = ""
    mix: str = ""  # "" anything lies together, "item" one item, "lot" one lot of it
    weight_g_max: int = 0
    height_mm_max: int = 0
    volume_ml_max: int = 0
    level: int = 0
    blocked: str = ""
    contents: tuple[Goods, ...] = ()
    face_of: tuple[tuple[int, int], ...] = ()

    @property
    def weight_g(self) -> int:
        return sum(one.weight_g * one.qty for one in self.contents)

    @property
    def volume_mm3(self) -> int:
        return sum(one.volume_mm3 * one.qty for one in self.contents)

    def face_max(self, item: int) -> int | None:
        """Up to how many eaches of *item* belong here; None if it is not its pick face."""
        return next((most for number, most in self.face_of if number == item), None)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why goods may not lie somewhere: what the place wants, and what was brought."""

    code: Code
    expected: str
    scanned: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place, how many eaches fit there, and why (codes of `wms/words`, the weightiest first)."""

    place: str
    qty: int
    reasons: tuple[str, ...]


def refusals(
    load: Sequence[Goods], spot: Spot, *, as_container: bool = False
) -> tuple[Refusal, ...]:
    """Why *load* may not be put at *spot*, the gravest first; nothing: it may.

    *load* is one pile of goods, or all that is in a container that moves as one.
    """
    found = [*_kind(load, spot, as_container), *_condition(load, spot)]
    if not found and spot.blocked == QUARANTINE:
        return ()  # what may not be sold can always be put apart, or it would stay where it is
    for goods in load:
        if spot.storage not in ("", goods.storage):
            found.append(Refusal(Code.PUTAWAY_STORAGE, spot.storage, goods.storage))
        if 0 < spot.height_mm_max < goods.height_mm:
            high = (f"{spot.height_mm_max} mm", f"{goods.height_mm} mm")
            found.append(Refusal(Code.PUTAWAY_TOO_HIGH, *high))
    return (*found, *_capacity(load, spot), *_mixed(load, spot), *_before_older(load, spot))


def fitting(goods: Goods, spot: Spot) -> int:
    """How many eaches of *goods* the limits of *spot* leave room for (0 to `goods.qty`).

    >>> tea = Goods(item=1, sku="TEA", owner="a", qty=9, weight_g=400)
    >>> fitting(tea, Spot(code="A-1", kind="bin", weight_g_max=1_000))
    2
    """
    room = goods.qty
    if goods.condition != SOUND and spot.blocked == QUARANTINE:
        return room
    if spot.weight_g_max:
        room = _within(room, spot.weight_g_max - spot.weight_g, goods.weight_g)
    if spot.volume_ml_max:
        room = _within(room, spot.volume_ml_max * 1_000 - spot.volume_mm3, goods.volume_mm3)
    return room


def _within(qty: int, left: int, each: int) -> int:
    """How many of *qty* fit into what is *left* when each takes so much; 0 = not known."""
    if left < 0:
        return 0
    return min(qty, left // each) if each else qty


def propose(goods: Goods, spots: Iterable[Spot]) -> tuple[Proposal, ...]:
    """The places where *goods* (or a part of them) may be put, the best first.

    >>> pen = Goods(item=1, sku="PEN", owner="a", qty=5)
    >>> [one.place for one in propose(pen, [Spot(code="B", kind="bin"),
    ...     Spot(code="A", kind="bin", contents=(pen,))])]
    ['A', 'B']
    """
    judged = sorted(spots, key=lambda spot: spot.code)
    has_face = any(spot.face_max(goods.item) is not None for spot in judged)
    ranked = []
    for spot in judged:
        room = _room(goods, spot)
        if room and not refusals([replace(goods, qty=room)], spot):
            reasons, rank = _rank(goods, spot, has_face)
            ranked.append((rank, room < goods.qty, _lift(goods, spot), spot.code, room, reasons))
    ranked.sort()
    return tuple(Proposal(code, room, reasons) for _, _, _, code, room, reasons in ranked)


def propose_whole(load: Sequence[Goods], spots: Iterable[Spot]) -> tuple[Proposal, ...]:
    """The places where a container may stand with all of *load* in it, the best first."""
    pieces = sum(goods.qty for goods in load)
    ranked = []
    for spot in sorted(spots, key=lambda spot: spot.code):
        stored = spot.kind == RESERVE or spot.blocked == QUARANTINE
        if load and stored and not refusals(load, spot, as_container=True):
            reasons, rank = _rank(load[0], spot, False)
            ranked.append((rank, spot.code, reasons))
    ranked.sort()
    return tuple(Proposal(code, pieces, reasons) for _, code, reasons in ranked)


def _kind(load: Sequence[Goods], spot: Spot, as_container: bool) -> list[Refusal]:
    """Places that are no place for goods, that are closed, or that take no container."""
    name = load[0].sku if load else ""
    meant_for_bad = spot.blocked == QUARANTINE
    if spot.kind not in STANDING:
        return [Refusal(Code.PUTAWAY_NOT_STORAGE, "bin / reserve", spot.code)]
    if spot.blocked and not meant_for_bad:
        return [Refusal(Code.PUTAWAY_BLOCKED, "", spot.blocked)]
    if meant_for_bad and any(goods.condition == SOUND for goods in load):
        return [Refusal(Code.PUTAWAY_BLOCKED, "", spot.blocked)]
    if as_container and spot.kind not in CONTAINERS_WELCOME and not meant_for_bad:
        return [Refusal(Code.PUTAWAY_BY_PIECE, name, spot.code)]
    return []


def _condition(load: Sequence[Goods], spot: Spot) -> list[Refusal]:
    """What may not be sold never lies where it could be picked."""
    if spot.kind != PICK_BIN or spot.blocked == QUARANTINE:
        return []
    return [
        Refusal(Code.PUTAWAY_CONDITION, SOUND, goods.condition)
        for goods in load
        if goods.condition != SOUND
    ]


def _capacity(load: Sequence[Goods], spot: Spot) -> list[Refusal]:
    found = []
    weight_g = spot.weight_g + sum(goods.weight_g * goods.qty for goods in load)
    if load and 0 < spot.weight_g_max < weight_g:
        heavy = (f"{spot.weight_g_max} g", f"{weight_g} g")
        found.append(Refusal(Code.PUTAWAY_TOO_HEAVY, *heavy))
    volume_mm3 = spot.volume_mm3 + sum(goods.volume_mm3 * goods.qty for goods in load)
    if load and 0 < spot.volume_ml_max * 1_000 < volume_mm3:
        room = sum(fitting(goods, spot) for goods in load[:1])
        pieces = sum(goods.qty for goods in load)
        found.append(Refusal(Code.PUTAWAY_FULL, str(room), str(pieces)))
    return found


def _mixed(load: Sequence[Goods], spot: Spot) -> list[Refusal]:
    """Several items or lots where the place wants one."""
    if not spot.mix or not load:
        return []
    wanted = (*spot.contents, *load)[0]
    for goods in (*spot.contents, *load):
        if goods.owner != wanted.owner:
            return [Refusal(Code.PUTAWAY_MIXES_OWNERS, wanted.owner, goods.owner)]
        if goods.item != wanted.item:
            return [Refusal(Code.PUTAWAY_MIXES_ITEMS, wanted.sku, goods.sku)]
        other_lot = goods.lot != wanted.lot or goods.condition != wanted.condition
        if spot.mix == "lot" and other_lot:
            return [Refusal(Code.PUTAWAY_MIXES_LOTS, _lot(wanted), _lot(goods))]
    return []


def _lot(goods: Goods) -> str:
    return goods.lot or goods.expiry or "-"


def _before_older(load: Sequence[Goods], spot: Spot) -> list[Refusal]:
    """In a reserve lane the last in stands in front: nothing that expires later may hide it."""
    if spot.kind != RESERVE:
        return []
    return [
        Refusal(Code.PUTAWAY_BEFORE_OLDER, older.expiry, goods.expiry or "-")
        for goods in load
        for older in spot.contents
        if older.item == goods.item and older.expiry
        and (not goods.expiry or older.expiry < goods.expiry)
    ][:1]  # fmt: skip


def _room(goods: Goods, spot: Spot) -> int:
    """What fits, and in a pick face no more than belongs there."""
    most = spot.face_max(goods.item)
    if most is None:
        return fitting(goods, spot)
    there = sum(one.qty for one in spot.contents if one.item == goods.item)
    return min(fitting(goods, spot), max(most - there, 0))


def _rank(goods: Goods, spot: Spot, has_face: bool) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Why this place, and how good it is (smaller is better)."""
    same = [one for one in spot.contents if one.item == goods.item]
    same_lot = any(one.lot == goods.lot and one.condition == goods.condition for one in same)
    face = spot.face_max(goods.item) is not None
    quarantine = goods.condition != SOUND and spot.blocked == QUARANTINE
    stored = 0 if spot.kind == (RESERVE if has_face else PICK_BIN) else 1
    known = spot.velocity != "" and goods.velocity != ""
    away = abs(VELOCITIES.index(spot.velocity) - VELOCITIES.index(goods.velocity)) if known else 1
    reasons = [
        name for name, is_so in (
            ("putaway.why.quarantine", quarantine), ("putaway.why.face", face),
            ("putaway.why.same_lot", same_lot), ("putaway.why.same_item", bool(same)),
            ("putaway.why.empty", not spot.contents),
            ("putaway.why.velocity", known and away == 0),
        ) if is_so
    ]  # fmt: skip
    company = 0 if same_lot else 1 if same else 2 if not spot.contents else 3
    strangers = bool(spot.face_of) and not face
    owners = any(one.owner != goods.owner for one in spot.contents)
    rank = (not quarantine, not face, strangers, stored, company, owners, away)
    return tuple(reasons) or ("putaway.why.room",), tuple(int(part) for part in rank)


def _lift(goods: Goods, spot: Spot) -> int:
    """Heavy pieces lie low."""
    return spot.level if goods.weight_g >= HEAVY_G else 0
