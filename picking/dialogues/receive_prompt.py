"""What the receiver sees, as data. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from picking.dialogues import receive_goods as goods
from picking.dialogues.base import choices, options
from picking.dialogues.receive_facts import Delivery, Facts, Goods, State
from picking.portal import Sighting
from wms.inbound.deliveries import DAMAGE_REASONS, OVER_REASONS, SHORT_REASONS
from wms.inbound.lpn import is_sscc
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Option, Prompt

LINES_MAX = 5
LABEL_MAX = 40  # characters of a row that is chosen by its digit
BEGINNING = 16  # characters of it that the smallest screen shows
AWAITS: dict[str, tuple[Await, ...]] = {
    "choose": (Await.DOCUMENT, Await.CHOICE), "owner": (Await.CHOICE,), "item": (Await.ITEM,),
    "lot": (Await.TEXT,), "expiry": (Await.EXPIRY,), "serial": (Await.SERIAL,),
    "sure": (Await.ITEM,), "put": (Await.TOTE, Await.PLACE, Await.ITEM, Await.QTY),
    "over": (Await.CHOICE,), "why": (Await.CHOICE,), "bind": (Await.ITEM, Await.CHOICE),
    "inside": (Await.QTY,), "list": (Await.CHOICE,), "close": (Await.CHOICE,),
    "portal": (Await.CHOICE,), "locate": (Await.NOTHING,),
}  # fmt: skip
IN_HAND = ("lot", "expiry", "serial", "sure", "put", "over", "why")


def prompt_for(state: State, facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    page = Prompt(
        dialogue="receive", step=state.at, title=say("receive.title", language),
        ask=say(f"receive.ask.{state.at}", language),
        help=say(f"help.receive.{state.at}", language), awaits=AWAITS[state.at],
        options=_keys(state, facts, language), language=language,
    )  # fmt: skip
    delivery = facts.delivery(state)
    if delivery is None:
        nothing = state.at == "choose" and not facts.deliveries
        return _nothing_announced(page, facts, language) if nothing else page
    page = replace(
        page, title=f"{page.title} {delivery.code}",
        done=sum(one.came for one in facts.lines),
        total=sum(max(one.line.qty, one.came) for one in facts.lines),
    )  # fmt: skip
    if state.at in IN_HAND:
        return _in_hand(page, state, facts, language)
    if state.at in ("portal", "locate"):
        return _portal(page, state, facts, language)
    return replace(page, lines=_lines(state, facts, delivery, language))


def _nothing_announced(page: Prompt, facts: Facts, language: Language) -> Prompt:
    """No delivery is open: what may be done all the same, or whom to ask."""
    way_out = "receive.then_blind" if facts.may_blind else "receive.then_call"
    asked = say("receive.nothing", language)
    return replace(page, ask=asked, lines=(say(way_out, language),))


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    match state.at:
        case "choose":
            shown = goods.page_of(facts.deliveries, state.page)
            blind = _named("F6", "full", "receive.blind", language) if facts.may_blind else ()
            more = _digits(_names(shown), len(facts.deliveries), language)
            call = () if facts.deliveries or facts.may_blind else ("assist",)
            return (*more, *blind, *options(language, *call, "back"))
        case "owner":
            shown_owners = list(goods.page_of(facts.owners, state.page))
            more = _digits(shown_owners, len(facts.owners), language)
            return (*more, *options(language, "back"))
        case "item":
            return _item_keys(facts, language)
        case "put":
            return (
                *_named("F6", "full", "receive.new_label", language),
                *_named("F2", "short", "receive.damaged", language),
                *options(language, "undo", "back"),
            )
        case "list" | "bind":
            rows = [f"{one.sku} {_counted(one)}" for one in goods.page_of(facts.lines, state.page)]
            close = _named("F6", "full", "receive.complete", language)
            more = _digits(rows, len(facts.lines), language)
            return (*more, *(close if state.at == "list" else ()), *options(language, "back"))
        case "sure" if state.hand.chosen:
            return (*choices(language, "yes"), *options(language, "back"))
        case _:
            return (*choices(language, *_answers(state, facts)), *options(language, "back"))


def _names(shown: Sequence[Delivery]) -> list[str]:
    """The number on the paper first: hands look for it, and a small screen shows little more.

    Numbers that begin alike would look the same there: then our own code comes first.
    """
    if len({one.number[:BEGINNING] for one in shown}) < len(shown):
        return [f"{one.code} {one.number}"[:LABEL_MAX] for one in shown]
    return [f"{one.number} {one.supplier}".strip()[:LABEL_MAX] for one in shown]


def _answers(state: State, facts: Facts) -> tuple[str, ...]:
    """Codes of the words behind the digits."""
    match state.at:
        case "over":
            return tuple(f"receive.why.{code}" for code in OVER_REASONS)
        case "why":
            return tuple(f"receive.why.{code}" for code in DAMAGE_REASONS)
        case "close" if facts.missing:
            return tuple(f"receive.why.{code}" for code in SHORT_REASONS)
        case "close":
            return ("yes",)
        case "portal":
            return ("receive.accept", "receive.look_again", "receive.locate")
        case _:
            return ()


def _item_keys(facts: Facts, language: Language) -> tuple[Option, ...]:
    digits: tuple[Option, ...] = ()
    if goods.can_repeat(facts) and facts.last is not None and facts.last_item is not None:
        label = say("receive.again", language, sku=facts.last_item.sku, count=facts.last.qty)
        digits = (Option(key="1", command="1", label=label),)
    if facts.reader:
        digits = (*digits, Option(key="2", command="2", label=say("receive.portal", language)))
    label_again = facts.last is not None and is_sscc(facts.last.place)
    return (
        *digits, *_named("F6", "full", "receive.complete", language),
        *options(language, "list", *(("undo",) if facts.last else ()),
                 *(("reprint",) if label_again else ()), "back"),
    )  # fmt: skip


def _named(key: str, command: str, code: str, language: Language) -> tuple[Option, ...]:
    """A function key that has a name of its own here."""
    return (Option(key=key, command=command, label=say(code, language)),)


def _digits(names: Sequence[str], count: int, language: Language) -> tuple[Option, ...]:
    """Rows with their digits, and the one that turns the page."""
    rows = tuple(
        Option(key=str(n), command=str(n), label=name) for n, name in enumerate(names, start=1)
    )
    turn = Option(key=str(goods.TURN), command=str(goods.TURN), label=say("menu.more", language))
    return (*rows, turn) if count > goods.PAGE else rows


def _counted(line: Goods) -> str:
    return f"{line.came}/{line.line.qty}"


def _lines(
    state: State, facts: Facts, delivery: Delivery, language: Language
) -> tuple[str, ...]:  # fmt: skip
    if state.at == "bind":
        return (say("receive.unknown_code", language, barcode=state.code),)
    if state.at == "inside" and facts.item is not None:
        return (state.code, facts.item.name)
    if state.at == "close":
        wrong = [one for one in facts.lines if one.came != one.line.qty or one.line.damaged]
        return tuple(f"{one.sku} {_counted(one)}" for one in wrong[:LINES_MAX])
    if state.at == "item":
        waits = [f"{one.sku} {_counted(one)}" for one in facts.missing[:LINES_MAX]]
        return (*waits, f"{delivery.number} {delivery.supplier}".strip())
    return ()


def _in_hand(page: Prompt, state: State, facts: Facts, language: Language) -> Prompt:
    hand, item = state.hand, facts.item
    if item is None:
        return page
    focus = Focus(
        item=item.name, sku=item.sku, lot=hand.lot if item.lot_tracked else "",
        expiry=goods.date_of(hand, facts) if item.expiry_tracked else "", qty=hand.qty,
        picture=item.picture,
    )  # fmt: skip
    lines: tuple[str, ...] = ()
    if state.at == "sure":
        odd = goods.current_doubt(hand, facts)
        lines = (say(f"receive.sure.{odd}", language, date=facts.older or focus.expiry),)
    elif state.at in ("lot", "expiry"):
        lines = _announced(state, facts, language)
    elif state.at == "serial":
        lines = (f"{len(hand.serials)}/{hand.qty}",)
    elif state.at == "over":
        room = facts.room(item.id)
        lines = (say("receive.over_by", language, room=room, count=hand.qty - room),)
    elif state.at == "put":
        why = (say(f"receive.why.{hand.why}", language),) if hand.why else ()
        left = say("receive.still", language, count=facts.room(item.id))
        lines = (left, *why)
    return replace(page, focus=focus, lines=lines, photo=_photo(state, facts) if hand.why else "")


def _announced(state: State, facts: Facts, language: Language) -> tuple[str, ...]:
    """The lots, or the dates, that were announced of the goods in the hand: to compare with."""
    hand = state.hand
    mine = [one.line for one in facts.lines if one.line.item == hand.item]
    due = [line for line in mine if line.room] or mine
    if state.at == "lot":
        names = tuple(dict.fromkeys(line.lot for line in due if line.lot))
        return (say("receive.due_lots", language), *names[:LINES_MAX]) if names else ()
    fits = [line.expiry for line in due if line.expiry and line.lot in ("", hand.lot)]
    dates = tuple(dict.fromkeys(fits))[:LINES_MAX]
    return tuple(say("receive.due_date", language, date=date) for date in dates)


def _photo(state: State, facts: Facts) -> str:
    """What a picture of damaged goods is kept with: their line, or the delivery."""
    mine = (one.line.id for one in facts.lines if one.line.item == state.hand.item)
    line = next(mine, 0)
    return f"inbound_line:{line}" if line else f"inbound:{state.delivery}"


def _seen(one: Sighting, facts: Facts, language: Language) -> tuple[str, str]:
    """Which reader and which of its antennas saw a tag strongest, how strong, and how long ago."""
    seconds = max(0, facts.now - one.last_ms) // 1000
    reader = f"{one.device} #{one.antenna}" if one.antenna else one.device
    return (
        say("receive.seen_at", language, sku=one.sku, device=reader),
        say("receive.seen_ago", language, rssi=one.rssi, seconds=seconds),
    )


def _portal(page: Prompt, state: State, facts: Facts, language: Language) -> Prompt:
    decision = facts.portal
    if decision is None:
        return page
    if state.at == "locate":
        seen = [line for one in facts.sightings[:LINES_MAX] for line in _seen(one, facts, language)]
        return replace(page, lines=tuple(seen) or (say("receive.nowhere", language),))
    counts = {
        "here": len(decision.accepted), "missing": decision.missing_count,
        "extra": len(decision.extra) + len(decision.elsewhere),
    }  # fmt: skip
    lines = [say("receive.tags_unsure" if decision.blind else "receive.tags", language, **counts)]
    if decision.blind:
        lines.append(say("receive.tags_blind", language, reader=facts.reader, span=facts.blind))
    absent = "receive.tags_unseen" if decision.blind else "receive.tags_missing"
    for one in decision.missing[:LINES_MAX]:
        lines.append(say(absent, language, sku=one.sku, count=one.count))
    others = sorted({one.delivery for one in decision.elsewhere})
    for code in others[:LINES_MAX]:
        count = sum(one.delivery == code for one in decision.elsewhere)
        lines.append(say("receive.tags_elsewhere", language, count=count, delivery=code))
    if decision.extra:
        names = ", ".join(sorted({one.sku for one in decision.extra}))[:40]
        lines.append(say("receive.tags_extra", language, count=len(decision.extra), names=names))
    if decision.again:
        lines.append(say("receive.tags_again", language, count=len(decision.again)))
    return replace(page, lines=tuple(lines))
