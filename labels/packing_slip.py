"""The packing slip (納品書), A4: what is in the box, from whom, for whom.

Every page carries the order's barcode, so that slip and tote are paired by scanning and a loose
page finds its order. Amounts and tax are printed as given; nothing is computed. A gift's slip
shows no prices, whatever the data says.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from labels.glyphs import GETA
from labels.pdf import Paper, wrapped
from labels.pieces import (
    Barcode,
    Data,
    Day,
    Language,
    Paragraph,
    Party,
    Text,
    day_shown,
    postal_shown,
)
from labels.table import HEADER_MM, Column, Table
from wms.errors import Code, Rejected
from wms.messages import say

LEFT, RIGHT, BOTTOM = 15.0, 195.0, 279.0
_FIRST_MM, _NEXT_MM = 100.0, 36.0  # where the table begins
_TOTAL_MM = 7.0

Yen = Annotated[int, Meta(ge=-(10**12), le=10**12)]


class SlipLine(Data, frozen=True):
    """One line: `qty` in pieces, prices in yen as the shop gave them."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]
    qty: Annotated[int, Meta(ge=1, le=999_999)]
    sku: Annotated[str, Meta(max_length=80)] = ""
    note: Text = ""
    unit_price: Yen | None = None
    amount: Yen | None = None


class Total(Data, frozen=True):
    """A line below the table (小計, 送料, 消費税, 合計), as given."""

    label: Annotated[str, Meta(min_length=1, max_length=40)]
    amount: Yen


class PackingSlip(Data, frozen=True):
    """`order` is the code on the barcode. The shop's template: `sender`, `logo`, `message`,
    `contact`, `registration` (登録番号 for tax), `language`.
    """

    order: Barcode
    sender: Party
    recipient: Party
    lines: Annotated[tuple[SlipLine, ...], Meta(min_length=1, max_length=500)]
    totals: Annotated[tuple[Total, ...], Meta(max_length=12)] = ()
    issued_on: Day = ""
    external_order: Annotated[str, Meta(max_length=64)] = ""
    tote: Annotated[str, Meta(max_length=30)] = ""
    gift: bool = False
    logo: Annotated[str, Meta(max_length=60)] = ""
    contact: Text = ""
    registration: Annotated[str, Meta(max_length=40)] = ""
    message: Paragraph = ""
    language: Language = "ja"


def yen(amount: int | None) -> str:
    """
    >>> yen(1234567), yen(-500), yen(None)
    ('¥1,234,567', '-¥500', '')
    """
    return "" if amount is None else f"{'-' if amount < 0 else ''}¥{abs(amount):,}"


def render(data: PackingSlip, dots_per_mm: int, copy: int) -> bytes:
    """A PDF. Names of any allowed length wrap; no character is lost."""
    return lay(data, copy, "slip.title").to_pdf()


def lay(data: PackingSlip, copy: int, title: str) -> Paper:
    """The slip's pages under *title* (a code of `wms/words`), for those who add to them."""
    words = data.language
    paper = Paper(f"{say(title, words)} {data.order}")
    table, rows = _table(data)
    end = _end_height(data)
    pages = table.pages(rows, BOTTOM - _FIRST_MM - HEADER_MM, BOTTOM - _NEXT_MM - HEADER_MM)
    used = sum(table.height(row) for row in pages[-1])
    room = BOTTOM - HEADER_MM - (_FIRST_MM if len(pages) == 1 else _NEXT_MM)
    count = len(pages) + (1 if used + end > room else 0)
    for number, rows_here in enumerate(pages, start=1):
        if number > 1:
            paper.next_page()
        every_page(paper, data, title, f"{number} / {count}", copy)
        if number == 1:
            _first_page(paper, data)
        y = table.draw(paper, _FIRST_MM if number == 1 else _NEXT_MM, rows_here)
    if count > len(pages):
        paper.next_page()
        every_page(paper, data, title, f"{count} / {count}", copy)
        y = _NEXT_MM
    _end(paper, data, y)
    return paper


def _table(data: PackingSlip) -> tuple[Table, list[Sequence[str]]]:
    words = data.language
    columns = (
        Column(say("slip.sku", words), "lines.sku", 34),
        Column(say("slip.name", words), "lines.name", 128 if data.gift else 84),
        Column(say("slip.qty", words), "lines.qty", 18, "right"),
    )
    rows: list[Sequence[str]] = []
    for line in data.lines:
        # A line feed inside a name is shown as unprintable; only ours begins a line.
        name = "\n".join(text.replace("\n", GETA) for text in (line.name, line.note) if text)
        rows.append((line.sku, name, f"{line.qty:,}"))
    if data.gift:
        return Table(columns, LEFT), rows
    prices = (
        Column(say("slip.unit_price", words), "lines.unit_price", 21, "right"),
        Column(say("slip.amount", words), "lines.amount", 23, "right"),
    )
    rows = [
        (*row, yen(line.unit_price), yen(line.amount))
        for row, line in zip(rows, data.lines, strict=True)
    ]
    return Table((*columns, *prices), LEFT), rows


