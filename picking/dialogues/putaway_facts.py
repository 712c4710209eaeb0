"""What the next step of putting away depends on: what is chosen, what lies there, where to."""

from dataclasses import dataclass
from dataclasses import replace as changed

from msgspec.structs import replace
from sqlalchemy import select

from picking.dialogues.base import Who
from picking.dialogues.move_goods import Pile, Taking, emptied, pile_of, piles, settled
from wms.db import Tx
from wms.schema import places
from wms.storage import contents, handling
from wms.storage.contents import Holder
from wms.storage.putaway import Goods, Proposal, propose, propose_whole

PUT = (handling.PUT_AWAY, handling.PUT_AWAY + handling.OVERRIDE)


class State(Taking, frozen=True, kw_only=True):
    """`full`: proposed places that took no more, whatever their measures say."""

    full: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """The book's part. `proposals` are for what the state has chosen, the best first; `stays`: why
    there are none. `loose` are items on docks, `(item, dock)`; `waiting` what waits at all,
    `(dock, containers, eaches)`."""

    holder: Holder | None = None
    piles: tuple[Pile, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    takes_whole: bool = False
    check_digits: str = ""  # of the best proposal
    undoable: bool = False
    is_lead: bool = False
    loose: tuple[tuple[int, str], ...] = ()
    waiting: tuple[tuple[str, int, int], ...] = ()

    def best(self, state: State) -> Proposal | None:
        """The place to go to now."""
        return next((one for one in self.proposals if one.place not in state.full), None)

    def docks_of(self, item: int) -> tuple[str, ...]:
        """Where units of *item* lie loose."""
        return tuple(dock for number, dock in self.loose if number == item)

    def load(self, state: State) -> tuple[Goods, ...]:
        """What moves: all that is in the container, or the chosen units."""
        if state.whole:
            lines = self.holder.lines if self.holder is not None else ()
            return tuple(line.goods for line in lines)
        pile = pile_of(self.piles, state)
        return () if pile is None else (changed(pile.first.goods, qty=state.qty),)

    def owners(self, state: State) -> tuple[str, ...]:
        """Whose goods those are."""
        return tuple(dict.fromkeys(goods.owner for goods in self.load(state)))


def arrive(state: State, facts: Facts) -> State:
    """Where the worker stands, given what the book says now."""
    if facts.holder is None:
        return State(listing=state.listing)
    if not facts.piles and not (facts.holder.is_container and facts.holder.inside):
        return State()  # all of it was put away
    if state.at == "source":
        at_once = facts.takes_whole
        return replace(state, at="place" if at_once else "item", whole=at_once)
    if state.whole:
        return (
            replace(state, at="place") if facts.takes_whole else replace(emptied(state), at="item")
        )
    return settled(state, facts.piles)


def load(tx: Tx, state: State, who: Who) -> Facts:
    """Read them for what *state* is about."""
    told = Facts(
        undoable=handling.last_verb(tx, who.actor) in PUT,
        is_lead="lead" in who.person.permissions,
    )
    found = contents.holder(tx, state.source, today=who.today) if state.source else None
    if found is None:
        return changed(told, loose=contents.loose(tx), waiting=tuple(contents.to_put_away(tx)))
    lies_here = piles(found.lines)
    told = changed(told, holder=found, piles=lies_here)
    whole = _whole(tx, found, who) if found.is_container else ()
    told = changed(told, takes_whole=bool(whole))
    now = arrive(state, told)
    if now.whole:
        told = changed(told, proposals=whole)
    elif now.at in ("place", "count") and (pile := pile_of(lies_here, now)) is not None:
        goods = changed(pile.first.goods, qty=now.qty or pile.qty)
        spots = contents.candidates(tx, goods, today=who.today)
        told = changed(told, proposals=propose(goods, [s for s in spots if s.code != found.code]))
    best = told.best(now)
    if best is None:
        return told
    digits = tx.scalar(select(places.c.check_digits).where(places.c.code == best.place))
    return changed(told, check_digits=str(digits or ""))


def _whole(tx: Tx, found: Holder, who: Who) -> tuple[Proposal, ...]:
    """Where this container may stand as it is; nowhere while something of it is promised."""
    inside = contents.all_inside(tx, found.code, today=who.today)
    if not inside or any(line.promised for line in inside):
        return ()
    load = tuple(line.goods for line in inside)
    largest = max(load, key=lambda goods: goods.qty)
    spots = contents.candidates(tx, largest, today=who.today, kinds=("reserve",))
    return propose_whole(load, [spot for spot in spots if spot.code != found.stands])
