"""What the next step of a move depends on: what is chosen, and what lies there."""

from dataclasses import dataclass

from msgspec.structs import replace

from picking.dialogues.base import Who
from picking.dialogues.move_goods import Pile, Taking, emptied, piles, settled
from wms.db import Tx
from wms.stock import Key
from wms.storage import contents, handling
from wms.storage.contents import Holder

MOVED = (handling.MOVE, handling.MOVE + handling.OVERRIDE)


class State(Taking, frozen=True, kw_only=True):
    """Nothing more than what is being taken."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The book's part. `goes_whole`: the container may move as it is; `owners`: whose goods are in
    it, at any depth; `pieces` how many."""

    holder: Holder | None = None
    piles: tuple[Pile, ...] = ()
    goes_whole: bool = False
    owners: tuple[str, ...] = ()
    pieces: int = 0
    undoable: bool = False

    def held(self, *item_ids: int) -> Key | None:
        """A balance of one of these items here that is promised, at least in part."""
        lines = self.holder.lines if self.holder is not None else ()
        return next((one.key for one in lines if one.promised and one.key.item in item_ids), None)


def arrive(state: State, facts: Facts) -> State:
    """Where the worker stands, given what the book says now."""
    if facts.holder is None:
        return State(listing=state.listing)
    if state.at == "source":
        whole = facts.goes_whole
        return replace(state, at="place" if whole else "item", whole=whole)
    if state.whole:
        return state if facts.goes_whole else replace(emptied(state), at="item")
    if not facts.piles and not facts.holder.inside and not facts.held(*_items(facts)):
        return State()  # all of it was moved
    return settled(state, facts.piles)


def _items(facts: Facts) -> set[int]:
    return {one.key.item for one in facts.holder.lines} if facts.holder is not None else set()


def load(tx: Tx, state: State, who: Who) -> Facts:
    """Read them for what *state* is about."""
    undoable = handling.last_verb(tx, who.actor) in MOVED
    found = contents.holder(tx, state.source, today=who.today) if state.source else None
    if found is None:
        return Facts(undoable=undoable)
    inside = found.lines
    if found.is_container:
        inside = contents.all_inside(tx, found.code, today=who.today)
    return Facts(
        holder=found, piles=piles(found.lines), undoable=undoable,
        goes_whole=found.is_container and not any(line.promised for line in inside),
        owners=tuple(dict.fromkeys(line.goods.owner for line in inside)),
        pieces=sum(line.goods.qty for line in inside),
    )  # fmt: skip
