"""The packer's proof, as arithmetic: pieces and papers against the order, and what is ready."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from picking.dialogues.base import Say, Seen, wrong
from picking.dialogues.pack_state import Content, Facts, Paper, State
from wms.errors import Code, Rejected
from wms.messages import Language, reason_words, say
from wms.shipping.parcels import Packed

SHOWN_CHARACTERS = 40  # of a list of what was expected


def piece(content: Content) -> str:
    """The key of one proven piece of *content*: item, lot and serial number."""
    return f"{content.item}:{content.lot}:{content.serial}"


def wanted(contents: Iterable[Content]) -> Counter[str]:
    """How many of each piece the totes hold."""
    pieces: Counter[str] = Counter()
    for content in contents:
        pieces[piece(content)] += content.qty
    return pieces


def left(contents: Iterable[Content], scanned: Sequence[str]) -> Counter[str]:
    """How many of each piece are still to be proven."""
    return wanted(contents) - Counter(scanned)


def is_sound(contents: Sequence[Content], scanned: Sequence[str]) -> bool:
    """Whether all that was proven is still wanted: a line may have been cancelled meanwhile."""
    return not Counter(scanned) - wanted(contents)


def all_scanned(contents: Sequence[Content], scanned: Sequence[str]) -> bool:
    """Whether nothing is left to prove."""
    return Counter(scanned) == wanted(contents)


def trusted(facts: Facts, scanned: tuple[str, ...]) -> tuple[str, ...]:
    """What counts as proven without a scan: tagged goods, by their owner's rule, while the reader
    sees the tags of all of them and of nothing else. Of an order in several boxes nothing does."""
    order = facts.order
    if order is None or not order.trust_tags or order.pieces:
        return scanned
    wanted_tags: Counter[int] = Counter()
    for content in facts.bound:
        if content.rfid:
            wanted_tags[content.item] += content.qty
    seen = Counter({one.item: one.count for one in facts.tags or ()})
    if not wanted_tags or seen != wanted_tags:
        return scanned
    tagged = [content for content in facts.bound if content.rfid]
    return (*scanned, *(left(tagged, scanned).elements()))


def all_of_one(facts: Facts, state: State, found: tuple[str, ...]) -> tuple[str, ...]:
    """The pieces that a scan proves: all that are left, where the order is of one item and its
    owner takes one scan for them."""
    order, still = facts.order, left(facts.bound, state.scanned)
    of_one = len(still) == 1 and not any(one.serial or one.own_box for one in facts.bound)
    if order is None or not order.trust_one_item or not of_one or state.split:
        return found
    return tuple(still.elements())


def part(contents: Sequence[Content], scanned: Sequence[str]) -> tuple[Packed, ...]:
    """The proven pieces as units of allocations."""
    open_pieces = Counter(scanned)
    found = []
    for content in contents:
        qty = min(open_pieces[piece(content)], content.qty)
        if qty:
            open_pieces[piece(content)] -= qty
            found.append(Packed(content.allocation, qty))
    return tuple(found)


def next_piece(
    contents: Sequence[Content], scanned: Sequence[str], seen: Seen
) -> tuple[str, ...] | Say:
    """The pieces that this scan proves (several for an inner pack), or why it proves none."""
    mine = _meant(contents, seen)
    if isinstance(mine, Say):
        return mine
    still = left(contents, scanned)
    meaning = seen.item(mine[0].item)
    assert meaning is not None, "only what the barcode may mean is among them"
    pieces: list[str] = []
    for content in mine:
        room = min(still[piece(content)], meaning.qty - len(pieces))
        still[piece(content)] -= room
        pieces += [piece(content)] * room
    if len(pieces) < meaning.qty:
        allowed = sum(content.qty for content in mine)
        return wrong("pack.too_many", expected=str(allowed), scanned=meaning.sku)
    return tuple(pieces)


def _meant(contents: Sequence[Content], seen: Seen) -> list[Content] | Say:
    """The contents of the one item that the barcode means, with its lot and serial number."""
    mine = [content for content in contents if seen.item(content.item)]
    if not mine:
        return wrong("pack.wrong_item", expected=_names(c.sku for c in contents), scanned=seen.name)
    if len({content.item for content in mine}) > 1:  # the same JAN under two owners
        return wrong("scan.ambiguous", expected=_names(c.sku for c in mine), scanned=seen.text)
    tracked = [content for content in mine if content.lot]
    if seen.lot and tracked:
        mine = [content for content in tracked if content.lot == seen.lot]
        if not mine:
            lots = _names(content.lot for content in tracked)
            return wrong("pack.wrong_lot", expected=lots, scanned=seen.lot)
    numbered = [content for content in mine if content.serial]
    if numbered:
        mine = [content for content in numbered if content.serial == seen.serial]
        if not mine:
            numbers = _names(content.serial for content in numbered)
            got = seen.serial or seen.text
            return wrong("pack.wrong_serial", expected=numbers, scanned=got)
    return mine


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))[:SHOWN_CHARACTERS]


def chosen(contents: Sequence[Content], scanned: Sequence[str]) -> tuple[Content, ...]:
    """The proven pieces as contents, each with how many of it were proven."""
    part_of = {packed.allocation: packed.qty for packed in part(contents, scanned)}
    return tuple(
        replace(content, qty=part_of[content.allocation])
        for content in contents
        if content.allocation in part_of
    )


def alone(facts: Facts, state: State) -> Content | None:
    """The one piece that was proven, if it travels in the box that it came in."""
    inside = chosen(facts.bound, state.scanned)
    if len(inside) == 1 and inside[0].qty == 1 and inside[0].own_box:
        return inside[0]
    return None


def unproven_papers(facts: Facts, state: State) -> tuple[Paper, ...]:
    """The papers of the order that are in no box and were not scanned."""
    return tuple(
        paper for paper in facts.papers if not paper.packed and paper.code not in state.papers
    )


def by_hand(facts: Facts, state: State) -> Paper | None:
    """The paper that is wanted now, if no printer can print it: then it is written by hand."""
    left = unproven_papers(facts, state)
    return left[0] if left and left[0].failed else None


def paper_meant(facts: Facts, seen: Seen) -> Paper | None:
    """The paper of this order whose barcode was read, whatever else has that code."""
    codes = (seen.code, seen.text)
    found = (paper for paper in facts.papers if paper.code in codes and not seen.keyed)
    return next(found, None)


def not_ready(facts: Facts) -> Rejected | None:
    """Why this order cannot be packed yet: it is stopped, goods are missing or still elsewhere, a
    paper has not come."""
    order = facts.order
    if order is None:
        return None
    if order.state == "held":
        return Rejected(Code.ORDER_STOPPED, order=order.code)
    if facts.elsewhere:
        return Rejected(Code.TOTES_ELSEWHERE, totes=", ".join(facts.elsewhere))
    if order.missing > 0:
        return Rejected(Code.ORDER_INCOMPLETE, order=order.code, missing=order.missing)
    late = next((paper for paper in facts.papers if not paper.here), None)
    if late is not None:
        return Rejected(Code.DOCUMENT_MISSING, document=late.code)
    return None


def preflight(facts: Facts, language: Language) -> Rejected | None:
    """What this bench lacks for these goods, said before the first of them is scanned.

    The way out: `1` prints at the neighbour, where that one works; else another bench.
    """
    way_out = say("pack.way_bench", language)
    if facts.helper and not facts.redirected:
        way_out = say("pack.way_helper", language, helper=facts.helper)
    if facts.needs.label and facts.stopped:
        why = reason_words(facts.stopped, language)
        return Rejected(Code.NO_LABEL_PRINTER, why=why, way_out=way_out)
    if facts.needs.label and facts.order is not None and facts.order.no_numbers:
        owner, carrier = facts.order.no_numbers
        return Rejected(Code.TRACKING_EXHAUSTED, owner=owner, carrier=carrier)
    if facts.needs.paper and (facts.paper_stopped or not facts.slip_printer):
        why = reason_words(facts.paper_stopped or "print.no_printer", language)
        return Rejected(Code.NO_PAPER_PRINTER, why=why, way_out=way_out)
    if facts.needs.weight and facts.scale != "ready":
        return Rejected(Code.NO_SCALE, station=facts.station)
    return None
