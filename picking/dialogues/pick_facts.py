"""What a picker's next step depends on: what the dialogue remembers, and what the book says."""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from sqlalchemy import func, select

from picking import drops, fitness, shortage, tours
from picking.dialogues import approval
from picking.dialogues.approval import Asked
from picking.dialogues.base import Who
from picking.shortage import Undecided
from picking.tours import StopView, TourView
from wms.db import Tx
from wms.promises import allocation
from wms.promises.allocation import LastPick
from wms.schema import stock
from wms.site import picking_rules

At = Literal[
    "get", "fetch", "bind", "place", "item", "lot", "serial", "tote", "short", "damaged", "aside",
    "zero", "left", "ask", "drop", "gone",
]  # fmt: skip


class State(Struct, frozen=True, kw_only=True):
    """Where the picker is in the tour. What is in which tote is the book's to know."""

    at: At = "get"
    stop: int = 0  # id of the stop at hand
    place: str = ""  # the place that was last confirmed by scan
    hand: int = 0  # units proven and not yet in a tote
    unproven: int = 0  # units scanned whose lot or serial number is still to be read
    lot: str = ""  # the lot proven at this stop
    after: Literal["", "short", "full", "swap", "damaged"] = ""  # once the hand is empty
    listing: bool = False  # the list of what is left is on the screen
    other: str = ""  # a lot, serial number or container that was read in place of the right one
    broken: int = 0  # units at this stop that are damaged, and not yet set aside
    emptied: str = ""  # the place of the last pick: is it empty, as the book says?
    put_off: tuple[int, ...] = ()  # short orders that a lead is to decide on elsewhere
    verdict: str = ""  # what a lead is asked to say yes to
    approval: Asked | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The tour as the book has it, where it may be set down, and what could be undone.

    `unfit`: why the stop at hand may not be made (a code). `empty`: by the book nothing is left at
    `State.emptied`, and the site wants that looked at. `undecided`: a short order of this walk.
    """

    tour: TourView | None
    drops: tuple[str, ...] = ()
    lots_here: int = 0  # how many lots of the item at hand lie in its bin
    last_pick: LastPick | None = None
    unfit: str = ""
    empty: bool = False
    undecided: tuple[Undecided, ...] = ()
    approved: bool = False

    def stop(self, state: State) -> StopView | None:
        """The stop at hand while it is still to be made."""
        stops = self.tour.stops if self.tour is not None else ()
        return next((one for one in stops if one.id == state.stop and one.state == "open"), None)

    def question(self, state: State) -> Undecided | None:
        """The first short order on which a lead may decide here."""
        waiting = (one for one in self.undecided if one.order not in state.put_off)
        return next(waiting, None)


def load(tx: Tx, state: State, who: Who) -> Facts:
    """Read them for the tour that this person walks."""
    tour = tours.live(tx, person=who.person.id)
    if tour is None:
        return Facts(None)
    view = tours.view(tx, tour)
    stop = view.current
    unfit = fitness.unfit(tx, tour, today=who.today)
    return Facts(
        view, (view.drop_place,) if view.drop_place else drops.drop_places(tx),
        _lots_here(tx, stop) if stop is not None and stop.lot else 0,
        allocation.last_pick(tx, who.actor),
        unfit=unfit.get(stop.id, "") if stop is not None else "",
        empty=bool(state.emptied) and _is_empty(tx, state.emptied),
        undecided=shortage.undecided(tx, tour=tour),
        approved=approval.given(tx, state.approval),
    )  # fmt: skip


def _lots_here(tx: Tx, stop: StopView) -> int:
    here = (stock.c.place == stop.place) & (stock.c.item_id == stop.item) & (stock.c.qty > 0)
    return int(tx.execute(select(func.count(stock.c.lot.distinct())).where(here)).scalar_one())


def _is_empty(tx: Tx, place: str) -> bool:
    """Whether the site looks at emptied places, and the book says that this one is."""
    if not picking_rules.load(tx).zero_check:
        return False
    left = select(stock.c.place).where(stock.c.place == place, stock.c.qty > 0)
    return tx.execute(left.limit(1)).first() is None
