"""What people see who put goods away. Pure."""

from msgspec.structs import replace

from picking.dialogues import move_goods
from picking.dialogues.base import choices, options
from picking.dialogues.move_goods import described, pile_of
from picking.dialogues.putaway_facts import Facts, State
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Option, Prompt

AWAITS = {
    "source": (Await.TOTE, Await.PLACE, Await.ITEM), "item": (Await.ITEM,),
    "which": (Await.CHOICE, Await.ITEM), "serial": (Await.SERIAL,),
    "count": (Await.QTY, Await.PLACE), "place": (Await.PLACE,),
}  # fmt: skip
KEYS = {
    "source": ("undo", "list", "back"), "item": ("undo", "list", "back"), "which": ("back",),
    "serial": ("back",), "count": ("list", "back"), "place": ("full", "list", "back"),
}  # fmt: skip
REASONS_MAX = 2


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    page = Prompt(
        dialogue="putaway", step=state.at, title=say("putaway.title", language),
        ask=say(f"putaway.ask.{state.at}", language),
        help=say(f"help.putaway.{state.at}", language), awaits=AWAITS[state.at],
        options=_keys(state, facts, language), language=language,
        focus=_focus(state, facts, language), lines=_lines(state, facts, language),
    )  # fmt: skip
    if not state.listing:
        return page
    return replace(
        page, step="list", ask=say("putaway.ask.list", language), awaits=(Await.NOTHING,),
        help=say("help.putaway.list", language), focus=Focus(place=state.source),
        lines=_all(facts, language), options=options(language, "back"),
    )  # fmt: skip


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    keys = options(language, *KEYS[state.at])
    if state.at == "item" and facts.takes_whole:
        return (*choices(language, "putaway.whole"), *keys)
    if state.whole:
        return (*choices(language, "putaway.pieces"), *keys)
    if state.at == "which":
        return (*move_goods.pile_options(state, facts.piles, language), *keys)
    return keys


def _focus(state: State, facts: Facts, language: Language) -> Focus:
    best = facts.best(state)
    if state.whole:
        pieces = sum(goods.qty for goods in facts.load(state))
        kind = facts.holder.kind if facts.holder is not None else ""
        return Focus(
            place=best.place if best is not None else "", tote=state.source, qty=pieces,
            called=move_goods.called(kind, language),
        )  # fmt: skip
    pile = pile_of(facts.piles, state)
    if state.at == "place" and pile is not None:
        qty = min(state.qty, best.qty) if best is not None else state.qty
        return move_goods.focus(state, pile, place=best.place if best is not None else "?", qty=qty)
    if state.at in ("count", "serial") and pile is not None:
        proposed = best.place if best is not None and state.at == "count" else ""
        return move_goods.focus(state, pile, place=proposed, qty=pile.qty)
    return Focus(place=state.source)


def _lines(state: State, facts: Facts, language: Language) -> tuple[str, ...]:
    if state.at == "source":
        return _waiting(facts, language)[:3]
    if state.at == "item":
        return tuple(described(pile, language) for pile in facts.piles[:3])
    if state.at not in ("place", "count"):
        return ()
    best = facts.best(state)
    if best is None:
        return (say("putaway.nowhere", language),)
    return tuple(say(reason, language) for reason in best.reasons[:REASONS_MAX])


def _waiting(facts: Facts, language: Language) -> tuple[str, ...]:
    return tuple(
        say("putaway.waiting", language, place=dock, containers=containers, qty=qty)
        for dock, containers, qty in facts.waiting
    )


def _all(facts: Facts, language: Language) -> tuple[str, ...]:
    if facts.holder is None:
        return _waiting(facts, language)
    return tuple(described(pile, language) for pile in facts.piles)
