"""Tables on paper: cells that wrap, rows that stay whole, as many pages as it takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from labels.pdf import Align, Paper, leading, wrapped

PADDING_MM = 1.2
HEADER_MM = 7.0


@dataclass(frozen=True, slots=True)
class Column:
    """`field` names the column in refusals; `width` in millimetres."""

    title: str
    field: str
    width: float
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """Columns from `x` rightwards, text at `size` points."""

    columns: tuple[Column, ...]
    x: float
    size: float = 9.0

    @property
    def width(self) -> float:
        return sum(column.width for column in self.columns)

    def height(self, row: Sequence[str]) -> float:
        """Millimetres that *row* takes: its highest cell and the padding."""
        lines = (
            len(wrapped(cell, column.field, column.width - 2 * PADDING_MM, self.size))
            for column, cell in zip(self.columns, row, strict=True)
        )
        return max(lines) * leading(self.size) + 2 * PADDING_MM

    def pages(
        self, rows: Sequence[Sequence[str]], first_mm: float, next_mm: float
    ) -> list[list[Sequence[str]]]:
        """Split *rows* over pages with so much room for rows. A row is never split."""
        pages: list[list[Sequence[str]]] = [[]]
        room = first_mm
        for row in rows:
            height = self.height(row)
            if height > room and (pages[-1] or len(pages) == 1):
                pages.append([])
                room = next_mm
            assert height <= room, "a row higher than a page"
            pages[-1].append(row)
            room -= height
        return pages

    def draw(self, paper: Paper, y: float, rows: Sequence[Sequence[str]]) -> float:
        """Draw header and rows from *y* down; gives where they end."""
        paper.box(self.x, y, self.width, HEADER_MM, shade=0.12)
        at = self.x
        for column in self.columns:
            self._cell(paper, column, column.title, at, y + 1.6)
            at += column.width
        y += HEADER_MM
        for row in rows:
            at = self.x
            for column, cell in zip(self.columns, row, strict=True):
                self._cell(paper, column, cell, at, y + PADDING_MM)
                at += column.width
            y += self.height(row)
            paper.rule(self.x, y, self.width)
        return y

    def _cell(self, paper: Paper, column: Column, text: str, x: float, y: float) -> None:
        inner = column.width - 2 * PADDING_MM
        paper.text(text, column.field, x + PADDING_MM, y, inner, self.size, column.align)
