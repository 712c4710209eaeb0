"""A prompt is what one worker should see now, as data. Any door (terminal, browser, bot) shows it.

Words are already in the worker's language; `step`, `awaits` and the fields of `focus` are stable
names for machines.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct


class Await(StrEnum):
    """The kind of input that the prompt waits for; several may be welcome at once."""

    BADGE = "badge"
    PIN = "pin"
    PLACE = "place"
    ITEM = "item"
    SERIAL = "serial"
    EXPIRY = "expiry"  # keyed as YYMMDD or YYMM
    QTY = "qty"
    TOTE = "tote"
    BOX = "box"
    WEIGHT = "weight"
    LABEL = "label"
    SLIP = "slip"
    PARCEL = "parcel"
    MANIFEST = "manifest"
    DOCUMENT = "document"  # a paper that goes into the box
    TEXT = "text"  # words to search for
    CHOICE = "choice"
    NOTHING = "nothing"


class Focus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The big thing to look at. Empty fields are not shown. `qty` is in eaches."""

    place: str = ""
    item: str = ""  # the item's name
    sku: str = ""
    lot: str = ""
    expiry: str = ""  # YYYY-MM-DD
    qty: int | None = None
    tote: str = ""
    called: str = ""  # in words, what `tote` is where it is no tote: a box, a pallet
    slot: str = ""  # position of the tote on the cart
    box: str = ""
    parcel: str = ""
    weight_g: int | None = None
    picture: str = ""


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to the last input. `error` stops the hand: input is locked until acknowledged."""

    severity: Literal["ok", "attention", "error"] = "ok"
    code: str = ""
    text: str = ""
    expected: str = ""
    scanned: str = ""


class Option(Struct, frozen=True, kw_only=True):
    """A key that works now. `command` is also a command barcode (`CMD:` + command)."""

    key: str  # "F2", or a digit for a menu
    command: str
    label: str


class Prompt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One instruction. `locked` means: only the command `ok` is taken until it was sent.

    `help` says at length what to do here, for a page of its own. `photo` names what a picture may
    be taken of now (return:5); "" when none is wanted.
    """

    dialogue: str
    step: str
    title: str
    ask: str
    help: str = ""
    awaits: tuple[Await, ...] = ()
    focus: Focus = Focus()
    lines: tuple[str, ...] = ()  # a few lines below the focus, e.g. a tote's contents
    done: int = 0
    total: int = 0
    message: Message | None = None
    locked: bool = False
    refused: int = 0  # inputs refused while it was locked
    secret: bool = False
    photo: str = ""
    options: tuple[Option, ...] = ()
    language: Literal["ja", "en"] = "ja"
    person: str = ""
