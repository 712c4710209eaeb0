"""What the picker sees, as data. Pure."""

from msgspec.structs import replace

from picking.dialogues import approval
from picking.dialogues.base import choices, options
from picking.dialogues.pick_facts import Facts, State
from picking.shortage import VERDICTS
from picking.tours import StopView, TourView
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Option, Prompt

KEYED_ABOVE = 5  # more pieces than this are counted by the hand and keyed
AWAITS = {
    "get": (Await.CHOICE,), "bind": (Await.TOTE,), "place": (Await.PLACE,),
    "item": (Await.ITEM,), "lot": (Await.ITEM,), "serial": (Await.ITEM,), "tote": (Await.TOTE,),
    "short": (Await.CHOICE,), "drop": (Await.PLACE,), "gone": (Await.CHOICE,),
    "fetch": (Await.TOTE,), "damaged": (Await.QTY,), "aside": (Await.TOTE, Await.PLACE),
    "zero": (Await.CHOICE,), "left": (Await.QTY,), "ask": (Await.CHOICE,),
}  # fmt: skip
KEYS = {
    "get": ("back",), "bind": ("undo", "list", "back"),
    "place": ("short", "later", "full", "undo", "list", "back"),
    "item": ("short", "later", "full", "undo", "list", "back"), "lot": ("short", "undo", "back"),
    "serial": ("short", "undo", "back"), "tote": ("full", "undo", "back"), "short": ("back",),
    "drop": ("undo", "list", "back"), "gone": (), "fetch": ("list", "back"),
    "damaged": ("back",), "aside": ("back",), "zero": (), "left": ("back",), "ask": ("later",),
}  # fmt: skip


def prompt_for(state: State, facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    tour, question = facts.tour, facts.question(state)
    if state.approval is not None and question is not None:
        return approval.prompt(
            state.approval, language, dialogue="pick", title=say("pick.title", language),
            lines=(question.code, say(f"short.{state.verdict}", language)),
        )  # fmt: skip
    page = Prompt(
        dialogue="pick", step=state.at, title=say("pick.title", language),
        ask=say(f"pick.ask.{state.at}", language), help=say(f"help.pick.{state.at}", language),
        awaits=AWAITS[state.at], options=_keys(state, language), language=language,
        done=tour.done if tour is not None else 0, total=len(tour.stops) if tour is not None else 0,
    )  # fmt: skip
    if tour is not None and state.listing:
        return replace(
            page, step="list", ask=say("pick.ask.list", language), lines=_left(tour),
            help=say("help.pick.list", language), awaits=(Await.NOTHING,),
            options=options(language, "back"),
        )  # fmt: skip
    return _with_focus(page, state, facts, language)


def _keys(state: State, language: Language) -> tuple[Option, ...]:
    keys = options(language, *KEYS[state.at])
    if state.at == "get":
        return (*choices(language, "pick.get"), *keys)
    if state.at == "short":
        return (*choices(language, "yes", "no", "pick.damaged"), *keys)
    if state.at == "tote" and state.after == "short":
        damaged = Option(key="3", command="3", label=say("pick.damaged", language))
        return (damaged, *keys)
    if state.at == "zero":
        return (*choices(language, "pick.empty", "pick.not_empty"), *keys)
    if state.at == "ask":
        return (*choices(language, *(f"short.{verdict}" for verdict in VERDICTS)), *keys)
    if state.at == "gone":
        return (*choices(language, "pick.put_back"), *keys)
    return keys


def _with_focus(page: Prompt, state: State, facts: Facts, language: Language) -> Prompt:
    tour, stop = facts.tour, facts.stop(state)
    if state.at == "gone":
        return replace(page, focus=Focus(place=state.place, qty=state.hand))
    if tour is None:
        return page
    if state.at == "fetch":
        waiting = tour.unfetched
        assert waiting is not None, "arrive() leaves `fetch` once all totes are on the cart"
        return replace(page, focus=Focus(place=waiting.parent, tote=waiting.tote or ""))
    if state.at in ("zero", "left"):
        return replace(page, focus=Focus(place=state.emptied))
    if state.at == "ask":
        question = facts.question(state)
        assert question is not None, "arrive() leaves `ask` once nothing is asked"
        lacking = say("short.lacking", language, missing=question.missing)
        return replace(page, lines=(question.code, lacking))
    if state.at == "bind":
        slot = tour.unbound
        assert slot is not None, "arrive() leaves `bind` once every slot has its tote"
        lines = (slot.order_code,) if slot.order_code else ()
        return replace(page, focus=Focus(slot=str(slot.slot)), lines=lines)
    if state.at == "drop":
        return replace(page, focus=Focus(place=facts.drops[0] if facts.drops else ""))
    assert stop is not None, "arrive() leaves a stop that is done"
    by_hand = state.at == "item" and state.hand > 0 and stop.qty > KEYED_ABOVE
    awaits = (*page.awaits, Await.QTY) if by_hand else page.awaits
    lines = (say("pick.serial", language, serial=stop.serial),) if stop.serial else ()
    photo = f"stop:{stop.id}" if state.at in ("damaged", "aside") else ""
    return replace(
        page, focus=_focus(state, tour, stop), lines=lines, awaits=awaits, photo=photo
    )  # fmt: skip


def _focus(state: State, tour: TourView, stop: StopView) -> Focus:
    qty = stop.qty - state.hand
    if state.at in ("lot", "serial"):
        qty = state.unproven
    elif state.at == "tote":
        qty = state.hand
    elif state.at == "aside":
        qty = state.broken
    return Focus(
        place=stop.place, item=stop.name, sku=stop.sku, lot=stop.lot, expiry=stop.expiry, qty=qty,
        tote=tour.tote_of(stop.slot) or "", slot=str(stop.slot), picture=stop.picture,
    )  # fmt: skip


def _left(tour: TourView) -> tuple[str, ...]:
    """What is still to be picked, in walking order."""
    return tuple(
        f"{stop.place} x{stop.qty} [{stop.slot}] {stop.name}"
        for stop in tour.stops
        if stop.state == "open"
    )
