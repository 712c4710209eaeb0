"""Cuboids in a cuboid: where each piece of an order can lie in a box. Pure.

Nothing overlaps, nothing stands over the edge or on something fragile. Extreme points after
Crainic, Perboli and Tadei, "Extreme point-based heuristics for three-dimensional bin packing"
(INFORMS Journal on Computing 20, 2008); where the first places lead nowhere, a few are taken back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

BLOCKS_MAX = 24  # equal pieces are first stacked into blocks, down to so many
KINDS_MAX = 30  # of so many different pieces nobody waits for a proposal
ORDERS_BLOCKS_MAX = 16  # with more of them, only one order of packing is tried
SEARCH_BLOCKS_MAX = 12  # with more of them, nothing is taken back
SEARCH_MAX = 250  # places that are taken back before a box is given up
SEARCH_WIDTH = 8  # places that are tried for one piece

Sides = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """One of an item, in millimetres and grams. `own_box`: it travels in the box it came in."""

    item: int
    length_mm: int
    width_mm: int
    height_mm: int
    weight_g: int = 0
    fragile: bool = False
    own_box: bool = False

    @property
    def sides(self) -> Sides:
        return (self.length_mm, self.width_mm, self.height_mm)


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece, or a block of equal pieces, in its place: a corner and the sides as it is turned."""

    pieces: tuple[Piece, ...]
    corner: Sides
    sides: Sides

    @property
    def end(self) -> Sides:
        return (
            self.corner[0] + self.sides[0], self.corner[1] + self.sides[1],
            self.corner[2] + self.sides[2],
        )  # fmt: skip

    @property
    def fragile(self) -> bool:
        return self.pieces[0].fragile


@dataclass(frozen=True, slots=True)
class Block:
    """Equal pieces stacked into one cuboid."""

    pieces: tuple[Piece, ...]
    sides: Sides

    @property
    def volume(self) -> int:
        return self.sides[0] * self.sides[1] * self.sides[2]


def packing(pieces: tuple[Piece, ...], room: Sides) -> tuple[Placed, ...] | None:
    """A place in a box of inner size *room* for each of *pieces*, None where none was found.

    None is no proof that there is none; a packing is proof that they fit.
    """
    if sum(volume(piece.sides) for piece in pieces) > volume(room):
        return None
    if not all(_may_hold(room, piece.sides) for piece in pieces):
        return None
    if len(set(pieces)) == 1 and (rows := _in_rows(pieces, room)) is not None:
        return rows
    for number, blocks in enumerate(_ways(pieces, room)):
        if number and len(blocks) > ORDERS_BLOCKS_MAX:
            return None
        inside, left = fill(blocks, room)
        if not left:
            return inside
    for blocks in _ways(pieces, room):
        if len(blocks) > SEARCH_BLOCKS_MAX:
            break
        found = _search(blocks, room, [SEARCH_MAX])
        if found is not None:
            return found
    return None


