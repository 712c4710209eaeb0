"""What the packer sees, as data. Pure."""

from collections import Counter
from typing import TYPE_CHECKING

from picking.dialogues import pack_proof as proof
from picking.dialogues.base import choices, options
from picking.dialogues.pack_facts import Content, Facts
from wms.messages import Language, say
from wms.prompts import Await, Focus, Option, Prompt

if TYPE_CHECKING:
    from picking.dialogues.pack import State

AWAITS = {
    "tote": Await.TOTE, "one": Await.ITEM, "item": Await.ITEM, "box": Await.BOX,
    "weigh": Await.WEIGHT, "slip": Await.SLIP, "verify": Await.LABEL,
}  # fmt: skip
KEYS = {
    "tote": ("back",), "one": ("back",), "item": ("undo", "back"), "box": ("undo",),
    "weigh": ("back",), "slip": (), "verify": ("reprint", "assist"),
}  # fmt: skip
LINES_MAX = 6


def prompt_for(state: "State", facts: Facts, language: Language) -> Prompt:
    """The prompt of the state that `arrive` gave."""
    total = sum(content.qty for content in facts.bound)
    keys: tuple[Option, ...] = options(language, *KEYS[state.at])
    if state.at == "weigh" and facts.weight_g is not None:
        keys = (*choices(language, "pack.use_weight", grams=facts.weight_g), *keys)
    return Prompt(
        dialogue="pack", step=state.at, title=say("pack.title", language),
        ask=say(f"pack.ask.{state.at}", language), awaits=(AWAITS[state.at],),
        focus=_focus(state, facts), lines=_lines(state, facts, language),
        done=total if state.at not in ("tote", "one", "item") else len(state.scanned),
        total=total, options=keys, language=language,
    )  # fmt: skip


def _focus(state: "State", facts: Facts) -> Focus:
    if state.at == "tote":
        return Focus(place=facts.station)
    if state.at in ("slip", "verify"):
        assert facts.parcel is not None
        return Focus(parcel=facts.parcel.code, box=state.box)
    if state.at == "item":
        missing = _next(facts.bound, state)
        if missing is not None:
            left = proof.wanted(facts.bound) - Counter(state.scanned)
            return Focus(
                item=missing.name, sku=missing.sku, lot=missing.lot, tote=state.tote,
                qty=left[proof.piece(missing.item, missing.serial)], picture=missing.picture,
            )  # fmt: skip
    if state.at == "box":
        box = proof.propose_box(facts)
        return Focus(box=box.code if box else "", tote=state.tote)
    if state.at == "weigh":
        chosen = next(box for box in facts.boxes if box.code == state.box)
        return Focus(
            box=state.box, tote=state.tote, weight_g=proof.predicted_g(facts.bound, chosen)
        )
    return Focus(tote=state.tote)


def _next(contents: tuple[Content, ...], state: "State") -> Content | None:
    left = proof.wanted(contents) - Counter(state.scanned)
    return next((c for c in contents if left[proof.piece(c.item, c.serial)]), None)


def _lines(state: "State", facts: Facts, language: Language) -> tuple[str, ...]:
    lines: list[str] = []
    if state.at in ("one", "item") and facts.tags is not None:
        lines.append(rfid_line(facts, language))
    if state.at == "item":
        counted = Counter(state.scanned)
        for content in facts.bound:
            done = min(counted[proof.piece(content.item, content.serial)], content.qty)
            note = say(f"line.{content.kind}", language) if content.kind != "goods" else ""
            lines.append(f"{done}/{content.qty} {note}{content.name}")
    if facts.parcel is not None and state.at == "verify" and facts.parcel.print_state:
        lines.append(
            say(f"print.{facts.parcel.print_state}", language, reason=facts.parcel.print_reason)
        )
    if state.at == "slip":
        lines.extend(facts.slip_numbers[:2])
    return tuple(lines[:LINES_MAX])


def rfid_line(facts: Facts, language: Language) -> str:
    """The tags that the station's reader sees, against the tagged goods of the tote."""
    expected: Counter[int] = Counter()
    sku = {content.item: content.sku for content in facts.here}
    for content in facts.here:
        if content.rfid:
            expected[content.item] += content.qty
    seen = Counter(dict(facts.tags or ()))
    missing, extra = expected - seen, seen - expected
    if not expected:
        return say("rfid.none", language)
    if not missing and not extra:
        return say("rfid.match", language, count=expected.total())
    names = ", ".join(
        [f"-{qty} {sku[item]}" for item, qty in sorted(missing.items())]
        + [f"+{qty} {sku.get(item, '?')}" for item, qty in sorted(extra.items())]
    )
    return say("rfid.differs", language, difference=names)
