"""Labels on A4, for places without a label printer: the very same labels, to be cut out.

Each is drawn at 300 dpi from the ZPL that a label printer would get.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from msgspec import Meta
from reportlab.lib.utils import ImageReader

from labels import badge, command_card, item, place, preview, tote
from labels.pdf import HEIGHT_MM, WIDTH_MM, Paper
from labels.pieces import Data

DOTS_PER_MM = 12
_MARGIN_MM = 5.0

Kind = TypeVar("Kind", bound=Data)


class Sheet(Data, frozen=True):
    """Labels of up to five kinds, each on the sheet in the given order."""

    places: Annotated[tuple[place.Place, ...], Meta(max_length=500)] = ()
    totes: Annotated[tuple[tote.Tote, ...], Meta(max_length=500)] = ()
    badges: Annotated[tuple[badge.Badge, ...], Meta(max_length=500)] = ()
    items: Annotated[tuple[item.Item, ...], Meta(max_length=500)] = ()
    command_cards: Annotated[tuple[command_card.CommandCard, ...], Meta(max_length=50)] = ()


def render(data: Sheet, dots_per_mm: int, copy: int) -> bytes:
    """A PDF: each kind begins on a new page; thin frames show where to cut."""
    kinds = [
        [_drawn(place.render, label) for label in data.places],
        [_drawn(tote.render, label) for label in data.totes],
        [_drawn(badge.render, label) for label in data.badges],
        [_drawn(item.render, label) for label in data.items],
        [_drawn(command_card.render, label) for label in data.command_cards],
    ]
    paper = Paper("labels")
    begun = False
    for labels in filter(None, kinds):
        if begun:
            paper.next_page()
        begun = True
        _lay(paper, labels)
    return paper.to_pdf()


def _drawn(render: Callable[[Kind, int, int], bytes], label: Kind) -> preview.Preview:
    (drawn,) = preview.read(render(label, DOTS_PER_MM, 1))
    return drawn


def _lay(paper: Paper, labels: list[preview.Preview]) -> None:
    """Labels of one size from left to right, then down, then on the next page."""
    width, height = labels[0].width / DOTS_PER_MM, labels[0].height / DOTS_PER_MM
    columns = int((WIDTH_MM - 2 * _MARGIN_MM) / width)
    rows = int((HEIGHT_MM - 2 * _MARGIN_MM) / height)
    left = (WIDTH_MM - columns * width) / 2
    for number, label in enumerate(labels):
        down, across = divmod(number % (columns * rows), columns)
        if number and not down and not across:
            paper.next_page()
        x, y = left + across * width, _MARGIN_MM + down * height
        paper.picture(ImageReader(label.image()), x, y, width, height)
        paper.box(x, y, width, height)
