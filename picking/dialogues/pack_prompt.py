"""What the packer sees, as data. Pure."""

from collections import Counter

from msgspec.structs import replace

from picking.dialogues import pack_box
from picking.dialogues import pack_proof as proof
from picking.dialogues.base import choices, options
from picking.dialogues.pack_state import Facts, Printing, State
from wms.messages import Language, reason_words, say
from wms.rooms.prompts import Await, Focus, Option, Prompt
from wms.shipping.cartons import OWN_BOX

AWAITS = {
    "tote": Await.TOTE, "one": Await.ITEM, "item": Await.ITEM, "paper": Await.DOCUMENT,
    "box": Await.BOX,
    "weigh": Await.WEIGHT, "label": Await.CHOICE, "slip": Await.SLIP, "verify": Await.LABEL,
}  # fmt: skip
KEYS = {
    "tote": ("back",), "one": ("list", "back"), "item": ("undo", "full", "list", "back"),
    "paper": ("undo", "list", "back"), "box": ("undo", "full", "list", "back"),
    "weigh": ("undo", "back"), "label": ("later", "assist"), "slip": ("later", "assist"),
    "verify": ("reprint", "later", "assist"),
}  # fmt: skip
LINES_MAX = 6
WAITING = ("requested", "ready")  # states of a print job that its printer could hold up
IN_A_TOTE = ("one", "item", "paper", "box", "weigh")


