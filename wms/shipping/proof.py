"""The three-way proof of a box: what was scanned, what its tags say, what it weighs. Pure.

Two witnesses that agree name the culprit; one alone names whom it suspects most.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Why = Literal["extra", "missing", "swapped", "box"]
RANK: dict[Why, int] = {
    "extra": 0,
    "missing": 0,
    "box": 1,
    "swapped": 2,
}  # the simpler the likelier
DEVIATIONS = 3  # a piece weighs what it should within so many of its mean deviations


@dataclass(frozen=True, slots=True)
class Part:
    """What was scanned of one item. `weight_g` of one piece, 0 while nobody knows it."""

    item: int
    name: str
    qty: int
    weight_g: int = 0
    deviation_g: int = 0
    tagged: bool = False


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags of one item that the reader sees. `order`: whose it may be if it is not this one's."""

    item: int
    name: str
    count: int
    order: str = ""


@dataclass(frozen=True, slots=True)
class TagFault:
    """Tags that do not agree with the scans: `qty` below 0 are missing, above are too many."""

    item: int
    name: str
    qty: int
    order: str = ""


@dataclass(frozen=True, slots=True)
class Suspect:
    """What would explain a weight, and by how many grams it would still be off.

    `swapped`: a `name` is in the box where an `instead` should be. `box`: it stands in another one.
    """

    why: Why
    name: str
    weight_g: int
    off_g: int
    instead: str = ""
    seen: bool = False  # its tags say so too
    order: str = ""


@dataclass(frozen=True, slots=True)
class Weighing:
    """A box on the scale: its own weight, and those of the other boxes from the shelf."""

    weight_g: int
    tare_g: int
    tolerance_g: int
    box: str = ""
    tares: tuple[tuple[str, int], ...] = ()


def predicted_g(parts: Iterable[Part], tare_g: int) -> int | None:
    """What the box should weigh; None while the weight of a piece is not known."""
    known = [(part.weight_g, part.qty) for part in parts]
    if any(weight_g == 0 for weight_g, _ in known):
        return None
    return tare_g + sum(weight_g * qty for weight_g, qty in known)


def tag_faults(parts: Iterable[Part], tags: Iterable[Tags]) -> tuple[TagFault, ...]:
    """Where the tags and the scans differ. Items without tags are expected to have none.

    A tag of an item that usually has none is somebody's all the same: it is too many.
    """
    wanted = {part.item: part for part in parts if part.tagged}
    plain = {part.item for part in parts if not part.tagged}
    seen = {one.item: one for one in tags}
    faults = []
    for item in sorted(wanted.keys() | seen.keys()):
        has, want = seen.get(item), wanted.get(item)
        qty = (has.count if has else 0) - (want.qty if want else 0)
        if qty and not (item in plain and qty > 0):
            name = has.name if has else want.name if want else ""
            faults.append(TagFault(item, name, qty, has.order if has and qty > 0 else ""))
    return tuple(faults)


def suspects(
    parts: Sequence[Part], weighing: Weighing, *, tags: Sequence[TagFault] = (),
    strangers: Sequence[Part] = (),
) -> tuple[Suspect, ...] | None:  # fmt: skip
    """Who explains the weight, the likeliest first; () nobody; None when there is nothing to ask.

    *strangers* are items near this bench that may have come into the box by mistake. What its tags
    accuse as well comes first, then what leaves the smallest rest.
    """
    wanted = predicted_g(parts, weighing.tare_g)
    if wanted is None or abs(weighing.weight_g - wanted) <= weighing.tolerance_g:
        return None
    difference_g = weighing.weight_g - wanted
    accused = {fault.item: fault for fault in tags}
    found = [
        *_one_more_or_less(parts, strangers, difference_g, weighing.tolerance_g, accused),
        *_swaps(parts, strangers, difference_g, weighing.tolerance_g),
        *_boxes(weighing, difference_g),
    ]
    found.sort(key=lambda one: (not one.seen, one.off_g, RANK[one.why], one.name, one.instead))
    return tuple(found)


def _one_more_or_less(
    parts: Sequence[Part], strangers: Sequence[Part], difference_g: int, tolerance_g: int,
    accused: Mapping[int, TagFault],
) -> Iterator[Suspect]:  # fmt: skip
    heavy = difference_g > 0
    inside = {part.item for part in parts}
    others = [part for part in strangers if part.item not in inside] if heavy else []
    for part in (*parts, *others):
        off_g = abs(abs(difference_g) - part.weight_g)
        fault = accused.get(part.item)
        seen = fault is not None and (fault.qty > 0) == heavy
        # A stranger needs a better alibi: it must explain the whole difference.
        enough = _enough(part, tolerance_g) if part.item in inside else tolerance_g
        if part.weight_g and (off_g <= enough or (seen and off_g <= part.weight_g // 2)):
            order = fault.order if fault is not None and seen else ""
            why: Why = "extra" if heavy else "missing"
            yield Suspect(why, part.name, part.weight_g, off_g, seen=seen, order=order)


def _enough(part: Part, tolerance_g: int) -> int:
    """How far off a piece may be and still be named."""
    return max(tolerance_g, part.weight_g // 5, DEVIATIONS * part.deviation_g)


def _swaps(
    parts: Sequence[Part], strangers: Sequence[Part], difference_g: int, tolerance_g: int
) -> Iterator[Suspect]:
    """One piece stands in for another. Only what leaves half the tolerance is said."""
    for out in parts:
        for instead in (*parts, *strangers):
            off_g = abs(difference_g - (instead.weight_g - out.weight_g))
            if instead.item != out.item and instead.weight_g and off_g <= tolerance_g // 2:
                yield Suspect(
                    "swapped", instead.name, instead.weight_g, off_g, instead=out.name
                )  # fmt: skip


def _boxes(weighing: Weighing, difference_g: int) -> Iterator[Suspect]:
    for code, tare_g in weighing.tares:
        off_g = abs(difference_g - (tare_g - weighing.tare_g))
        if code != weighing.box and off_g <= weighing.tolerance_g:
            yield Suspect("box", code, tare_g, off_g, instead=weighing.box)
