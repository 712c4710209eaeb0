"""What a piece of an item really weighs, learned from the boxes that were closed.

A running mean and a running mean deviation an item, in thousandths of a gram so that a mean does
not stick; whoever asks gets whole grams. A box that is far off teaches little, never much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from wms.db import Tx, upsert
from wms.schema import boxes, item_weights, items, order_lines, parcel_lines, parcels
from wms.shipping.cartons import OWN_BOX

MEMORY_BOXES = 50  # packaging changes: older boxes fade
TRUSTED_BOXES = 3  # before that, what the owner told counts
FAR_DEVIATIONS = 3  # a box farther off than so many deviations teaches only so much
DEVIATION_PERCENT_MIN = 2  # of the mean: scales and packaging are never better
DOUBTED_PERCENT = 50  # how far the first boxes may be from what the owner told


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of one piece. `boxes`: how many it was learned from."""

    boxes: int
    mean_mg: int
    deviation_mg: int

    @property
    def mean_g(self) -> int:
        return (self.mean_mg + 500) // 1000

    @property
    def deviation_g(self) -> int:
        return (self.deviation_mg + 500) // 1000


@dataclass(frozen=True, slots=True)
class Inside:
    """How many of an item are in a box; what the owner told that one weighs, 0 = nothing."""

    item: int
    qty: int
    told_g: int


def updated(known: Learned | None, told_g: int, sample_mg: int) -> Learned:
    """What is known after one more box, in which a piece weighed *sample_mg*.

    >>> updated(Learned(10, 80_000, 1_000), 80, 82_000).mean_g
    80
    >>> updated(Learned(10, 80_000, 1_000), 80, 980_000).mean_g
    80
    """
    if known is None:
        far_mg = told_g * 1000 * DOUBTED_PERCENT // 100
        near_mg = _near(sample_mg, told_g * 1000, far_mg) if told_g else sample_mg
        return Learned(1, near_mg, near_mg * DEVIATION_PERCENT_MIN // 100)
    floor_mg = max(known.mean_mg * DEVIATION_PERCENT_MIN // 100, 1)
    near_mg = _near(sample_mg, known.mean_mg, FAR_DEVIATIONS * max(known.deviation_mg, floor_mg))
    count = min(known.boxes + 1, MEMORY_BOXES)
    mean_mg = known.mean_mg + _rounded(near_mg - known.mean_mg, count)
    off_mg = abs(near_mg - known.mean_mg)
    deviation_mg = known.deviation_mg + _rounded(off_mg - known.deviation_mg, count)
    return Learned(known.boxes + 1, max(mean_mg, 1), max(deviation_mg, 0))


def samples(inside: Sequence[Inside], known: Mapping[int, Learned], goods_g: int) -> dict[int, int]:
    """What one piece of each item weighed in a box whose goods weighed *goods_g*, in mg.

    One item alone tells it directly; among several the difference is shared out by weight, and
    where one of them is not known at all, it is what the others leave.
    """
    told = {one.item: _mg(one, known) for one in inside}
    unknown = [one for one in inside if told[one.item] == 0]
    expected_mg = sum(told[one.item] * one.qty for one in inside)
    if len(unknown) == 1:
        left_mg = goods_g * 1000 - expected_mg
        return {unknown[0].item: left_mg // unknown[0].qty} if left_mg > 0 else {}
    if unknown or goods_g <= 0:
        return {}
    return {item: mg * goods_g * 1000 // expected_mg for item, mg in told.items()}


def best_g(known: Learned | None, told_g: int) -> int:
    """The weight to count with, in grams: what was learned once it can be trusted; 0 = unknown."""
    if known is not None and (known.boxes >= TRUSTED_BOXES or told_g == 0):
        return known.mean_g
    return told_g


def learned(tx: Tx, item_ids: Iterable[int]) -> dict[int, Learned]:
    """What is known of these items; those of which nothing is are left out."""
    query = select(item_weights).where(item_weights.c.item_id.in_(sorted(set(item_ids))))
    return {
        row.item_id: Learned(row.boxes, row.mean_mg, row.deviation_mg) for row in tx.execute(query)
    }


def learn(tx: Tx, parcel: int) -> None:
    """Take the weight of a parcel that was just closed into account.

    Nothing is learned without a weight, or when nobody knows what its box weighs.
    """
    row = tx.execute(select(parcels).where(parcels.c.id == parcel)).one()
    tare_g = _tare_g(tx, row.box)
    if row.weight_g <= 0 or tare_g is None:
        return
    inside = _inside(tx, parcel)
    known = learned(tx, [one.item for one in inside])
    found = samples(inside, known, row.weight_g - tare_g)
    told = {one.item: one.told_g for one in inside}
    fresh = {
        item: updated(known.get(item), told[item], sample_mg)
        for item, sample_mg in sorted(found.items())
    }
    values = [
        {
            "item_id": item, "boxes": one.boxes, "mean_mg": one.mean_mg,
            "deviation_mg": one.deviation_mg,
        }
        for item, one in fresh.items()
    ]  # fmt: skip
    names = ("boxes", "mean_mg", "deviation_mg")
    upsert(
        tx, item_weights, values, key=("item_id",),
        update=lambda new: {name: new[name] for name in names},
    )  # fmt: skip


def _tare_g(tx: Tx, box: str) -> int | None:
    if box == OWN_BOX:
        return 0
    tare_g: int | None = tx.execute(select(boxes.c.tare_g).where(boxes.c.code == box)).scalar()
    return tare_g


def _inside(tx: Tx, parcel: int) -> list[Inside]:
    query = (
        select(items.c.id, items.c.weight_g, func.sum(parcel_lines.c.qty).label("qty"))
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(parcel_lines.c.parcel_id == parcel)
        .group_by(items.c.id, items.c.weight_g)
        .order_by(items.c.id)
    )
    return [Inside(row.id, int(row.qty), row.weight_g) for row in tx.execute(query)]


def _mg(one: Inside, known: Mapping[int, Learned]) -> int:
    found = known.get(one.item)
    return found.mean_mg if found is not None else one.told_g * 1000


def _near(value: int, middle: int, far: int) -> int:
    return min(max(value, middle - far), middle + far)


def _rounded(amount: int, by: int) -> int:
    """*amount* / *by*, to the nearest whole number; halves away from zero."""
    half = (2 * abs(amount) + by) // (2 * by)
    return half if amount >= 0 else -half
