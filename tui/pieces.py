"""What a prompt shows between its title and its question: pieces that shrink and grow. Pure.

The order is the same on every screen: place, item, quantity, tote, the rest. The piece that the
prompt asks for is drawn biggest; on a small screen the others become one row each.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tui import pixels
from tui.paint import Role, Row, Span, row_cells
from tui.text import cells, clip, clip_middle, pad, safe, wide, wrap
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Prompt

_ASKED = {
    Await.PLACE: "place",
    Await.ITEM: "qty",
    Await.QTY: "qty",
    Await.TOTE: "tote",
    Await.WEIGHT: "weight",
    Await.BOX: "box",
    Await.LABEL: "parcel",
    Await.SLIP: "parcel",
    Await.PARCEL: "parcel",
}
_LINES_FIRST = 3  # so many lines of a list are worth more than a second big number


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the body. It takes `least` rows, and more by `steps` of (rank, rows); rank 0 first.

    `keep` says which piece goes when not even the least fits: the highest number.
    """

    keep: int
    least: int
    draw: Callable[[int], list[Row]]
    steps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Big:
    name: str
    text: str
    unit: str = ""
    label: str = ""  # what it is, where that is not plain
    sides: tuple[str, ...] = ()  # one of these stands beside it: the first that has room


def body(prompt: Prompt, width: int, height: int) -> list[Row]:
    """Exactly *height* rows of *width* cells or less."""
    pieces = _pieces(prompt, width)
    while pieces and sum(piece.least for piece in pieces) > height:
        pieces.remove(max(pieces, key=lambda piece: piece.keep))
    heights = _share(pieces, height)
    blanks = height - sum(heights)
    rows: list[Row] = []
    for piece, rows_given in zip(pieces, heights, strict=True):
        if rows and blanks > 0:
            rows.append(())
            blanks -= 1
        rows += piece.draw(rows_given)
    return rows + [()] * (height - len(rows))


def _share(pieces: list[Piece], height: int) -> list[int]:
    heights = [piece.least for piece in pieces]
    free = height - sum(heights)
    steps = [
        (rank, index, rows) for index, piece in enumerate(pieces) for rank, rows in piece.steps
    ]
    for _, index, rows in sorted(steps):
        more = rows - heights[index]
        if 0 < more <= free:
            heights[index] = rows
            free -= more
    return heights


def _pieces(prompt: Prompt, width: int) -> list[Piece]:
    focus, language = prompt.focus, prompt.language
    bigs = _bigs(focus, language, prompt.awaits)
    asked = _asked(prompt, bigs)
    pieces = [_big(big, width, asked=big.name == asked) for big in bigs]
    after_place = 1 if focus.place else 0
    pieces[after_place:after_place] = _item(focus, language, width)
    pieces += _facts(focus, language, width)
    pieces += _lines(prompt, width)
    return pieces + _menu(prompt, width)


def _asked(prompt: Prompt, bigs: list[_Big]) -> str:
    names = [big.name for big in bigs]
    wanted = [_ASKED[kind] for kind in prompt.awaits if kind in _ASKED]
    return next((name for name in wanted if name in names), names[0] if names else "")


def _bigs(focus: Focus, language: Language, awaits: tuple[Await, ...]) -> list[_Big]:
    bigs: list[_Big] = []
    carried = _carried(focus, language)
    tote_asked = Await.TOTE in awaits and bool(focus.tote)
    if focus.place:
        bigs.append(_Big("place", safe(focus.place)))
    if focus.qty is not None:
        sides = () if tote_asked else carried
        bigs.append(_Big("qty", str(focus.qty), say("screen.pieces", language), sides=sides))
    if focus.tote and (tote_asked or focus.qty is None):
        tote = safe(focus.tote)
        big, sides = (safe(focus.slot), (tote,)) if focus.slot else (tote, ())
        label = safe(focus.called) or say("screen.tote", language)
        bigs.append(_Big("tote", big, label=label, sides=sides))
    elif focus.slot and not focus.tote and not focus.place:
        bigs.append(_Big("tote", safe(focus.slot), label=say("screen.slot", language)))
    if focus.box:
        bigs.append(_Big("box", safe(focus.box), label=say("screen.box", language)))
    if focus.parcel:
        bigs.append(_Big("parcel", safe(focus.parcel)))
    if focus.weight_g is not None:
        label = say("screen.weight", language)
        bigs.append(_Big("weight", str(focus.weight_g), "g", label=label))
    return bigs


