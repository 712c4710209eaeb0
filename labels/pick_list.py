"""Pick lists (ピッキングリスト), A4: for the day on which the terminals are silent.

Each line has its own barcode, by which what was taken is entered afterwards.
"""

from typing import Annotated

from msgspec import Meta

from labels.pdf import Paper
from labels.pieces import Barcode, Data, Day, Language, Text, day_shown
from wms.messages import say
from wms.site.carriers import called

LEFT, RIGHT = 12.0, 198.0
TOP_MM, ROW_MM, BOTTOM_MM = 42.0, 15.0, 276.0
LINE_BARS_MM = 44.0
# Left edges: number, place, item, quantity, position, barcode, taken.
AT = {"number": 12.0, "place": 20.0, "item": 52.0, "qty": 112.0, "slot": 124.0, "bars": 136.0,
      "taken": 182.0}  # fmt: skip
Code = Annotated[str, Meta(max_length=40)]


class PickLine(Data, frozen=True):
    """Take `qty` of the item from `place` for position `slot`. `line` is the line's barcode."""

    line: Barcode
    place: Code
    item: Text
    qty: Annotated[int, Meta(ge=1, le=999_999)]
    slot: Annotated[int, Meta(ge=0, le=999)]
    sku: Code = ""
    lot: Code = ""
    expiry: Day = ""


class PickSlot(Data, frozen=True):
    """A position on the cart, its order, and the tote that stands there ("" = write it down)."""

    slot: Annotated[int, Meta(ge=0, le=999)]
    order: Code = ""
    tote: Code = ""


class PickTour(Data, frozen=True):
    """One walk. `code` is its barcode; `pickup_time` is HH:MM, local."""

    code: Barcode
    lines: Annotated[tuple[PickLine, ...], Meta(min_length=1, max_length=2_000)]
    carrier: Text = ""
    pickup_day: Day = ""
    pickup_time: Annotated[str, Meta(max_length=5)] = ""
    person: Text = ""
    slots: Annotated[tuple[PickSlot, ...], Meta(max_length=200)] = ()


class PickList(Data, frozen=True):
    """Any number of walks, each on pages of its own."""

    tours: Annotated[tuple[PickTour, ...], Meta(min_length=1, max_length=500)]
    language: Language = "ja"


def render(data: PickList, dots_per_mm: int, copy: int) -> bytes:
    """A PDF: a walk begins on a new page; below its last line there is room for totes and place."""
    paper = Paper(say("pick_list.title", data.language))
    for number, tour in enumerate(data.tours):
        if number:
            paper.next_page()
        _tour(paper, tour, data.language)
    return paper.to_pdf()


def _tour(paper: Paper, tour: PickTour, words: Language) -> None:
    _head(paper, tour, words)
    y = TOP_MM
    for number, line in enumerate(tour.lines, start=1):
        if y + ROW_MM > BOTTOM_MM:
            paper.next_page()
            _head(paper, tour, words)
            y = TOP_MM
        _line(paper, number, line, y)
        y += ROW_MM
    for slot in tour.slots:
        if y + 9 > BOTTOM_MM:
            paper.next_page()
            _head(paper, tour, words)
            y = TOP_MM
        told = f"[{slot.slot}] {slot.order}  {say('pick_list.tote', words)} {slot.tote or '_' * 14}"
        paper.line(told, "slots", LEFT, y + 3, 10)
        y += 9
    paper.line(f"{say('pick_list.drop', words)} {'_' * 20}", "", LEFT, min(y + 4, 284), 10)


def _head(paper: Paper, tour: PickTour, words: Language) -> None:
    paper.line(say("pick_list.title", words), "", LEFT, 12, 18)
    paper.code128(tour.code, "code", 130, 11, 66, 11)
    paper.line(tour.code, "code", 163, 23, 8, "centre")
    day = day_shown(tour.pickup_day, "pickup_day", words)
    head = f"{called(tour.carrier, words)}  {day} {tour.pickup_time}".strip()
    paper.fitted(head, "carrier", LEFT, 22, 110, 6, 11)
    who = f"{say('pick_list.who', words)} {tour.person or '_' * 16}"
    paper.fitted(who, "person", LEFT, 29, 110, 5, 9)
    for name, x in AT.items():
        if name != "number":
            paper.line(say(f"pick_list.{name}", words), "", x, 36, 8)
    paper.rule(LEFT, 40.5, RIGHT - LEFT)


def _line(paper: Paper, number: int, line: PickLine, y: float) -> None:
    paper.line(str(number), "", AT["number"], y + 3, 9)
    paper.fitted(line.place, "place", AT["place"], y + 2, 31, 8, 13)
    paper.fitted(line.item, "item", AT["item"], y + 1, 58, 8, 9)
    told = "  ".join(part for part in (line.sku, line.lot, line.expiry) if part)
    paper.fitted(told, "sku", AT["item"], y + 9.5, 58, 4, 7.5)
    paper.line(str(line.qty), "qty", AT["qty"], y + 2, 15)
    paper.line(f"[{line.slot}]", "slot", AT["slot"], y + 3, 11)
    paper.code128(line.line, "line", AT["bars"], y + 1.5, LINE_BARS_MM, 8)
    paper.line(line.line, "line", AT["bars"] + LINE_BARS_MM / 2, y + 10, 7, "centre")
    paper.box(AT["taken"], y + 2, 15, 9)
    paper.rule(LEFT, y + ROW_MM - 1, RIGHT - LEFT)
