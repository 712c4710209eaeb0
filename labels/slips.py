"""Packing slips as shops choose them: plain, for a gift, and with a form for returns."""

from msgspec.structs import replace

from labels.packing_slip import LEFT, RIGHT, PackingSlip, every_page, lay
from labels.pdf import Paper
from labels.pieces import postal_shown
from wms.messages import say

ROWS_MAX = 14  # lines of the form; more than that nobody sends back at once
_TOP_MM, _ROW_MM = 34.0, 11.0
_ANSWERS = ("slip.return_back", "slip.return_exchange", "slip.return_repair")
_REASONS = (
    "slip.reason_size", "slip.reason_image", "slip.reason_damaged", "slip.reason_wrong",
    "slip.reason_other",
)  # fmt: skip


def render_plain(data: PackingSlip, dots_per_mm: int, copy: int) -> bytes:
    """What is in the box, without prices, whatever the order says."""
    return lay(replace(data, gift=True), copy, "slip.title").to_pdf()


def render_gift(data: PackingSlip, dots_per_mm: int, copy: int) -> bytes:
    """The same for whoever is given it: it is no bill, and says from whom it comes."""
    return lay(replace(data, gift=True), copy, "slip.gift_title").to_pdf()


def render_with_return(data: PackingSlip, dots_per_mm: int, copy: int) -> bytes:
    """The slip, and on a page of its own the form that comes back with goods.

    The form has the order's barcode: whoever opens the box scans it.
    """
    paper = lay(data, copy, "slip.title")
    paper.next_page()
    every_page(paper, data, "slip.return_title", data.order, copy)
    y = _lines(paper, data)
    y = _reasons(paper, data, y + 5)
    _where_to(paper, data, y + 6)
    return paper.to_pdf()


def _lines(paper: Paper, data: PackingSlip) -> float:
    """Each line with boxes to tick: back, exchange, repair."""
    words = data.language
    for number, answer in enumerate(_ANSWERS):
        paper.line(say(answer, words), "", 136 + number * 22, _TOP_MM, 8, "centre")
    y = _TOP_MM + 5
    for line in data.lines[:ROWS_MAX]:
        paper.rule(LEFT, y, RIGHT - LEFT)
        paper.fitted(line.name, "lines.name", LEFT + 1, y + 1.5, 88, _ROW_MM - 3, 9)
        paper.line(f"x {line.qty:,}", "lines.qty", 118, y + 3, 9, "right")
        for number in range(len(_ANSWERS)):
            paper.box(134 + number * 22, y + 3, 4.5, 4.5)
        y += _ROW_MM
    paper.rule(LEFT, y, RIGHT - LEFT)
    return y


def _reasons(paper: Paper, data: PackingSlip, y: float) -> float:
    words = data.language
    paper.line(say("slip.reason", words), "", LEFT, y, 10)
    y += 6
    for number, reason in enumerate(_REASONS):
        x = LEFT + (number % 3) * 60
        paper.box(x, y, 4, 4)
        paper.line(say(reason, words), "", x + 6, y + 0.3, 9)
        y += 7 if number % 3 == 2 else 0
    y += 9
    paper.box(LEFT, y, RIGHT - LEFT, 24)
    paper.line(say("slip.return_note", words), "", LEFT + 2, y + 1.5, 8)
    return y + 24


def _where_to(paper: Paper, data: PackingSlip, y: float) -> None:
    words, shop = data.language, data.sender
    paper.line(say("slip.return_to", words), "", LEFT, y, 10)
    where = f"{postal_shown(shop.postal)} {shop.address}".strip()
    for text, field in (
        (where, "sender.address"), (data.logo or shop.name, "sender.name"),
        (f"TEL {shop.phone}" if shop.phone else "", "sender.phone"), (data.contact, "contact"),
    ):  # fmt: skip
        y += 5
        paper.fitted(text, field, LEFT + 4, y, RIGHT - LEFT - 8, 5, 10)
