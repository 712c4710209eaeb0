"""Cancellation is physical: what a cancel means at each stage, as one table. Pure.

A stage is told from the state of the order, of its promises and of its boxes. What is said to the
OMS, and what is done on the floor, follows from the stage alone.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Stage = Literal[
    "before", "waiting", "promised", "picked", "boxed", "closed", "loaded", "shipped", "cancelled",
]  # fmt: skip
Deed = Literal["remember", "release", "put_back", "void", "search", "return"]
Outcome = Literal["cancelled", "refused"]


class Fate(NamedTuple):
    """What the OMS hears, and what happens."""

    told: Outcome
    deeds: tuple[Deed, ...] = ()


TABLE: dict[Stage, Fate] = {
    "before": Fate("cancelled", ("remember",)),  # the cancel overtook its order
    "waiting": Fate("cancelled"),
    "promised": Fate("cancelled", ("release",)),  # stops end, an empty tour is void
    "picked": Fate("cancelled", ("release", "put_back")),  # by whoever holds the goods
    "boxed": Fate("cancelled", ("void", "put_back")),  # the label is not proven: nobody was told
    "closed": Fate("cancelled", ("search",)),  # void once it is found (出荷止め)
    "loaded": Fate("cancelled", ("search",)),  # the truck does not leave with it
    "shipped": Fate("refused", ("return",)),
    "cancelled": Fate("cancelled"),
}
ORDER: tuple[Stage, ...] = tuple(TABLE)  # from the desk to the truck
# A one-piece order's unit is promised to its wave, and the order's state alone tells of it.
OF_ORDER: dict[str, Stage] = {"released": "promised", "picked": "picked", "shipped": "shipped"}
OF_ALLOCATION: dict[str, Stage] = {"open": "promised", "picked": "picked"}
OF_PARCEL: dict[str, Stage] = {
    "open": "boxed", "labelled": "boxed", "closed": "closed", "loaded": "loaded",
    "shipped": "shipped",
}  # fmt: skip


def stage_of(order: str, allocations: Iterable[str], parcels: Iterable[str]) -> Stage:
    """How far an order is: as far as the foremost of its goods.

    *order* is its state; *allocations* and *parcels* the states of what it has.

    >>> stage_of("released", ["open", "picked"], [])
    'picked'
    >>> stage_of("picked", ["picked"], ["void", "closed"])
    'closed'
    """
    if order == "cancelled":
        return "cancelled"
    reached = [OF_ALLOCATION[state] for state in allocations if state in OF_ALLOCATION]
    reached += [OF_PARCEL[state] for state in parcels if state in OF_PARCEL]
    reached.append(OF_ORDER.get(order, "waiting"))
    return max(reached, key=ORDER.index)


def does(stage: Stage, deed: Deed) -> bool:
    """Whether *deed* belongs to a cancel at *stage*."""
    return deed in TABLE[stage].deeds
