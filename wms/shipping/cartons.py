"""Cartonisation: which boxes an order's goods go into, with the packing that shows it. Pure.

A box is proposed only with a place in it for every piece (`wms.shipping.cuboids` looks for them).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from wms.shipping.cuboids import (
    BLOCKS_MAX,
    KINDS_MAX,
    Block,
    Piece,
    Placed,
    Sides,
    by_volume,
    fill,
    heaviest_first,
    packing,
    volume,
)

__all__ = ["OWN_BOX", "Carton", "Filled", "Limits", "Piece", "own_box", "propose", "smallest"]

BOXES_MAX = 9  # an order that needs more is for people to think about
OWN_BOX = "@own"  # the code of "the box that it came in"


@dataclass(frozen=True, slots=True)
class Carton:
    """A kind of box: its inner size in millimetres, and its own weight."""

    code: str
    length_mm: int
    width_mm: int
    height_mm: int
    tare_g: int = 0

    @property
    def sides(self) -> Sides:
        return (self.length_mm, self.width_mm, self.height_mm)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a carrier's service takes: length + width + height, the shortest side, the weight.

    0 does not limit.
    """

    sides_mm_max: int = 0
    thickness_mm_max: int = 0
    weight_g_max: int = 0

    def take(self, sides: Sides) -> bool:
        """Whether a box of this size may be sent at all."""
        if 0 < self.sides_mm_max < sum(sides):
            return False
        return self.thickness_mm_max == 0 or min(sides) <= self.thickness_mm_max

    def carry(self, weight_g: int) -> bool:
        """Whether a box of this weight may be sent."""
        return self.weight_g_max == 0 or weight_g <= self.weight_g_max


@dataclass(frozen=True, slots=True)
class Filled:
    """A box with all that is in it."""

    box: Carton
    inside: tuple[Placed, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(piece for placed in self.inside for piece in placed.pieces)


@lru_cache(maxsize=512)
def propose(
    pieces: tuple[Piece, ...], boxes: tuple[Carton, ...], limits: Limits
) -> tuple[Filled, ...]:
    """The boxes for *pieces*: one where one does, the smallest that do; () where none can be shown.

    *boxes* are in the order in which they are preferred (the smallest first). What travels in its
    own box is a box by itself. A size of 0 is not known, and then nothing can be shown; nor is it
    for more than `KINDS_MAX` different pieces, as it would take too long.
    """
    usable = tuple(box for box in boxes if limits.take(box.sides))
    alone = [piece for piece in pieces if piece.own_box]
    rest = tuple(piece for piece in pieces if not piece.own_box)
    if not all(min(piece.sides) > 0 for piece in pieces) or len({*rest}) > KINDS_MAX:
        return ()
    found = [own_box(piece) for piece in alone]
    if not all(limits.take(one.box.sides) and _light(one, limits) for one in found):
        return ()
    while rest:
        filled = smallest(rest, usable, limits) or _fullest(rest, usable, limits)
        if filled is None or len(found) >= BOXES_MAX:
            return ()
        found.append(filled)
        rest = _without(rest, filled.pieces)
    return tuple(found)


def own_box(piece: Piece) -> Filled:
    """The box that the piece came in."""
    box = Carton(OWN_BOX, *piece.sides)
    return Filled(box, (Placed((piece,), (0, 0, 0), piece.sides),))


def smallest(pieces: tuple[Piece, ...], boxes: Sequence[Carton], limits: Limits) -> Filled | None:
    """The first of *boxes* that is shown to hold all *pieces* and stays within the weight."""
    weight_g = sum(piece.weight_g for piece in pieces)
    for box in boxes:
        if limits.carry(weight_g + box.tare_g):
            inside = packing(pieces, box.sides)
            if inside is not None:
                return Filled(box, inside)
    return None


def _fullest(pieces: tuple[Piece, ...], boxes: Sequence[Carton], limits: Limits) -> Filled | None:
    """Of the two largest boxes the one that takes more of *pieces* within its weight, if any."""
    best: Filled | None = None
    for box in boxes[-2:]:
        inside = _as_many(pieces, box, limits)
        if inside and (best is None or _load(inside) > _load(best.inside)):
            best = Filled(box, inside)
    if best is None:
        return None
    return smallest(best.pieces, boxes, limits) or best


def _as_many(pieces: tuple[Piece, ...], box: Carton, limits: Limits) -> tuple[Placed, ...]:
    chosen: list[Piece] = []
    weight_g = box.tare_g
    for piece in sorted(pieces, key=heaviest_first):
        if limits.carry(weight_g + piece.weight_g):
            chosen.append(piece)
            weight_g += piece.weight_g
    blocks = [Block((piece,), piece.sides) for piece in chosen[:BLOCKS_MAX]]
    inside, _left = fill(sorted(blocks, key=by_volume), box.sides)
    return inside


def _load(inside: Iterable[Placed]) -> int:
    return sum(volume(placed.sides) for placed in inside)


def _light(filled: Filled, limits: Limits) -> bool:
    return limits.carry(filled.box.tare_g + sum(piece.weight_g for piece in filled.pieces))


def _without(pieces: Sequence[Piece], gone: Iterable[Piece]) -> tuple[Piece, ...]:
    left = list(pieces)
    for piece in gone:
        left.remove(piece)
    return tuple(left)
