"""What a picker's next step depends on: what the dialogue remembers, and what the book says."""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from sqlalchemy import func, select

from picking import drops, tours
from picking.dialogues.base import Who
from picking.tours import StopView, TourView
from wms import allocation
from wms.allocation import LastPick
from wms.db import Tx
from wms.schema import stock

At = Literal["get", "bind", "place", "item", "lot", "serial", "tote", "short", "drop", "gone"]


class State(Struct, frozen=True, kw_only=True):
    """Where the picker is in the tour. What is in which tote is the book's to know."""

    at: At = "get"
    stop: int = 0  # id of the stop at hand
    place: str = ""  # the place that was last confirmed by scan
    hand: int = 0  # units proven and not yet in a tote
    unproven: int = 0  # units scanned whose lot or serial number is still to be read
    lot: str = ""  # the lot proven at this stop
    after: Literal["", "short", "full"] = ""  # what follows once the hand is empty
    listing: bool = False  # the list of what is left is on the screen


@dataclass(frozen=True, slots=True)
class Facts:
    """The tour as the book has it, where it may be set down, and what could be undone."""

    tour: TourView | None
    drops: tuple[str, ...] = ()
    lots_here: int = 0  # how many lots of the item at hand lie in its bin
    last_pick: LastPick | None = None

    def stop(self, state: State) -> StopView | None:
        """The stop at hand while it is still to be made."""
        stops = self.tour.stops if self.tour is not None else ()
        return next((one for one in stops if one.id == state.stop and one.state == "open"), None)


def load(tx: Tx, _state: State, who: Who) -> Facts:
    """Read them for the tour that this person walks."""
    tour = tours.live(tx, person=who.person.id)
    if tour is None:
        return Facts(None)
    view = tours.view(tx, tour)
    stop = view.current
    lots_here = _lots_here(tx, stop) if stop is not None and stop.lot else 0
    return Facts(view, drops.drop_places(tx), lots_here, allocation.last_pick(tx, who.actor))


def _lots_here(tx: Tx, stop: StopView) -> int:
    here = (stock.c.place == stop.place) & (stock.c.item_id == stop.item) & (stock.c.qty > 0)
    return int(tx.execute(select(func.count(stock.c.lot.distinct())).where(here)).scalar_one())
