"""What the grader sees at each step. Pure."""

from msgspec.structs import replace

from picking.dialogues import approval
from picking.dialogues.base import choices, options
from picking.dialogues.returns_facts import Current, Facts, State
from wms.messages import Language, say
from wms.returns.finding import CHOICES_MAX
from wms.returns.rules import BY_HAND
from wms.rooms.prompts import Await, Focus, Option, Prompt

AWAITS: dict[str, tuple[Await, ...]] = {
    "arrive": (Await.PARCEL, Await.ITEM, Await.CHOICE), "choose": (Await.CHOICE,),
    "search": (Await.TEXT,), "unknown": (Await.CHOICE, Await.ITEM), "evidence": (Await.CHOICE,),
    "aside": (Await.PLACE, Await.TOTE), "unit": (Await.ITEM, Await.SERIAL),
    "lot": (Await.ITEM, Await.CHOICE), "serial": (Await.SERIAL,), "swapped": (Await.CHOICE,),
    "strange": (Await.CHOICE,), "instead": (Await.CHOICE,), "grade": (Await.CHOICE,),
    "disposition": (Await.CHOICE,), "place": (Await.PLACE, Await.TOTE), "close": (Await.CHOICE,),
}  # fmt: skip
LINES_MAX = 5
GRADES = tuple(one for one in BY_HAND if one != "missing")


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the person sees."""
    at = "list" if state.listing else state.at
    page = Prompt(
        dialogue="returns", step=at, title=say("returns.title", language),
        ask=say(f"returns.ask.{at}", language), help=say(f"help.returns.{at}", language),
        awaits=(Await.NOTHING,) if state.listing else AWAITS[at],
        options=options(language, "back"), language=language,
    )  # fmt: skip
    current = facts.current
    if current is None:
        return _without_a_box(page, state, facts, language)
    page = replace(
        page, title=current.code, photo=f"return:{current.number}",
        done=sum(min(line.graded, line.qty) for line in current.lines),
        total=sum(line.qty for line in current.lines),
    )  # fmt: skip
    if state.approval is not None:
        lines = (say(f"returns.grade.{state.grade}", language), state.place)
        return approval.prompt(
            state.approval, language, dialogue="returns", title=current.code,
            focus=_goods(facts, state), lines=lines,
        )  # fmt: skip
    if state.listing:
        return replace(page, lines=_contents(current, language, all_of_it=True))
    if state.at in ("evidence", "aside", "close") or state.whole:
        return _of_the_box(page, state, facts, current, language)
    if state.at in ("unit", "instead"):
        return _open_box(page, state, current, language)
    return _of_the_piece(page, state, facts, language)


def _without_a_box(page: Prompt, state: State, facts: Facts, language: Language) -> Prompt:
    back = page.options
    if state.listing:
        waiting = say("returns.announced", language, count=facts.announced)
        return replace(page, lines=(waiting, *facts.decided))
    if state.at == "choose":
        named = [
            (f"{one.name} {holder or one.note}").strip()
            for one, holder in zip(facts.candidates, facts.holders, strict=True)
        ]
        return replace(page, options=(*_digits(named[:CHOICES_MAX]), *back))
    if state.at == "search":
        return replace(page, secret=True, options=back)
    if state.at == "unknown":
        return replace(page, options=(*_digits(facts.owners), *back))
    found: list[Option] = []
    if facts.at_station:
        found.append(Option(key="1", command="1", label=say("returns.search", language)))
    found.append(Option(key="2", command="2", label=say("returns.no_papers", language)))
    decided = say("returns.decided", language, count=len(facts.decided))
    return replace(
        page, lines=(decided,) if facts.decided else (),
        options=(*found, *options(language, "list"), *back),
    )  # fmt: skip


def _digits(labels: tuple[str, ...] | list[str]) -> tuple[Option, ...]:
    return tuple(
        Option(key=str(n), command=str(n), label=label) for n, label in enumerate(labels, start=1)
    )


def _of_the_box(
    page: Prompt, state: State, facts: Facts, current: Current, language: Language
) -> Prompt:
    seen = current.seen
    focus = Focus(parcel=seen.parcel, weight_g=seen.weight_g or None)
    if state.at == "close":
        lines = tuple(
            say("returns.lacks", language, sku=line.sku, count=line.qty - line.graded)
            for line in current.missing
        )
        keys = (*choices(language, "yes", "no"), *page.options)
        return replace(page, lines=lines[:LINES_MAX] or (say("returns.all_here", language),),
                       options=keys)  # fmt: skip
    if state.at == "evidence":
        waits = (say("returns.waits", language),) if current.waits else ()
        told = [say(f"returns.kind.{current.kind}", language)]
        if current.again:
            told.insert(0, say("returns.again", language))
        if seen.parcel:
            told.append(f"{seen.parcel} {seen.weight_g} g")
        if seen.packed_by:
            told.append(say("returns.packed_by", language, name=seen.packed_by))
        if seen.epcs:
            told.append(say("returns.tags", language, count=len(seen.epcs)))
        keys = (*_of_evidence(current, language), *page.options)
        lines = (*waits, *_contents(current, language), *told)  # the contents first: it is small
        return replace(page, lines=lines, options=keys)
    return replace(page, focus=focus, lines=_contents(current, language))


def _of_evidence(current: Current, language: Language) -> tuple[Option, ...]:
    """What can be done with the box: its digits stay what they are, whichever of them work."""
    can = (
        (1, "returns.open", not current.waits), (2, "returns.unopened", current.may_be_aside),
        (3, "returns.as_it_was", current.may_go_back),
    )  # fmt: skip
    return tuple(
        Option(key=str(digit), command=str(digit), label=say(code, language))
        for digit, code, works in can
        if works
    )


def _contents(current: Current, language: Language, *, all_of_it: bool = False) -> tuple[str, ...]:
    """What was sent, with lots and serial numbers; else what was announced."""
    sent = tuple(
        " ".join(part for part in (one.sku, f"x{one.qty}", one.lot, one.serial) if part)
        for one in current.seen.sent
    )
    awaited = tuple(f"{line.sku} {line.graded}/{line.qty}" for line in current.lines)
    if all_of_it:
        return (*awaited, *sent, *current.seen.epcs)
    return (sent or awaited)[:LINES_MAX] or (say("returns.contents_unknown", language),)


def _open_box(page: Prompt, state: State, current: Current, language: Language) -> Prompt:
    left = [f"{line.sku} {line.graded}/{line.qty}" for line in current.missing][:LINES_MAX]
    if state.at == "instead":
        return replace(page, options=(*_digits(left), *page.options))
    full = Option(key="F6", command="full", label=say("returns.finish", language))
    nameless = Option(key="9", command="9", label=say("returns.nameless", language))
    if not left and any(line.qty for line in current.lines):
        page = replace(page, ask=say("returns.all_seen", language))
        left = [say("returns.all_here", language)]
    return replace(
        page, lines=tuple(left),
        options=(*((nameless,) if current.missing else ()), full,
                 *options(language, "list", "undo"), *page.options),
    )  # fmt: skip


def _goods(facts: Facts, state: State) -> Focus:
    goods = facts.goods
    if goods is None:
        return Focus()
    return Focus(
        item=goods.name, sku=goods.sku, picture=goods.picture, lot=state.lot,
        qty=state.qty if state.qty > 1 else None,
    )  # fmt: skip


def _of_the_piece(page: Prompt, state: State, facts: Facts, language: Language) -> Prompt:
    goods, focus, back = facts.goods, _goods(facts, state), page.options
    lines: tuple[str, ...] = (state.serial,) if state.serial else ()
    if goods is None:
        return page
    match state.at:
        case "lot":
            return replace(page, focus=focus, options=(*_digits(goods.lots[:LINES_MAX]), *back))
        case "serial":
            lines = goods.serials[:LINES_MAX]
        case "swapped":
            sent = say("returns.sent", language, serial=", ".join(goods.serials))
            lines = (sent, say("returns.read", language, serial=state.serial))
            return replace(page, focus=focus, lines=lines,
                           options=(*choices(language, "returns.is_swapped"), *back))  # fmt: skip
        case "strange":
            return replace(page, focus=focus,
                           options=(*choices(language, "returns.is_wrong"), *back))  # fmt: skip
        case "grade":
            words = choices(language, *(f"returns.grade.{one}" for one in GRADES))
            return replace(page, focus=focus, lines=lines, options=(*words, *back))
        case "disposition":
            words = choices(language, *(f"returns.disposition.{one}" for one in facts.dispositions))
            return replace(page, focus=focus, lines=lines, options=(*words, *back))
        case _:
            focus = replace(focus, place=goods.proposal)
            lines = (
                say(f"returns.grade.{state.grade or 'A'}", language),
                say(f"returns.disposition.{state.disposition or 'quarantine'}", language),
            )
    return replace(page, focus=focus, lines=lines)
