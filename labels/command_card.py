"""A card of command barcodes for a cart or a lanyard, 100 x 150 mm: works with gloves on."""

from typing import Annotated, Literal, get_args

from msgspec import Meta

from labels.pieces import Data
from labels.symbols import code128
from labels.zpl import Label
from wms.messages import say

PREFIX = "CMD:"
Command = Literal[
    "short", "later", "full", "undo", "ok", "back", "help", "list", "reprint", "assist",
    "language", "sign_off",
]  # fmt: skip
_COLUMN_MM, _ROW_MM, _TOP_MM = 48.5, 22.75, 11.5


class CommandCard(Data, frozen=True):
    """The commands on the card, in reading order; all of them unless named."""

    commands: Annotated[tuple[Command, ...], Meta(min_length=1, max_length=12)] = get_args(Command)


def render(data: CommandCard, dots_per_mm: int, copy: int) -> bytes:
    """A ZPL format of up to twelve commands in two columns."""
    label = Label(100, 150, dots_per_mm)
    title = f"{say('label.commands', 'ja')}  {say('label.commands', 'en')}"
    label.text(title, "", 2, 2, 96, 7.5, (5, 4), inverse=True, align="centre")
    for number, command in enumerate(data.commands):
        row, column = divmod(number, 2)
        _command(label, command, 1.25 + column * (_COLUMN_MM + 0.5), _TOP_MM + row * _ROW_MM)
    return label.to_zpl()


def _command(label: Label, command: Command, x: float, y: float) -> None:
    label.frame(x, y, _COLUMN_MM, _ROW_MM - 0.75, 0.25)
    label.text(
        say(f"label.command.{command}", "ja"), "", x + 1.5, y + 1, 45, 5, (4.5, 3), heavy=True
    )
    label.text(say(f"label.command.{command}", "en"), "", x + 1.5, y + 6.25, 45, 3, (2.75, 2.5))
    label.linear(code128(PREFIX + command, "commands"), x + 0.75, y + 10.5, 47, 10, 0.375)
