"""Packing as data: what the packer has proven so far, and the facts that the next step needs."""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from wms.shipping.cartons import OWN_BOX, Carton, Limits
from wms.shipping.cuboids import Piece, Sides
from wms.shipping.proof import Part

At = Literal["tote", "one", "item", "paper", "box", "weigh", "label", "slip", "verify"]


class State(Struct, frozen=True, kw_only=True):
    """What the packer has proven so far; the goods are still in their totes until the weight."""

    at: At = "tote"
    tote: str = ""
    scanned: tuple[str, ...] = ()  # a key for each piece, in order: undo takes the last
    papers: tuple[str, ...] = ()  # codes of the documents that were scanned
    box: str = ""
    split: bool = False  # this box is full; the rest of the order goes into another one
    listing: bool = False  # the whole list of pieces is on the screen
    changing: bool = False  # the other services are on the screen
    doubted: str = ""  # the box that was scanned although the tags differ: once more is yes


@dataclass(frozen=True, slots=True)
class Content:
    """Picked units of one allocation in a tote. `line` is None while they are a wave's total.

    `weight_g` is the best that is known of one piece, 0 = nothing; so are the sides.
    """

    allocation: int
    line: int | None
    item: int
    sku: str
    name: str
    picture: str
    kind: str
    weight_g: int
    sides: Sides
    rfid: bool
    lot: str
    serial: str
    qty: int
    tote: str
    here: bool
    fragile: bool = False
    own_box: bool = False
    deviation_g: int = 0

    @property
    def piece(self) -> Piece:
        """One of them, as it is put into a box."""
        return Piece(self.item, *self.sides, self.weight_g, self.fragile, self.own_box)

    @property
    def part(self) -> Part:
        """What the proof compares; the caller says how many."""
        return Part(self.item, self.name, self.qty, self.weight_g, self.deviation_g, self.rfid)


@dataclass(frozen=True, slots=True)
class Gift:
    """What the purchaser of a gift asked for, in their words."""

    wrapping: str = ""
    noshi: str = ""
    noshi_name: str = ""
    message: str = ""
    without_slip: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """The order at the bench. `missing` eaches are neither in a tote nor packed yet.

    Limits of its carrier service are 0 where there are none. `pieces`: boxes it has so far.
    `no_numbers`: whose range of the carrier's tracking numbers is used up, (owner, carrier).
    """

    id: int
    code: str
    state: str
    service: str
    label_mode: str
    tolerance_g: int
    missing: int
    sides_mm_max: int
    weight_g_max: int = 0
    thickness_mm_max: int = 0
    pieces_max: int = 0
    pieces: int = 0
    must_weigh: bool = False
    trust_tags: bool = False
    trust_one_item: bool = False
    gift: Gift | None = None
    no_numbers: tuple[str, str] | None = None

    @property
    def limits(self) -> Limits:
        """What its service takes."""
        return Limits(self.sides_mm_max, self.thickness_mm_max, self.weight_g_max)


@dataclass(frozen=True, slots=True)
class Box:
    """A kind of box from the shelf. `services`: those that take it, () = all."""

    code: str
    name: str
    sides: Sides
    tare_g: int
    services: tuple[str, ...] = ()

    @property
    def volume_mm3(self) -> int:
        return self.sides[0] * self.sides[1] * self.sides[2]

    @property
    def sides_mm(self) -> int:
        return sum(self.sides)

    @property
    def carton(self) -> Carton:
        return Carton(self.code, *self.sides, self.tare_g)


@dataclass(frozen=True, slots=True)
class Printing:
    """How a paper is doing: `reason` why it waits or failed, `printer` which one got it."""

    state: str
    reason: str = ""
    printer: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the order that goes into a box. `here`: it was sent to us, and can be printed.

    `packed`: it is in an earlier box. `failed`: why one of ours cannot be printed.
    """

    code: str
    kind: str
    here: bool = True
    packed: bool = False
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A service that the owner allows instead, and how much more it costs, in minor units."""

    service: str
    name: str
    cost: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """The parcel that waits for its label at this station."""

    id: int
    code: str
    order: int
    state: str
    tracking: str
    box: str = ""
    piece: int = 1
    pieces: int = 1
    label_mode: str = "immediate"
    printing: Printing | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """Tags of one item that the reader sees now. `order`: another one here that wants such."""

    item: int
    sku: str
    count: int
    order: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """What the owners of the goods at hand demand of the bench."""

    label: bool = False
    paper: bool = False
    weight: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """`contents`: all picked units of the order (or of a total tote), wherever they are.

    `scale`: "none", "ready", or "down" (it is there and does not answer). `printer` and
    `paper_printer` say why the label and the A4 printer are down, "" when they are not; `stopped`
    and `paper_stopped` why nothing at all can be printed. `redirected`: the station whose printers
    are used instead; `helper`: a neighbour whose printers work now; `own_works`: ours do again.
    `tags` is None where there is no reader, or one that did not see a while ago: `blind` says when,
    and nothing is missing for its sake. `near`: what other orders have at this bench.
    """

    station: str
    place: str
    scale: Literal["none", "ready", "down"] = "none"
    printer: str = ""
    stopped: str = ""
    slip_printer: bool = False
    paper_stopped: str = ""
    redirected: str = ""
    helper: str = ""
    own_works: bool = True
    contents: tuple[Content, ...] = ()
    needs: Needs = Needs()
    order: Order | None = None
    papers: tuple[Paper, ...] = ()
    upgrades: tuple[Upgrade, ...] = ()
    parcel: Parcel | None = None
    slip: Printing | None = None
    boxes: tuple[Box, ...] = ()
    slip_numbers: tuple[str, ...] = ()
    weight_g: int | None = None
    tags: tuple[Tagged, ...] | None = None
    blind: str = ""
    near: tuple[Part, ...] = ()

    @property
    def here(self) -> tuple[Content, ...]:
        """What stands at this station."""
        return tuple(content for content in self.contents if content.here)

    @property
    def bound(self) -> tuple[Content, ...]:
        """What stands here and belongs to the order at the bench."""
        return tuple(content for content in self.here if content.line is not None)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Totes of the order that have not arrived."""
        return tuple(sorted({content.tote for content in self.contents if not content.here}))

    def box(self, code: str) -> Box | None:
        """The kind of box with this code. Its own box is part of what an item weighs."""
        if code == OWN_BOX:
            return Box(OWN_BOX, "", (0, 0, 0), 0)
        return next((box for box in self.boxes if box.code == code), None)

    @property
    def can_redirect(self) -> bool:
        """Whether the key that sends paper elsewhere, or home again, would help."""
        if self.redirected:
            return self.own_works
        return bool(self.helper and (self.stopped or self.printer or self.paper_stopped))
