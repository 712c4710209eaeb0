"""What people see who replenish. Pure."""

from msgspec.structs import replace

from picking.dialogues.base import choices, options
from picking.dialogues.replenish_facts import Facts, State, Take
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Option, Prompt

AWAITS = {
    "get": (Await.CHOICE,), "place": (Await.PLACE,), "container": (Await.TOTE,),
    "item": (Await.ITEM, Await.QTY), "lot": (Await.ITEM,), "short": (Await.CHOICE,),
    "face": (Await.PLACE,), "fit": (Await.QTY,), "rest": (Await.PLACE,),
}  # fmt: skip
KEYS = {
    "get": ("back",), "place": ("short", "later", "undo", "list", "back"),
    "container": ("short", "undo", "back"), "item": ("short", "undo", "back"),
    "lot": ("undo", "back"), "short": ("back",), "face": ("full", "undo", "list", "back"),
    "fit": ("back",), "rest": ("list", "back"),
}  # fmt: skip
LISTED_MAX = 8


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    page = Prompt(
        dialogue="replenish", step=state.at, title=say("replenish.title", language),
        ask=say(f"replenish.ask.{state.at}", language),
        help=say(f"help.replenish.{state.at}", language), awaits=AWAITS[state.at],
        focus=_focus(state, facts), lines=_lines(state, facts, language),
        options=_keys(state, language), language=language,
    )  # fmt: skip
    if not state.listing or facts.task is None:
        return page
    return replace(
        page, step="list", ask=say("replenish.ask.list", language), awaits=(Await.NOTHING,),
        help=say("help.replenish.list", language), focus=Focus(place=facts.task.face),
        lines=tuple(_line(take) for take in facts.takes[:LISTED_MAX]),
        options=options(language, "back"),
    )  # fmt: skip


def _keys(state: State, language: Language) -> tuple[Option, ...]:
    keys = options(language, *KEYS[state.at])
    if state.at == "get":
        return (*choices(language, "replenish.get"), *keys)
    if state.at == "short":
        return (*choices(language, "yes", "no"), *keys)
    return keys


def _focus(state: State, facts: Facts) -> Focus:
    task = facts.task
    if task is None:
        return Focus()
    if state.at in ("face", "fit"):
        return Focus(place=task.face, sku=task.sku, qty=facts.carried)
    if state.at == "rest":
        return Focus(place=facts.came_from, sku=task.sku, qty=facts.carried)
    take = facts.take(state)
    if take is None:
        return Focus(place=task.face)
    return Focus(
        place=take.stands, item=take.name, sku=take.sku, lot=take.serial or take.lot,
        expiry=take.expiry, qty=take.qty - state.hand, tote=take.container, picture=take.picture,
    )  # fmt: skip


def _lines(state: State, facts: Facts, language: Language) -> tuple[str, ...]:
    if facts.task is None:
        return (say("replenish.waiting", language, count=facts.waiting, urgent=facts.urgent),)
    if state.at in ("place", "container", "item"):
        return (say("replenish.goes_to", language, place=facts.task.face),)
    return ()


def _line(take: Take) -> str:
    return f"{take.container or take.stands} {take.sku} x{take.qty}"
