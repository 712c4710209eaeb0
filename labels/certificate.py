"""The certificate of a stocktake (棚卸証明書), A4: what was there as of a date, to be signed.

Totals by owner come first, then what differed from the book, then every line that was counted.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from labels.pdf import Paper
from labels.pieces import Barcode, Data, Language, Text
from labels.table import HEADER_MM, Column, Table
from wms.messages import say

LEFT, RIGHT, BOTTOM = 15.0, 195.0, 279.0
TOP_MM, NEXT_MM = 62.0, 34.0  # where tables begin, on the first page and on the others
SIGN_MM = 40.0
Count = Annotated[int, Meta(ge=0)]


class CountedLine(Data, frozen=True):
    """Eaches of one kind in one place: what the book had, and what was counted. `value` of one,
    in minor units."""

    place: Text
    owner: Text
    sku: Text
    name: Text = ""
    lot: Text = ""
    condition: Text = "available"
    serial: Text = ""
    book: Count = 0
    counted: Count = 0
    value: Count = 0


class Certificate(Data, frozen=True):
    """`as_of` is the site's time as people write it; `signed_by` "" = the owner has not signed."""

    code: Barcode
    as_of: Text
    state: Literal["frozen", "counted", "signed", "void"]
    site: Text = ""
    owner: Text = ""
    zone: Text = ""
    signed_by: Text = ""
    places: Count = 0
    lines: Annotated[tuple[CountedLine, ...], Meta(max_length=1_000_000)] = ()
    language: Language = "ja"


def render(data: Certificate) -> bytes:
    """A PDF. The same data gives the same bytes. Refuses `label.glyph` for what no font has."""
    words = data.language
    paper = Paper(f"{say('stocktake.certificate', words)} {data.code}")
    sheet = _Sheet(paper, data)
    sheet.begin(first=True)
    sheet.heading("stocktake.totals")
    sheet.table(_totals_table(words), _totals(data.lines))
    differing = [line for line in data.lines if line.book != line.counted]
    sheet.heading("stocktake.differences")
    if differing:
        sheet.table(_lines_table(words), [_row(line, words) for line in differing])
    else:
        sheet.text("stocktake.no_differences")
    sheet.sign()
    if data.lines:
        sheet.next()
        sheet.heading("stocktake.every_line")
        sheet.table(_lines_table(words), [_row(line, words) for line in data.lines])
    return paper.to_pdf()


