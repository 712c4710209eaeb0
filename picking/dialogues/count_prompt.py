"""What whoever counts sees: where to go, and what they have counted themselves. Pure."""

from msgspec.structs import replace

from picking.dialogues import approval
from picking.dialogues.base import choices, options
from picking.dialogues.count_facts import Facts, State
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Option, Prompt

LINES_MAX = 8
INSIDE_MAX = 3
AWAITS = {
    "get": (Await.CHOICE, Await.PLACE), "place": (Await.PLACE,), "item": (Await.ITEM, Await.QTY),
    "which": (Await.CHOICE,), "lot": (Await.ITEM, Await.EXPIRY), "serial": (Await.SERIAL,),
    "empty": (Await.CHOICE,), "leave": (Await.CHOICE,), "again": (Await.CHOICE,),
    "decide": (Await.CHOICE,),
}  # fmt: skip


def prompt_for(state: State, facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    work = facts.work
    title = say("count.title", language)
    focus = Focus(place=work.place) if work is not None else Focus()
    if state.approval is not None:
        about = facts.difference[:LINES_MAX] if approval.is_secret(state.approval) else ()
        return approval.prompt(
            state.approval, language, dialogue="count", title=title, focus=focus, lines=about
        )
    page = Prompt(
        dialogue="count", step=state.at, title=title, ask=say(f"count.ask.{state.at}", language),
        help=say(f"help.count.{state.at}", language), awaits=AWAITS[state.at], focus=focus,
        options=_keys(state, language), language=language,
    )  # fmt: skip
    if state.at == "get":
        return replace(page, lines=(say("count.waiting", language, count=facts.waiting),))
    if state.listing:
        return replace(
            page, step="list", ask=say("count.ask.list", language), lines=_list(state, facts),
            help=say("help.count.list", language), awaits=(Await.NOTHING,),
            options=options(language, "back"),
        )  # fmt: skip
    if state.at == "which" and state.pending is not None:
        return replace(page, options=_which(state, language))
    return _with_goods(page, state, facts, language)


def _with_goods(page: Prompt, state: State, facts: Facts, language: Language) -> Prompt:
    """The goods at hand: those being told apart, or those of the last scan, as counted so far."""
    pending = state.pending
    last = state.past[-1] if state.past else None
    item = pending.item if pending is not None else last.item if last is not None else 0
    goods = facts.of(item)
    if state.at == "item" and facts.inside:
        page = replace(page, lines=(_apart(facts, language),))
    if goods is None or state.at not in ("item", "lot", "serial"):
        return page
    focus = Focus(
        place=page.focus.place, item=goods.name, sku=goods.sku, picture=goods.picture,
        lot=(pending.lot if pending is not None else last.lot if last is not None else ""),
        qty=None if pending is not None else counted(state, item, last.lot if last else ""),
    )  # fmt: skip
    pieces = sum(tally.qty for tally in state.seen)
    told = say("count.so_far", language, pieces=pieces)
    return replace(page, focus=focus, lines=(told, *page.lines))


def _apart(facts: Facts, language: Language) -> str:
    """Pallets and totes that stand here have a count of their own."""
    named = " ".join(facts.inside[:INSIDE_MAX])
    more = " ..." if len(facts.inside) > INSIDE_MAX else ""
    return say("count.apart_line", language, containers=named + more)


def counted(state: State, item: int, lot: str) -> int:
    """How many of an item's lot were seen so far."""
    return sum(tally.qty for tally in state.seen if (tally.item, tally.lot) == (item, lot))


def _list(state: State, facts: Facts) -> tuple[str, ...]:
    lines = []
    for tally in state.seen:
        goods = facts.of(tally.item)
        name = goods.sku if goods is not None else str(tally.item)
        lines.append(" ".join(part for part in (name, tally.lot, tally.serial) if part))
        lines[-1] += f" {tally.qty}"
    return tuple(reversed(lines))


def _which(state: State, language: Language) -> tuple[Option, ...]:
    assert state.pending is not None
    digits = tuple(
        Option(key=str(n), command=str(n), label=f"{one.owner} {one.sku}")
        for n, one in enumerate(state.pending.choices, start=1)
    )
    return (*digits, *options(language, "back"))


def _keys(state: State, language: Language) -> tuple[Option, ...]:
    match state.at:
        case "get":
            return (*choices(language, "count.get"), *options(language, "back"))
        case "item":
            done = Option(key="F6", command="full", label=say("count.all", language))
            return (done, *options(language, "undo", "list", "back"))
        case "empty" | "leave":
            return choices(language, "yes", "no")
        case "again":
            return choices(language, "count.again", "count.others")
        case "decide":
            ask = choices(language, "count.ask_yes", "count.again")
            return (*ask, *options(language, "back"))
        case _:
            return options(language, "back")