def every_page(paper: Paper, data: PackingSlip, title: str, page: str, copy: int) -> None:
    """Title, barcode of the order, and the page's number."""
    head(paper, say(title, data.language), (data.order, "order"), page, copy, data.language)


def head(
    paper: Paper, title: str, code: tuple[str, str], page: str, copy: int, words: Language
) -> None:
    """What stands on every page of a paper: *code* is its barcode, and the field it is from."""
    text, field = code
    paper.line(title, "", LEFT, 14, 20)
    if copy > 1:
        paper.line(say("label.copy", words, number=copy), "", LEFT + 58, 16, 10)
    paper.code128(text, field, 110, 12, 85, 11)
    paper.line(text, field, 152.5, 24, 8, "centre")
    paper.line(page, "", (LEFT + RIGHT) / 2, 284, 9, "centre")


def facts(paper: Paper, rows: Sequence[tuple[str, str]], words: Language) -> None:
    """Words (codes of `wms/words`) and their values, line by line; empty ones are left out."""
    y = 80.0
    for word, value in rows:
        if value:
            paper.line(say(word, words), "", LEFT, y, 8)
            paper.fitted(value, word.partition(".")[2], LEFT + 24, y, 64, 3.5, 8)
            y += 4.2


def party(
    paper: Paper, who: Party, field: str, y: float, registration: str, words: Language,
    contact: str = "",
) -> None:  # fmt: skip
    """Where the one who sends or bills is, below the name, at the right."""
    registered = f"{say('slip.registration', words)} {registration}" if registration else ""
    for text, part, height in (
        (f"{postal_shown(who.postal)} {who.address}".strip(), f"{field}.address", 14.0),
        (f"TEL {who.phone}" if who.phone else "", f"{field}.phone", 4.0),
        (contact, "contact", 10.0), (registered, "registration", 8.0),
    ):  # fmt: skip
        y += paper.fitted(text, part, 115.0, y, 80, height, 8)


def _first_page(paper: Paper, data: PackingSlip) -> None:
    words, to = data.language, data.recipient
    y = 32.0
    y += paper.text(postal_shown(to.postal), "recipient.postal", LEFT, y, 88, 10) + 0.5
    y += paper.fitted(to.address, "recipient.address", LEFT, y, 88, 16, 10) + 2
    y += paper.fitted(to.company, "recipient.company", LEFT, y, 88, 9, 10) + 1
    paper.fitted(to.addressed, "recipient.name", LEFT, y, 88, 13, 15)
    facts(paper, (
        ("slip.order", data.external_order or data.order),
        ("slip.issued_on", day_shown(data.issued_on, "issued_on", words)),
        ("slip.tote", data.tote),
    ), words)  # fmt: skip
    _shop(paper, data)


def _shop(paper: Paper, data: PackingSlip) -> None:
    x, shop = 115.0, data.sender
    y = 32.0
    y += paper.fitted(data.logo or shop.name, "logo", x, y, 80, 12, 16) + 2
    if data.logo:
        y += paper.fitted(shop.name, "sender.name", x, y, 80, 8, 10) + 1
    party(paper, shop, "sender", y, data.registration, data.language, data.contact)


def _end_height(data: PackingSlip) -> float:
    totals = 0 if data.gift else len(data.totals)
    message = len(wrapped(data.message, "message", RIGHT - LEFT - 8, 10)) * 4.3 + 10
    height = 8 + totals * _TOTAL_MM + (message if data.message else 0)
    if height > BOTTOM - _NEXT_MM:
        raise Rejected(Code.LABEL_TOO_LONG, field="message")
    return height


def _end(paper: Paper, data: PackingSlip, y: float) -> None:
    """Totals and the shop's message, below the last row."""
    y += 2
    for total in data.totals if not data.gift else ():
        paper.fitted(total.label, "totals.label", RIGHT - 80, y + 1.5, 48, 4, 10)
        paper.line(yen(total.amount), "totals.amount", RIGHT - 1.2, y + 1.5, 10, "right")
        y += _TOTAL_MM
        paper.rule(RIGHT - 80, y, 80)
    if data.message:
        lines = len(wrapped(data.message, "message", RIGHT - LEFT - 8, 10))
        paper.box(LEFT, y + 4, RIGHT - LEFT, lines * 4.3 + 5)
        paper.text(data.message, "message", LEFT + 4, y + 6.5, RIGHT - LEFT - 8, 10)
        y += lines * 4.3 + 10
    if paper.simplified:
        paper.line(say("label.simplified", data.language), "", LEFT, y + 1, 7)