def _carried(focus: Focus, language: Language) -> tuple[str, ...]:
    if not focus.tote:
        return ()
    tote = safe(focus.tote)
    short = f"[{safe(focus.slot)}] {tote}" if focus.slot else tote
    named = safe(focus.called) or say("screen.tote", language)
    return (f"{named}{'' if focus.slot else ' '}{short}", short, tote)


def _big(big: _Big, width: int, *, asked: bool) -> Piece:
    scale = _scale(big, width) if asked or big.name in ("place", "qty") else 0
    # A second block of pixels needs a free row above it, or the two read as one.
    height = pixels.HEIGHT if asked or big.name == "place" else pixels.HEIGHT + 1
    steps = ((1 if asked else 3, height),) if scale else ()
    return Piece(0 if asked else 1, 1, lambda rows: _draw_big(big, width, rows, scale), steps)


def _scale(big: _Big, width: int) -> int:
    if not pixels.drawable(big.text):
        return 0
    beside = max(map(cells, (*big.sides[-1:], big.unit)))
    spare = 2 + beside if beside else 0
    return next((s for s in (2, 1) if pixels.width(big.text, s) + spare <= width), 0)


def _draw_big(big: _Big, width: int, height: int, scale: int) -> list[Row]:
    if height < pixels.HEIGHT or not scale:
        return [_flat(big, width)]
    role: Role = "place" if big.name == "place" else "qty"
    ink: Role = "place_ink" if role == "place" else "qty_ink"
    rows = [_inked(row, role, ink) for row in pixels.draw(big.text, scale)]
    room = width - pixels.width(big.text, scale) - 2
    beside = [text for text in (big.label, _side(big, room)) if text and cells(text) <= room]
    for y, text in enumerate(beside):
        rows[y] = (*rows[y], Span("  "), Span(text, "strong"))
    if big.unit:
        rows[-1] = (*rows[-1], Span("  "), Span(big.unit, "strong"))
    return [()] * (height - len(rows)) + rows


def _inked(pixel_row: str, role: Role, ink: Role) -> Row:
    spans: list[Span] = []
    for pixel in pixel_row:
        wanted = ink if pixel == "#" else role
        if spans and spans[-1].role == wanted:
            spans[-1] = Span(spans[-1].text + " ", wanted)
        else:
            spans.append(Span(" ", wanted))
    return tuple(spans)


def _flat(big: _Big, width: int) -> Row:
    role: Role = "place" if big.name == "place" else "qty"
    need = cells(big.unit) + (1 + cells(big.sides[-1]) if big.sides else 0)
    label = f"{big.label} " if big.label else ""
    if cells(label) + cells(big.text) + need > width:
        label = ""
    text = wide(big.text)
    if cells(label) + cells(text) + need > width:
        text = big.text
    row: Row = (Span(label, "strong"), Span(clip(text, width - cells(label)), role))
    if big.unit and row_cells(row) + cells(big.unit) <= width:
        row = (*row, Span(big.unit, "strong"))
    side = _side(big, width - row_cells(row) - 1)
    gap = width - row_cells(row) - cells(side)
    return (*row, Span(" " * gap), Span(side, "strong")) if side else row


def _side(big: _Big, room: int) -> str:
    return next((side for side in big.sides if cells(side) <= room), "")


def _item(focus: Focus, language: Language, width: int) -> list[Piece]:
    name = wrap(safe(focus.item), width, 2)
    pieces = []
    if name:
        short = [clip(safe(focus.item), width)]
        pieces.append(_text(name, short, "strong", keep=0, rank=0))
    if focus.sku:
        code = f"{say('screen.sku', language)} {safe(focus.sku)}"
        pieces.append(_text([clip(code, width)], [], "dim", keep=9, rank=5))
    return pieces