def prompt_for(state: State, facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    total = sum(content.qty for content in facts.bound)
    page = Prompt(
        dialogue="pack", step=state.at, title=say("pack.title", language),
        ask=say(f"pack.ask.{state.at}", language), help=say(f"help.pack.{state.at}", language),
        awaits=(AWAITS[state.at],), focus=_focus(state, facts, language),
        lines=(*_warnings(state, facts, language), *_pieces(state, facts, language))[:LINES_MAX],
        done=len(state.scanned), total=total, options=_keys(state, facts, language),
        language=language,
    )  # fmt: skip
    if state.changing:
        return replace(
            page, step="service", ask=say("pack.ask.service", language), awaits=(Await.CHOICE,),
            help=say("help.pack.service", language), lines=(),
            options=(*_services(facts, language), *options(language, "back")),
        )  # fmt: skip
    if state.listing and state.at in IN_A_TOTE:
        return replace(
            page, step="list", ask=say("pack.ask.list", language), awaits=(Await.NOTHING,),
            focus=Focus(tote=state.tote),
            lines=_pieces(state, facts, language, everything=True),
            help=say("help.pack.list", language), options=options(language, "back"),
        )  # fmt: skip
    return page


def _services(facts: Facts, language: Language) -> tuple[Option, ...]:
    return tuple(
        Option(
            key=str(n), command=str(n),
            label=say("pack.upgrade", language, service=one.name, cost=one.cost),
        )
        for n, one in enumerate(facts.upgrades, start=1)
    )  # fmt: skip


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    names = KEYS[state.at]
    if state.at in ("item", "paper", "box", "weigh") and facts.slip_printer:
        names = ("reprint", *names)
    return (*_digits(state, facts, language), *options(language, *names))


def _digits(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    """`1`: what this step alone has; `2`: another service, where the owner allows one."""
    found: tuple[Option, ...] = ()
    if state.at == "weigh" and facts.scale == "down":
        found = choices(language, "pack.without_scale")
    elif state.at == "weigh" and facts.weight_g is not None and facts.weight_g > 0:
        found = choices(language, "pack.use_weight", grams=facts.weight_g)
    elif state.at == "paper" and proof.by_hand(facts, state) is not None:
        found = choices(language, "pack.by_hand")
    elif state.at == "label":
        found = choices(language, "pack.print_labels")
    elif state.at in ("tote", "verify") and facts.can_redirect:
        code = "pack.print_home" if facts.redirected else "pack.print_there"
        found = choices(language, code, helper=facts.helper)
    if facts.upgrades and state.at in ("box", "weigh", "label", "verify"):
        label = say("pack.change_service", language)
        found += (Option(key="2", command="2", label=label),)
    return found


def _focus(state: State, facts: Facts, language: Language) -> Focus:
    match state.at:
        case "tote":
            return Focus(place=facts.station)
        case "label" | "slip" | "verify":
            assert facts.parcel is not None, "arrive() leaves a parcel that is done"
            return Focus(parcel=facts.parcel.code, box=_box_name(facts.parcel.box))
        case "item":
            return _next_piece(state, facts)
        case "paper":
            paper = proof.unproven_papers(facts, state)[0]
            name = say(f"pack.paper.{paper.kind}", language)
            return Focus(item=name, sku=paper.code, tote=state.tote)
        case "box":
            return _box(state, facts)
        case "weigh":
            weight_g = pack_box.predicted_g(facts, state)
            return Focus(box=_box_name(state.box), tote=state.tote, weight_g=weight_g)
        case _:
            return Focus(tote=state.tote)


def _box_name(code: str) -> str:
    return "" if code == OWN_BOX else code


def _box(state: State, facts: Facts) -> Focus:
    """The box to take; for a piece that travels in its own, the piece."""
    code = pack_box.first_box(facts, state)
    alone = proof.alone(facts, state)
    if alone is not None and code in ("", OWN_BOX):
        return Focus(
            item=alone.name, sku=alone.sku, tote=state.tote, picture=alone.picture
        )  # fmt: skip
    return Focus(box=code, tote=state.tote)


def _next_piece(state: State, facts: Facts) -> Focus:
    left = proof.left(facts.bound, state.scanned)
    content = next((one for one in facts.bound if left[proof.piece(one)]), None)
    if content is None:
        return Focus(tote=state.tote)
    return Focus(
        item=content.name, sku=content.sku, lot=content.lot, tote=content.tote,
        qty=left[proof.piece(content)], picture=content.picture,
    )  # fmt: skip


def _warnings(state: State, facts: Facts, language: Language) -> tuple[str, ...]:
    """What the packer must know before the goods: tags, paper that does not come, more boxes."""
    lines: list[str] = []
    parcel = facts.parcel
    if state.at in ("label", "slip", "verify"):
        assert parcel is not None, "arrive() leaves a parcel that is done"
        if parcel.pieces > 1:
            lines.append(say("pack.piece", language, piece=parcel.piece, pieces=parcel.pieces))
        if state.at == "verify" and parcel.printing is not None:
            lines.append(_printing(parcel.printing, language))
            waits = parcel.printing.state in WAITING and not parcel.printing.reason
            if facts.printer and waits:
                lines.append(_printer_down(facts, language))
        if state.at == "slip":
            lines.extend(facts.slip_numbers[:3])
        return tuple(lines)
    if state.at in ("one", "item") and facts.tags is not None:
        lines.append(rfid_line(facts, language))
    elif state.at in ("one", "item") and facts.blind:
        lines.append(say("rfid.blind", language, span=facts.blind))
    if facts.redirected:
        lines.append(say("pack.prints_there", language, station=facts.redirected))
    if facts.printer:
        lines.append(_printer_down(facts, language))
    failed = proof.by_hand(facts, state) if state.at == "paper" else None
    if failed is not None:
        lines.append(reason_words(failed.failed, language))
    if state.at in ("item", "paper", "box"):
        lines.extend(_wishes(state, facts, language))
    if facts.slip is not None and facts.slip.state in ("blocked", "failed", "uncertain"):
        lines.append(_printing(facts.slip, language))
    return tuple(lines)


def _wishes(state: State, facts: Facts, language: Language) -> list[str]:
    """How many boxes it takes, and what the purchaser of a gift asked for."""
    lines = []
    inside = facts.bound if state.at == "item" else proof.chosen(facts.bound, state.scanned)
    names = [_box_name(one.box.code) or "-" for one in pack_box.proposal(facts, inside)]
    if len(names) > 1:
        boxes = " ".join(names)
        lines.append(say("pack.several_boxes", language, count=len(names), boxes=boxes))
    gift = facts.order.gift if facts.order is not None else None
    if gift is not None:
        for code, words in (
            ("pack.noshi", f"{gift.noshi} {gift.noshi_name}".strip()),
            ("pack.wrapping", gift.wrapping), ("pack.message", gift.message),
        ):  # fmt: skip
            if words:
                lines.append(say(code, language, words=words))
        if gift.without_slip:
            lines.append(say("pack.without_slip", language))
    return lines


def _printer_down(facts: Facts, language: Language) -> str:
    return say("pack.printer_down", language, reason=reason_words(facts.printer, language))


def _printing(job: Printing, language: Language) -> str:
    words = (reason_words(job.reason, language), job.printer)
    reason = " ".join(word for word in words if word)
    return say(f"print.{job.state}", language, reason=reason).strip(" :：")


def _pieces(
    state: State, facts: Facts, language: Language, *, everything: bool = False
) -> tuple[str, ...]:
    """Each content with how many of it are proven, the unproven first."""
    if state.at == "one":
        return tuple(f"{one.qty} {one.name}" for one in facts.here) if everything else ()
    if state.at != "item" and not everything:
        return ()
    counted = Counter(state.scanned)
    lines = []
    for content in facts.bound:
        done = min(counted[proof.piece(content)], content.qty)
        counted[proof.piece(content)] -= done
        note = say(f"line.{content.kind}", language) if content.kind != "goods" else ""
        lines.append((done == content.qty, f"{done}/{content.qty} {note}{content.name}"))
    return tuple(text for _, text in sorted(lines, key=lambda line: line[0]))


def rfid_line(facts: Facts, language: Language) -> str:
    """The tags that the station's reader sees, against the tagged goods of the tote."""
    expected = sum(content.qty for content in facts.here if content.rfid)
    faults = pack_box.tag_faults(facts, facts.here)
    if faults:
        return say("rfid.differs", language, difference=pack_box.difference(faults))
    return say("rfid.match", language, count=expected) if expected else say("rfid.none", language)
