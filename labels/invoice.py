"""Invoice (請求書) and receipt (領収書), A4: every amount as it was given, nothing is computed."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from labels.packing_slip import SlipLine, Total, Yen, facts, head, party, yen
from labels.pdf import Paper
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
from wms.messages import say

LEFT, RIGHT, BOTTOM = 15.0, 195.0, 275.0
_FIRST_MM, _NEXT_MM, _TOTAL_MM = 96.0, 36.0, 7.0


class Invoice(Data, frozen=True):
    """`code` is the barcode that is scanned as the paper goes into the box; `order` whose it is.

    `amount` is the sum that is asked for or was received; `totals` stand below the lines (小計,
    10%対象, 消費税), each as given. `registration` is the issuer's number (登録番号), `purpose`
    what a receipt is for (但し書き).
    """

    kind: Literal["invoice", "receipt"]
    code: Barcode
    order: Annotated[str, Meta(max_length=64)]
    issuer: Party
    to: Party
    amount: Yen
    lines: Annotated[tuple[SlipLine, ...], Meta(max_length=500)] = ()
    totals: Annotated[tuple[Total, ...], Meta(max_length=12)] = ()
    issued_on: Day = ""
    due_on: Day = ""
    registration: Annotated[str, Meta(max_length=40)] = ""
    purpose: Text = ""
    message: Paragraph = ""
    language: Language = "ja"


def render(data: Invoice, dots_per_mm: int, copy: int) -> bytes:
    """A PDF, with its barcode and number on every page."""
    words = data.language
    paper = Paper(f"{say(f'bill.title.{data.kind}', words)} {data.code}")
    table, rows = _table(data)
    end = 10 + len(data.totals) * _TOTAL_MM + 24
    pages = table.pages(rows, BOTTOM - _FIRST_MM - HEADER_MM, BOTTOM - _NEXT_MM - HEADER_MM)
    top = _FIRST_MM if len(pages) == 1 else _NEXT_MM
    used = sum(table.height(row) for row in pages[-1])
    if used + end > BOTTOM - top - HEADER_MM:
        pages.append([])
    for number, here in enumerate(pages, start=1):
        if number > 1:
            paper.next_page()
        _every_page(paper, data, f"{number} / {len(pages)}", copy)
        if number == 1:
            _first_page(paper, data)
        y = _FIRST_MM if number == 1 else _NEXT_MM
        y = table.draw(paper, y, here) if here else y
    _end(paper, data, y)
    return paper.to_pdf()


def _table(data: Invoice) -> tuple[Table, list[Sequence[str]]]:
    words = data.language
    columns = (
        Column(say("slip.name", words), "lines.name", 112),
        Column(say("slip.qty", words), "lines.qty", 18, "right"),
        Column(say("slip.unit_price", words), "lines.unit_price", 24, "right"),
        Column(say("slip.amount", words), "lines.amount", 26, "right"),
    )
    rows: list[Sequence[str]] = [
        (line.name, f"{line.qty:,}", yen(line.unit_price), yen(line.amount)) for line in data.lines
    ]
    return Table(columns, LEFT), rows


def _every_page(paper: Paper, data: Invoice, page: str, copy: int) -> None:
    title = say(f"bill.title.{data.kind}", data.language)
    head(paper, title, (data.code, "code"), page, copy, data.language)


def _first_page(paper: Paper, data: Invoice) -> None:
    words, to = data.language, data.to
    y = 34.0
    y += paper.text(postal_shown(to.postal), "to.postal", LEFT, y, 88, 9)
    y += paper.fitted(to.address, "to.address", LEFT, y, 88, 12, 9) + 1
    paper.fitted(to.addressed, "to.name", LEFT, y, 88, 9, 14)
    paper.line(say(f"bill.amount.{data.kind}", words), "", LEFT, 66, 10)
    paper.line(yen(data.amount), "amount", LEFT + 34, 63, 20)
    paper.rule(LEFT, 72, 92)
    if data.purpose:
        purpose = say("bill.purpose", words, purpose=data.purpose)
        paper.fitted(purpose, "purpose", LEFT, 74, 92, 5, 9)
    facts(paper, (
        ("slip.order", data.order),
        ("slip.issued_on", day_shown(data.issued_on, "issued_on", words)),
        ("bill.due_on", day_shown(data.due_on, "due_on", words)),
    ), words)  # fmt: skip
    y = 36.0 + paper.fitted(data.issuer.name, "issuer.name", 115.0, 34, 80, 12, 13)
    party(paper, data.issuer, "issuer", y, data.registration, words)


def _end(paper: Paper, data: Invoice, y: float) -> None:
    y += 2
    for total in data.totals:
        paper.fitted(total.label, "totals.label", RIGHT - 90, y + 1.5, 56, 4, 10)
        paper.line(yen(total.amount), "totals.amount", RIGHT - 1.2, y + 1.5, 10, "right")
        y += _TOTAL_MM
        paper.rule(RIGHT - 90, y, 90)
    if data.message:
        paper.fitted(data.message, "message", LEFT, y + 4, RIGHT - LEFT, 20, 10)