def _text(full: list[str], short: list[str], role: Role, *, keep: int, rank: int) -> Piece:
    def draw(rows: int) -> list[Row]:
        shown = full if rows >= len(full) else short
        return [(Span(line, role),) for line in shown[:rows]]

    steps = ((rank, len(full)),) if len(full) > len(short) else ()
    return Piece(keep, len(short), draw, steps)


def _facts(focus: Focus, language: Language, width: int) -> list[Piece]:
    """Lot and expiry: on one row where they fit, else the lot first; its word gives way to it."""
    pairs = (("screen.lot", focus.lot), ("screen.expiry", focus.expiry))
    named = [
        (f"{say(code, language)} {safe(value)}", safe(value)) for code, value in pairs if value
    ]
    if not named:
        return []
    together = ("  ".join(texts) for texts in zip(*named, strict=True))
    one_row = (line for line in together if cells(line) <= width)
    each = [full if cells(full) <= width else clip(bare, width) for full, bare in named]
    lines = list(one_row)[:1] or each
    return [_text(lines, lines[:1], "text", keep=2, rank=0)]


def _lines(prompt: Prompt, width: int) -> list[Piece]:
    """The lines, each on one row until there is room to wrap; those with no room are counted."""
    lines = [safe(line) for line in prompt.lines if line]
    if not lines:
        return []
    whole = sum(len(wrap(line, width)) for line in lines)
    is_list = Await.NOTHING in prompt.awaits

    def draw(rows: int) -> list[Row]:
        if rows < len(lines):
            # What comes first matters most: it may take a row from those that are hidden anyway.
            top = wrap(lines[0], width, 2) if rows > _LINES_FIRST and not is_list else []
            top = top or [clip_middle(line, width) for line in lines[: rows - 1][:1]]
            others = [clip_middle(line, width) for line in lines[1 : rows - len(top)]]
            hidden = len(lines) - bool(top) - len(others)
            more = say("screen.more", prompt.language, count=hidden)
            return [*((Span(line),) for line in (*top, *others)), (Span(more, "dim"),)]
        spare = rows - len(lines)
        drawn: list[Row] = []
        for line in lines:
            wrapped = wrap(line, width, spare + 1) if spare else [clip_middle(line, width)]
            spare -= len(wrapped) - 1
            drawn += [(Span(part),) for part in wrapped]
        return drawn

    asked = Await.SERIAL in prompt.awaits  # the number that is looked for may stand here
    first = () if len(lines) == 1 and not asked else ((-1, 2),)  # a mere count says nothing
    soon = whole if len(lines) <= _LINES_FIRST else _LINES_FIRST
    steps = tuple((2 if height <= soon else 4, height) for height in range(2, whole + 1))
    return [Piece(3, 1, draw, (*(step for step in first if whole > 1), *steps))]


def _menu(prompt: Prompt, width: int) -> list[Piece]:
    labels = [
        f"{option.key} {safe(option.label)}" for option in prompt.options if option.key.isdigit()
    ]
    if not labels:
        return []
    spaced = 2 * len(labels) - 1

    def draw(rows: int) -> list[Row]:
        if rows >= spaced:
            lines = [line for label in labels for line in (clip_middle(label, width), "")]
            return [(Span(line, "strong"),) if line else () for line in lines[:spaced]]
        shown = _beside(labels, width, rows)[:rows]
        return [(Span(clip_middle(line, width), "strong"),) for line in shown]

    least = len(_beside(labels, width, 1))
    steps = (*((0, rows) for rows in range(least + 1, len(labels) + 1)), (6, spaced))
    return [Piece(0, min(least, 5), draw, steps)]


def _beside(labels: list[str], width: int, rows: int) -> list[str]:
    """*labels* on *rows* rows: as many as it takes share a row with the next, the last ones first.

    A second column begins in the middle where it can, so that the digits stand in line.
    """
    lines = [*labels]
    at = len(lines) - 2
    while at >= 0 and len(lines) > rows:
        left = pad(lines[at], max((width + 1) // 2, cells(lines[at]) + 1))
        if cells(left) + cells(lines[at + 1]) > width:
            left = f"{lines[at]} "
        if cells(left) + cells(lines[at + 1]) <= width:
            lines[at : at + 2] = [left + lines[at + 1]]
            at -= 1
        at -= 1
    return lines