class _Sheet:
    """The pages as they fill: where the next thing goes, and the head of each page."""

    def __init__(self, paper: Paper, data: Certificate) -> None:
        self.paper, self.data, self.page, self.y = paper, data, 1, TOP_MM

    def begin(self, *, first: bool = False) -> None:
        """The head of a page."""
        data, paper, words = self.data, self.paper, self.data.language
        paper.line(say("stocktake.certificate", words), "", LEFT, 13, 20)
        paper.code128(data.code, "code", 120, 12, 75, 9)
        paper.line(data.code, "code", 157.5, 22, 8, "centre")
        paper.line(str(self.page), "", (LEFT + RIGHT) / 2, 284, 9, "centre")
        if data.state != "signed":
            paper.line(say(f"stocktake.draft.{data.state}", words), "", LEFT, 24, 10)
        self.y = NEXT_MM
        if not first:
            return
        facts = (
            ("stocktake.as_of", data.as_of), ("stocktake.site", data.site),
            ("stocktake.owner", data.owner or say("stocktake.all_owners", words)),
            ("stocktake.scope", say("stocktake.of_zone", words, zone=data.zone, count=data.places)
             if data.zone else say("stocktake.of_places", words, count=data.places)),
        )  # fmt: skip
        for word, value in facts:
            paper.line(say(word, words), "", LEFT, self.y + 1, 8)
            paper.fitted(value, word.removeprefix("stocktake."), LEFT + 30, self.y, 140, 6, 11)
            self.y += 6.5
        self.y += 2

    def next(self) -> None:
        """A new page."""
        self.paper.next_page()
        self.page += 1
        self.begin()

    def heading(self, word: str) -> None:
        """A heading that does not stand alone at the end of a page."""
        if self.y + 3 * HEADER_MM > BOTTOM:
            self.next()
        self.paper.line(say(word, self.data.language), "", LEFT, self.y, 11)
        self.y += 6

    def text(self, word: str) -> None:
        self.paper.line(say(word, self.data.language), "", LEFT, self.y, 9)
        self.y += 6

    def table(self, table: Table, rows: Sequence[Sequence[str]]) -> None:
        """Rows over as many pages as it takes."""
        room = BOTTOM - HEADER_MM
        for number, here in enumerate(table.pages(rows, room - self.y, room - NEXT_MM)):
            if number:
                self.next()
            if here:
                self.y = table.draw(self.paper, self.y, here)
        self.y += 6

    def sign(self) -> None:
        """Two boxes: the owner's, and the site's. Whoever signed already stands in theirs."""
        if self.y + SIGN_MM > BOTTOM:
            self.next()
        data, paper, words = self.data, self.paper, self.data.language
        self.text("stocktake.certified" if data.state == "signed" else "stocktake.to_certify")
        for x, word, name in (
            (LEFT, "stocktake.signed_by", data.signed_by), (LEFT + 92, "stocktake.for_site", ""),
        ):  # fmt: skip
            paper.box(x, self.y, 88, 28)
            paper.line(say(word, words), "", x + 2, self.y + 1.5, 8)
            paper.fitted(name, "signed_by", x + 4, self.y + 8, 66, 7, 12)
            paper.line(say("stocktake.seal", words), "", x + 80, self.y + 10, 8, "centre")
            paper.rule(x + 2, self.y + 20, 84)
            paper.line(say("stocktake.date", words), "", x + 2, self.y + 21.5, 8)
        self.y += SIGN_MM


def _totals_table(words: Language) -> Table:
    names = (("owner", 48.0), ("skus", 18.0), ("book", 24.0), ("counted", 24.0), ("more", 20.0),
             ("less", 20.0), ("value", 26.0))  # fmt: skip
    return Table(tuple(
        Column(say(f"stocktake.{name}", words), name, width, "left" if not at else "right")
        for at, (name, width) in enumerate(names)
    ), LEFT)  # fmt: skip


def _totals(lines: Sequence[CountedLine]) -> list[tuple[str, ...]]:
    """A row an owner: items, eaches by the book and by count, too many, too few, and what the
    differences are worth."""
    by_owner: defaultdict[str, list[CountedLine]] = defaultdict(list)
    for line in lines:
        by_owner[line.owner].append(line)
    found = []
    for owner, mine in sorted(by_owner.items()):
        more = sum(max(0, line.counted - line.book) for line in mine)
        less = sum(max(0, line.book - line.counted) for line in mine)
        worth = sum((line.counted - line.book) * line.value for line in mine)
        numbers = (
            len({line.sku for line in mine}), sum(line.book for line in mine),
            sum(line.counted for line in mine), more, -less, worth,
        )  # fmt: skip
        found.append((owner, *(f"{number:,}" for number in numbers)))
    return found


def _lines_table(words: Language) -> Table:
    names = (("place", 26.0), ("owner", 22.0), ("sku", 28.0), ("name", 40.0), ("lot", 28.0),
             ("book", 12.0), ("counted", 12.0), ("differs", 12.0))  # fmt: skip
    return Table(tuple(
        Column(say(f"stocktake.{name}", words), name, width, "left" if at < 5 else "right")
        for at, (name, width) in enumerate(names)
    ), LEFT, size=7.5)  # fmt: skip


def _row(line: CountedLine, words: Language) -> tuple[str, ...]:
    bad = "" if line.condition == "available" else say(f"condition.{line.condition}", words)
    which = " ".join(part for part in (line.lot, line.serial, bad) if part)
    differs = line.counted - line.book
    return (
        line.place, line.owner, line.sku, line.name, which, f"{line.book:,}", f"{line.counted:,}",
        f"{differs:+,}" if differs else "",
    )  # fmt: skip
