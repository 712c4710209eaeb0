"""A gift's own papers, A4: the message card (メッセージカード), to be cut out, and the のし.

Each has a barcode where nobody sees it later: below the card's edge, and at the foot of the のし,
which is folded under the box.
"""

from typing import Annotated

from msgspec import Meta

from labels.glyphs import printable
from labels.pdf import WIDTH_MM, Paper
from labels.pieces import Barcode, Data, Language, Text
from wms.errors import Code, Rejected
from wms.messages import say

LEFT, TOP, WIDTH, HEIGHT = 31.0, 20.0, 148.0, 105.0  # the card: A6, across
POINT_MM = 0.3528
WORDING_POINTS, NAME_POINTS, POINTS_MIN = 44.0, 34.0, 8.0
CORD_MM = 126.0  # where the cord (水引) runs: between wording and name


class MessageCard(Data, frozen=True):
    """The purchaser's words. `framed`: with a border inside the card's edge."""

    code: Barcode
    message: Annotated[str, Meta(min_length=1, max_length=300)]
    to: Text = ""
    sender: Text = ""
    framed: bool = False
    language: Language = "ja"


class Noshi(Data, frozen=True):
    """`wording` (御祝, 内祝...) above the cord, `name` below. `drawn`: the cord is printed, too."""

    code: Barcode
    wording: Annotated[str, Meta(max_length=64)] = ""
    name: Annotated[str, Meta(max_length=64)] = ""
    drawn: bool = False


def render_card(data: MessageCard, dots_per_mm: int, copy: int) -> bytes:
    """A PDF with the card's edge as the line to cut along."""
    paper = Paper(data.code)
    paper.box(LEFT, TOP, WIDTH, HEIGHT)
    if data.framed:
        paper.box(LEFT + 5, TOP + 5, WIDTH - 10, HEIGHT - 10)
    x, width = LEFT + 12, WIDTH - 24
    if data.to:
        to = say("card.to", data.language, name=data.to)
        paper.fitted(to, "to", x, TOP + 13, width, 8, 14)
    paper.fitted(data.message, "message", x, TOP + 26, width, 54, 15)
    if data.sender:
        sender = say("card.from", data.language, name=data.sender)
        paper.fitted(sender, "sender", x + width / 2, TOP + 85, width / 2, 9, 13)
    _foot(paper, data.code, TOP + HEIGHT + 8, copy, data.language)
    if paper.simplified:
        paper.line(say("label.simplified", data.language), "", LEFT, TOP + HEIGHT + 30, 7)
    return paper.to_pdf()


def render_noshi(data: Noshi, dots_per_mm: int, copy: int) -> bytes:
    """A PDF with both texts from top to bottom, in the middle of the sheet."""
    paper = Paper(data.code)
    _down(paper, data.wording, "wording", 24, CORD_MM - 32, WORDING_POINTS)
    if data.drawn:
        for number in range(5):
            paper.rule(10, CORD_MM + number * 1.6, WIDTH_MM - 20)
    _down(paper, data.name, "name", CORD_MM + 16, 110, NAME_POINTS)
    _foot(paper, data.code, 272, copy, "ja")
    return paper.to_pdf()


def _down(paper: Paper, text: str, field: str, y: float, height: float, points: float) -> None:
    """*text* from top to bottom, as large as it fits; refused where nobody could read it."""
    shown = printable(text, field)
    text, paper.simplified = shown.text, paper.simplified | shown.simplified
    if not text:
        return
    points = min(points, height / (len(text) * POINT_MM * 1.1))
    if points < POINTS_MIN:
        raise Rejected(Code.LABEL_TOO_LONG, field=field)
    for number, sign in enumerate(text):
        at = y + number * points * POINT_MM * 1.1
        paper.line(sign, field, WIDTH_MM / 2, at, points, "centre")


def _foot(paper: Paper, code: str, y: float, copy: int, words: Language) -> None:
    paper.code128(code, "code", 65, y, 80, 9)
    paper.line(code, "code", WIDTH_MM / 2, y + 10, 8, "centre")
    if copy > 1:
        paper.line(say("label.copy", words, number=copy), "", LEFT, y + 10, 8)
