"""What people see who move goods. Pure."""

from msgspec.structs import replace

from picking.dialogues import move_goods
from picking.dialogues.base import choices, options
from picking.dialogues.move_facts import Facts, State
from picking.dialogues.move_goods import described, pile_of
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Option, Prompt

AWAITS = {
    "source": (Await.TOTE, Await.PLACE), "item": (Await.ITEM, Await.TOTE),
    "which": (Await.CHOICE, Await.ITEM), "serial": (Await.SERIAL,),
    "count": (Await.QTY, Await.PLACE), "place": (Await.PLACE, Await.TOTE),
}  # fmt: skip
KEYS = {
    "source": ("undo", "back"), "item": ("undo", "list", "back"), "which": ("back",),
    "serial": ("back",), "count": ("list", "back"), "place": ("list", "back"),
}  # fmt: skip


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    page = Prompt(
        dialogue="move", step=state.at, title=say("move.title", language),
        ask=say(f"move.ask.{state.at}", language), help=say(f"help.move.{state.at}", language),
        awaits=AWAITS[state.at], options=_keys(state, facts, language), language=language,
        focus=_focus(state, facts, language),
        lines=_lines(facts, language)[:3] if state.at == "item" else (),
    )  # fmt: skip
    if not state.listing:
        return page
    return replace(
        page, step="list", ask=say("move.ask.list", language), awaits=(Await.NOTHING,),
        help=say("help.move.list", language), focus=Focus(place=state.source),
        lines=_lines(facts, language), options=options(language, "back"),
    )  # fmt: skip


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    keys = options(language, *KEYS[state.at])
    if state.whole and facts.piles:
        return (*choices(language, "move.pieces"), *keys)
    if state.at == "which":
        return (*move_goods.pile_options(state, facts.piles, language), *keys)
    return keys


def _focus(state: State, facts: Facts, language: Language) -> Focus:
    if state.whole and facts.holder is not None:
        return Focus(
            place=facts.holder.stands, tote=state.source, qty=facts.pieces,
            called=move_goods.called(facts.holder.kind, language),
        )  # fmt: skip
    pile = pile_of(facts.piles, state)
    if pile is None:
        return Focus(place=state.source)
    qty = state.qty if state.at == "place" else pile.qty
    return move_goods.focus(state, pile, place=state.source, qty=qty)


def _lines(facts: Facts, language: Language) -> tuple[str, ...]:
    return tuple(described(pile, language) for pile in facts.piles)
