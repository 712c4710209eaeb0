"""The pickup manifest (集荷引渡票), A4: what was handed over, to be signed by the driver."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from labels.pdf import Paper
from labels.pieces import (
    Barcode,
    Carrier,
    Data,
    Day,
    Language,
    Piece,
    Text,
    carrier_word,
    day_shown,
    tracking_shown,
)
from labels.table import HEADER_MM, Column, Table
from wms.messages import say

LEFT, RIGHT, BOTTOM = 15.0, 195.0, 279.0
_TABLE_MM = 56.0
_END_MM = 62.0
_CAGES_SHOWN = 40

Cage = Annotated[str, Meta(max_length=20)]


class ManifestParcel(Data, frozen=True):
    """A parcel on the truck: `parcel` is our own code, `cage` the roll cage it stands in."""

    tracking: Annotated[str, Meta(max_length=20)]
    parcel: Annotated[str, Meta(max_length=30)]
    order: Annotated[str, Meta(max_length=30)] = ""
    piece: Piece = 1
    pieces: Piece = 1
    cage: Cage = ""


class Manifest(Data, frozen=True):
    """`code` is the manifest's barcode; `left_behind` counts parcels that wait for the next pickup.

    `pickup_day` is YYYY-MM-DD, `pickup_time` HH:MM, both local.
    """

    code: Barcode
    carrier: Carrier
    pickup_day: Day
    pickup_time: Annotated[str, Meta(pattern=r"^(?:[0-2][0-9]:[0-5][0-9])?\Z")] = ""
    site: Text = ""
    parcels: Annotated[tuple[ManifestParcel, ...], Meta(max_length=5000)] = ()
    left_behind: Annotated[int, Meta(ge=0, le=99_999)] = 0
    handed_by: Annotated[str, Meta(max_length=40)] = ""
    language: Language = "ja"


def render(data: Manifest, dots_per_mm: int, copy: int) -> bytes:
    """A PDF: the parcels in the given order, counts in all and by cage, room for signatures."""
    words = data.language
    paper = Paper(f"{say('manifest.title', words)} {data.code}")
    table, rows = _table(data)
    room = BOTTOM - _TABLE_MM - HEADER_MM
    pages = table.pages(rows, room, room)
    if sum(table.height(row) for row in pages[-1]) + _END_MM > room:
        pages.append([])
    for number, rows_here in enumerate(pages, start=1):
        if number > 1:
            paper.next_page()
        _every_page(paper, data, f"{number} / {len(pages)}", copy)
        y = table.draw(paper, _TABLE_MM, rows_here) if rows_here else _TABLE_MM
    _end(paper, data, y)
    return paper.to_pdf()


def _table(data: Manifest) -> tuple[Table, list[Sequence[str]]]:
    words = data.language
    columns = (
        Column(say("manifest.number", words), "", 14, "right"),
        Column(say("label.tracking", words), "parcels.tracking", 46),
        Column(say("manifest.parcel", words), "parcels.parcel", 44),
        Column(say("label.order", words), "parcels.order", 34),
        Column(say("label.piece", words), "", 14, "centre"),
        Column(say("manifest.cage", words), "parcels.cage", 18),
        Column(say("manifest.check", words), "", 10, "centre"),
    )
    rows = [
        (
            str(number),
            tracking_shown(parcel.tracking),
            parcel.parcel,
            parcel.order,
            f"{parcel.piece}/{parcel.pieces}",
            parcel.cage,
            "□",
        )
        for number, parcel in enumerate(data.parcels, start=1)
    ]
    return Table(columns, LEFT, size=8.5), list(rows)


def _every_page(paper: Paper, data: Manifest, page: str, copy: int) -> None:
    words = data.language
    paper.line(say("manifest.title", words), "", LEFT, 13, 20)
    if copy > 1:
        paper.line(say("label.copy", words, number=copy), "", LEFT + 52, 15, 10)
    paper.code128(data.code, "code", 110, 12, 85, 12)
    paper.line(data.code, "code", 152.5, 25, 8, "centre")
    day = day_shown(data.pickup_day, "pickup_day", words)
    facts = (
        ("manifest.carrier", carrier_word(data.carrier, words), 12.0),
        ("manifest.pickup", f"{day} {data.pickup_time}".strip(), 12.0),
        ("manifest.site", data.site, 9.0),
    )
    y = 28.0
    for word, value, size in facts:
        paper.line(say(word, words), "", LEFT, y + 1, 8)
        paper.fitted(value, word.removeprefix("manifest."), LEFT + 22, y, 150, 6, size)
        y += 6.5
    count = say("manifest.total", words, count=len(data.parcels))
    paper.line(count, "", RIGHT, 47, 14, "right")
    paper.line(page, "", (LEFT + RIGHT) / 2, 284, 9, "centre")


def _end(paper: Paper, data: Manifest, y: float) -> None:
    """Counts by cage, what was left behind, and the boxes to sign in."""
    words = data.language
    y += 3
    cages = Counter(parcel.cage for parcel in data.parcels if parcel.cage)
    named = [say("manifest.by_cage", words, cage=cage, count=n) for cage, n in cages.items()]
    shown = "　".join(named[:_CAGES_SHOWN]) + ("　…" if len(named) > _CAGES_SHOWN else "")
    y += paper.fitted(shown, "parcels.cage", LEFT, y, RIGHT - LEFT, 18, 9) + 1
    if data.left_behind:
        paper.line(say("manifest.left_behind", words, count=data.left_behind), "", LEFT, y, 11)
        y += 7
    for x, word, name in (
        (LEFT, "manifest.handed_by", data.handed_by),
        (LEFT + 92, "manifest.received_by", ""),
    ):
        paper.box(x, y, 88, 28)
        paper.line(say(word, words), "", x + 2, y + 1.5, 8)
        paper.fitted(name, "handed_by", x + 4, y + 9, 80, 7, 12)
        paper.rule(x + 2, y + 20, 84)
        paper.line(say("manifest.at", words), "", x + 2, y + 21.5, 8)
