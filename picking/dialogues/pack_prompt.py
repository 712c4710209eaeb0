"""What the packer sees, as data. Pure."""

import dataclasses
from collections import Counter

from msgspec.structs import replace

from picking.dialogues import pack_proof as proof
from picking.dialogues.base import choices, options
from picking.dialogues.pack_facts import Content, Facts, Printing, State
from wms.messages import Language, reason_words, say
from wms.prompts import Await, Focus, Option, Prompt

AWAITS = {
    "tote": Await.TOTE, "one": Await.ITEM, "item": Await.ITEM, "box": Await.BOX,
    "weigh": Await.WEIGHT, "label": Await.CHOICE, "slip": Await.SLIP, "verify": Await.LABEL,
}  # fmt: skip
KEYS = {
    "tote": ("back",), "one": ("list", "back"), "item": ("undo", "full", "list", "back"),
    "box": ("undo", "list", "back"), "weigh": ("undo", "back"), "label": ("later", "assist"),
    "slip": ("later", "assist"), "verify": ("reprint", "later", "assist"),
}  # fmt: skip
LINES_MAX = 6
WAITING = ("requested", "ready")  # states of a print job that its printer could hold up
IN_A_TOTE = ("one", "item", "box", "weigh")


def prompt_for(state: State, facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    total = sum(content.qty for content in facts.bound)
    page = Prompt(
        dialogue="pack", step=state.at, title=say("pack.title", language),
        ask=say(f"pack.ask.{state.at}", language), help=say(f"help.pack.{state.at}", language),
        awaits=(AWAITS[state.at],), focus=_focus(state, facts),
        lines=(*_warnings(state, facts, language), *_pieces(state, facts, language))[:LINES_MAX],
        done=len(state.scanned), total=total, options=_keys(state, facts, language),
        language=language,
    )  # fmt: skip
    if state.listing and state.at in IN_A_TOTE:
        return replace(
            page, step="list", ask=say("pack.ask.list", language), awaits=(Await.NOTHING,),
            lines=_pieces(state, facts, language, everything=True),
            help=say("help.pack.list", language), options=options(language, "back"),
        )  # fmt: skip
    return page


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    names = KEYS[state.at]
    if state.at in ("item", "box", "weigh") and facts.slip_printer:
        names = ("reprint", *names)
    keys = options(language, *names)
    if state.at == "weigh" and facts.scale == "down":
        return (*choices(language, "pack.without_scale"), *keys)
    if state.at == "weigh" and facts.weight_g is not None and facts.weight_g > 0:
        return (*choices(language, "pack.use_weight", grams=facts.weight_g), *keys)
    if state.at == "label":
        return (*choices(language, "pack.print_labels"), *keys)
    return keys


def _focus(state: State, facts: Facts) -> Focus:
    match state.at:
        case "tote":
            return Focus(place=facts.station)
        case "label" | "slip" | "verify":
            assert facts.parcel is not None, "arrive() leaves a parcel that is done"
            return Focus(parcel=facts.parcel.code, box=facts.parcel.box)
        case "item":
            return _next_piece(state, facts)
        case "box":
            box = proof.propose_box(facts, _boxed(state, facts))
            return Focus(box=box.code if box else "", tote=state.tote)
        case "weigh":
            box = facts.box(state.box)
            goods_g = proof.goods_g(facts.bound, state.scanned)
            known = box is not None and goods_g is not None
            weight_g = box.tare_g + goods_g if known and box and goods_g is not None else None
            return Focus(box=state.box, tote=state.tote, weight_g=weight_g)
        case _:
            return Focus(tote=state.tote)


def _next_piece(state: State, facts: Facts) -> Focus:
    left = proof.left(facts.bound, state.scanned)
    content = next((one for one in facts.bound if left[proof.piece(one)]), None)
    if content is None:
        return Focus(tote=state.tote)
    return Focus(
        item=content.name, sku=content.sku, lot=content.lot, tote=content.tote,
        qty=left[proof.piece(content)], picture=content.picture,
    )  # fmt: skip


def _boxed(state: State, facts: Facts) -> tuple[Content, ...]:
    """What goes into this box: all of it, or as much as was proven before it was full."""
    part = {packed.allocation: packed.qty for packed in proof.part(facts.bound, state.scanned)}
    return tuple(
        dataclasses.replace(content, qty=part[content.allocation])
        for content in facts.bound
        if content.allocation in part
    )


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
    if facts.printer:
        lines.append(_printer_down(facts, language))
    if facts.slip is not None and facts.slip.state in ("blocked", "failed", "uncertain"):
        lines.append(_printing(facts.slip, language))
    return tuple(lines)


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
    expected: Counter[int] = Counter()
    sku = {tagged.item: tagged.sku for tagged in facts.tags or ()}
    for content in facts.here:
        sku[content.item] = content.sku
        if content.rfid:
            expected[content.item] += content.qty
    seen = Counter({tagged.item: tagged.count for tagged in facts.tags or ()})
    missing, extra = expected - seen, seen - expected
    if not expected and not extra:
        return say("rfid.none", language)
    if not missing and not extra:
        return say("rfid.match", language, count=expected.total())
    names = ", ".join(
        [f"-{qty} {sku[item]}" for item, qty in sorted(missing.items())]
        + [f"+{qty} {sku[item]}" for item, qty in sorted(extra.items())]
    )
    return say("rfid.differs", language, difference=names)
