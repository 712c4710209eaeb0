"""The lead's board as rows of text: ten numbers on top, the floor below. Pure.

Made for 120x40, usable at 80x24. What is in order is quiet; attention and error fill their place
with colour and carry a mark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui.board_tables import (
    MARKS,
    Column,
    Table,
    devices,
    exceptions,
    people,
    pickups,
    robots,
    stages,
)
from tui.paint import Role, Row, Span, edges, filled, row_cells
from tui.text import cells, clip, safe, wide, wrap
from wms.messages import Language, say
from wms.rooms.board_state import BoardState, Tile, Tone

COLUMNS = 5  # of tiles
ROOMY = 32  # rows from which tiles show their hints
_ROLES: dict[Tone, Role] = {"ok": "strong", "attention": "attention", "error": "error"}
_WIDE_PART = 0.62  # of the width: the left column holds the longer texts


@dataclass(frozen=True, slots=True)
class BoardView:
    """Everything that the board shows at one moment."""

    state: BoardState
    trouble: str = ""  # why the state is old, in words
    note: str = ""  # what the last action did, in words
    actions: tuple[tuple[str, str], ...] = ()  # key and label


def tile_key(index: int) -> str:
    """The key that opens the list behind the tile at *index*: 1 to 9, then 0."""
    return str((index + 1) % 10)


def lay_out_board(view: BoardView, width: int, height: int) -> list[Row]:
    """Exactly *height* rows that fit *width* cells."""
    state = view.state
    roomy = height >= ROOMY
    tiles = _tiles(state, width, roomy=roomy)
    rows = [_head(view, width), *tiles, _note(view, width, roomy=roomy)]
    panels = _panels(state, width, height - len(rows) - 1)
    return [*(rows + panels)[: height - 1], _foot(view, width)]


def lay_out_list(view: BoardView, index: int, width: int, height: int) -> list[Row]:
    """The page behind one tile: its number, what to do about it, and its rows."""
    tile = view.state.tiles[index]
    language = view.state.language
    title = f"{say(f'board.tile.{tile.code}', language)}  {safe(tile.value)}"
    top = [_head(view, width), filled(f"{MARKS[tile.tone]}{title}", _ROLES[tile.tone], width)]
    if tile.hint:
        top.append((Span(f"-> {clip(safe(tile.hint), width - 3)}", "strong"),))
    lines = [line for text in tile.rows for line in wrap(safe(text), width - 2)]
    body: list[Row] = [(Span(f"  {line}"),) for line in lines]
    if not body:
        body = [(Span(f"  {say('board.empty', language)}", "dim"),)]
    room = height - len(top) - 1
    if len(body) > room:
        more = say("board.more", language, count=len(body) - room + 1)
        body = [*body[: room - 1], (Span(f"  {more}", "dim"),)]
    blank: list[Row] = [()] * (room - len(body))
    return [*top, *body, *blank, filled(say("screen.leave", language), "keys", width)]


def _head(view: BoardView, width: int) -> Row:
    state = view.state
    if view.trouble:
        return edges(safe(view.trouble), safe(state.site), "error", width)
    title = f"{safe(state.site)}  {say('board.title', state.language)}"
    return edges(title, safe(state.clock), "head", width)


def _note(view: BoardView, width: int, *, roomy: bool) -> Row:
    if view.note:
        return filled(f"-> {safe(view.note)}", "ask", width)
    severity = {"error": 0, "attention": 1, "ok": 2}
    tiles = [(severity[tile.tone], at) for at, tile in enumerate(view.state.tiles) if tile.hint]
    if not tiles or roomy:
        return ()
    worst, at = min(tiles)
    tile = view.state.tiles[at]
    text = f"{MARKS[tile.tone]}[{tile_key(at)}] {safe(tile.hint)}"
    return (Span(clip(text, width), "strong" if worst < 2 else "dim"),)


def _foot(view: BoardView, width: int) -> Row:
    keys = "  ".join(f"{safe(key)} {safe(label)}" for key, label in view.actions)
    return edges(keys, say("board.lists", view.state.language), "keys", width)


def _tiles(state: BoardState, width: int, *, roomy: bool) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(state.tiles), COLUMNS):
        group = list(enumerate(state.tiles))[start : start + COLUMNS]
        widths = [_tile_width(at, width) for at, _ in group]
        blocks = [
            _tile(tile, at, room, state.language, roomy=roomy)
            for (at, tile), room in zip(group, widths, strict=True)
        ]
        rows += _beside(blocks, widths)
        if roomy:
            rows.append(())
    return rows


def _tile_width(index: int, width: int) -> int:
    column = index % COLUMNS
    return width * (column + 1) // COLUMNS - width * column // COLUMNS - 1


def _tile(tile: Tile, index: int, width: int, language: Language, *, roomy: bool) -> list[Row]:
    role = _ROLES[tile.tone]
    quiet = tile.tone == "ok"
    name = f"{tile_key(index)} {say(f'board.tile.{tile.code}', language)}"
    mark = MARKS[tile.tone].strip()
    value = safe(tile.value)
    if roomy and cells(wide(value)) <= width - 2:
        value = wide(value)
    rows = [
        edges(name, mark, "dim" if quiet else role, width),
        filled(f"  {value}", role, width),
    ]
    if roomy:
        hint = wrap(safe(tile.hint), width - 2, 2)
        rows += [filled(f"  {line}", "dim" if quiet else role, width) for line in (*hint, "", "")][
            :2
        ]
    return rows


def _beside(blocks: Sequence[list[Row]], widths: Sequence[int]) -> list[Row]:
    """Blocks of these widths side by side, one paper cell between them."""
    rows: list[Row] = []
    for y in range(max(map(len, blocks), default=0)):
        row: Row = ()
        for at, block in enumerate(blocks):
            part = block[y] if y < len(block) else ()
            gap = widths[at] - row_cells(part) + (at < len(blocks) - 1)
            row = (*row, *part, Span(" " * gap))
        rows.append(row)
    return rows


def _panels(state: BoardState, width: int, height: int) -> list[Row]:
    left = int(width * _WIDE_PART)
    right = width - left - 1
    top = min(len(state.stages) + 1, max(4, height * 2 // 5 + 1))
    middle = (height - top) // 2
    rows: list[Row] = []
    for pair, rows_given in (
        ((pickups(state), stages(state)), top),
        ((people(state), robots(state)), middle),
        ((exceptions(state), devices(state)), height - top - middle),
    ):
        blocks = [
            _panel(table, panel_width, rows_given, state.language)
            for table, panel_width in zip(pair, (left, right), strict=True)
        ]
        rows += _beside(blocks, (left, right))
    return rows


def _panel(table: Table, width: int, height: int, language: Language) -> list[Row]:
    spare = width - sum(column.width + 1 for column in table.columns if column.width)
    widths = [column.width or max(4, spare) for column in table.columns]
    titles = [column.title for column in table.columns]
    rows: list[Row] = [_cells(titles, widths, table.columns, "keys", width)]
    room = height - 1
    shown = table.lines if len(table.lines) <= room else table.lines[: room - 1]
    for tone, texts in shown:
        role: Role = "text" if tone == "ok" else _ROLES[tone]
        rows.append(_cells(texts, widths, table.columns, role, width))
    hidden = len(table.lines) - len(shown)
    if hidden:
        rows.append(filled(say("board.more", language, count=hidden), "dim", width))
    return rows[:height] + [()] * (height - len(rows))


def _cells(
    texts: Iterable[str], widths: list[int], columns: tuple[Column, ...], role: Role, width: int
) -> Row:
    parts = []
    for text, room, column in zip(texts, widths, columns, strict=True):
        short = clip(text, room)
        gap = " " * (room - cells(short))
        parts.append(gap + short if column.right else short + gap)
    return filled(" ".join(parts), role, width)