def _in_rows(pieces: tuple[Piece, ...], room: Sides) -> tuple[Placed, ...] | None:
    """Equal pieces, all turned the same way; what breaks is laid in one layer."""
    for sides in _turned(pieces[0].sides):
        across, deep = room[0] // sides[0], room[1] // sides[1]
        layers = min(room[2] // sides[2], 1 if pieces[0].fragile else len(pieces))
        if across * deep * layers >= len(pieces):
            return tuple(
                Placed((piece,), _corner(number, across, deep, sides), sides)
                for number, piece in enumerate(pieces)
            )
    return None


def _corner(number: int, across: int, deep: int, sides: Sides) -> Sides:
    up, rest = divmod(number, across * deep)
    back, along = divmod(rest, across)
    return (along * sides[0], back * sides[1], up * sides[2])


def _ways(pieces: tuple[Piece, ...], room: Sides) -> Iterator[list[Block]]:
    """The orders in which pieces are tried: single pieces while they are few, then in blocks."""
    kinds = sorted(set(pieces), key=heaviest_first)
    counted = [(kind, pieces.count(kind)) for kind in kinds]
    blocks = [block for kind, qty in counted for block in _blocks(kind, qty, len(pieces), room)]
    yield sorted(blocks, key=by_volume)
    yield sorted(blocks, key=lambda one: (one.pieces[0].fragile, -max(one.sides), -one.volume))
    flat = sorted(blocks, key=lambda one: (one.pieces[0].fragile, -min(one.sides), -one.volume))
    yield flat


def _blocks(kind: Piece, qty: int, total: int, room: Sides) -> Iterator[Block]:
    """*qty* equal pieces as they are, or in blocks so large that there are few enough of them."""
    size = 1 if kind.fragile else max(1, -(-total // BLOCKS_MAX))
    while qty:
        grid = _grid(kind, min(size, qty), room)
        count = grid[0] * grid[1] * grid[2]
        sides = (kind.length_mm * grid[0], kind.width_mm * grid[1], kind.height_mm * grid[2])
        yield Block((kind,) * count, sides)
        qty -= count


def _grid(kind: Piece, most: int, room: Sides) -> Sides:
    """The fullest grid of at most *most* pieces that could still stand in the room, cube-like."""
    best, best_key = (1, 1, 1), (1, -max(kind.sides))
    for along in range(1, most + 1):
        for across in range(1, most // along + 1):
            for up in range(1, most // (along * across) + 1):
                sides = (
                    kind.length_mm * along, kind.width_mm * across, kind.height_mm * up,
                )  # fmt: skip
                key = (along * across * up, -max(sides))
                if key > best_key and _may_hold(room, sides):
                    best, best_key = (along, across, up), key
    return best


def fill(blocks: Sequence[Block], room: Sides) -> tuple[tuple[Placed, ...], list[Block]]:
    """Place what finds a place, each as low and as far into the corner as it goes."""
    inside: list[Placed] = []
    points: list[Sides] = [(0, 0, 0)]
    left: list[Block] = []
    for block in blocks:
        placed = _best_place(block, points, inside, room)
        if placed is None:
            left.append(block)
            continue
        points = [point for point in points if not _covers(placed, point)]
        points += [point for point in _new_points(placed, inside) if point not in points]
        points.sort(key=lambda point: (point[2], point[1], point[0]))
        inside.append(placed)
    return tuple(inside), left


def _best_place(
    block: Block, points: Sequence[Sides], inside: Sequence[Placed], room: Sides
) -> Placed | None:
    return min(_places(block, points, inside, room), key=_lowest, default=None)


def _places(
    block: Block, points: Sequence[Sides], inside: Sequence[Placed], room: Sides
) -> Iterator[Placed]:
    """Every place that a block can take now, however it is turned."""
    for sides in _turned(block.sides):
        for corner in points:
            placed = Placed(block.pieces, corner, sides)
            end = placed.end
            if end[0] > room[0] or end[1] > room[1] or end[2] > room[2]:
                continue
            if not any(_hurts(placed, other) for other in inside):
                yield placed


def _turned(sides: Sides) -> list[Sides]:
    return sorted({(a, b, c) for a, b, c in permutations(sides)})


def _lowest(placed: Placed) -> tuple[int, ...]:
    end = placed.end
    return (end[2], placed.corner[2], end[1], end[0], *placed.sides)


def _search(
    blocks: Sequence[Block], room: Sides, budget: list[int], inside: tuple[Placed, ...] = (),
    points: tuple[Sides, ...] = ((0, 0, 0),),
) -> tuple[Placed, ...] | None:  # fmt: skip
    """The same, but a place that leads nowhere is taken back, as often as *budget* allows."""
    if not blocks:
        return inside
    places = sorted(_places(blocks[0], points, inside, room), key=lambda one: _snug(one, room))
    for placed in places[:SEARCH_WIDTH]:
        if budget[0] <= 0:
            return None
        budget[0] -= 1
        kept = tuple(point for point in points if not _covers(placed, point))
        fresh = {*_new_points(placed, inside)} - {*kept}
        found = _search(blocks[1:], room, budget, (*inside, placed), (*kept, *sorted(fresh)))
        if found is not None:
            return found
    return None


def _snug(placed: Placed, room: Sides) -> tuple[int, ...]:
    """First what fills the room from wall to wall, then the lowest."""
    spans = sum(placed.sides[n] == room[n] for n in range(3))
    return (-spans, *_lowest(placed))


def _hurts(one: Placed, other: Placed) -> bool:
    """Whether two overlap, or one of them stands above the other that is fragile."""
    if not (_meet(one, other, 0) and _meet(one, other, 1)):
        return False
    above = one.corner[2] >= other.end[2]
    below = one.end[2] <= other.corner[2]
    if above:
        return other.fragile
    return one.fragile if below else True


def _meet(one: Placed, other: Placed, axis: int) -> bool:
    return one.corner[axis] < other.end[axis] and other.corner[axis] < one.end[axis]


def _covers(placed: Placed, point: Sides) -> bool:
    return all(placed.corner[n] <= point[n] < placed.end[n] for n in range(3))


def _new_points(placed: Placed, inside: Sequence[Placed]) -> Iterator[Sides]:
    """The corners that a placed block makes, pushed back along each of the other two axes."""
    for axis in range(3):
        corner = list(placed.corner)
        corner[axis] = placed.end[axis]
        yield (corner[0], corner[1], corner[2])
        for along in range(3):
            if along != axis:
                pushed = list(corner)
                pushed[along] = _pushed_to(corner, along, inside)
                yield (pushed[0], pushed[1], pushed[2])


def _pushed_to(corner: Sequence[int], along: int, inside: Sequence[Placed]) -> int:
    """How far back a point can be pushed along an axis before it meets something."""
    others = [axis for axis in range(3) if axis != along]
    stops = [
        other.end[along]
        for other in inside
        if other.end[along] <= corner[along]
        and all(other.corner[axis] <= corner[axis] < other.end[axis] for axis in others)
    ]
    return max(stops, default=0)


def _may_hold(outer: Sides, inner: Sides) -> bool:
    """Whether one cuboid fits into another, turned as it must be (along its edges)."""
    return all(a >= b for a, b in zip(sorted(outer), sorted(inner), strict=True))


def volume(sides: Sides) -> int:
    """Of a cuboid, in cubic millimetres."""
    return sides[0] * sides[1] * sides[2]


def heaviest_first(piece: Piece) -> tuple[int, ...]:
    """The order in which pieces are packed: what breaks comes last."""
    return (int(piece.fragile), -volume(piece.sides), -piece.weight_g, piece.item, *piece.sides)


def by_volume(block: Block) -> tuple[int, int, tuple[int, ...]]:
    """The same order for blocks."""
    return (int(block.pieces[0].fragile), -block.volume, block.sides)
