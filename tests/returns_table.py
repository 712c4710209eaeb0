"""What the tests of the returns table share: a box at hand, pieces, and one step."""

from dataclasses import replace as changed

from msgspec.structs import replace

from picking.dialogues.approval import Asked
from picking.dialogues.base import Seen
from picking.dialogues.returns import RETURNS
from picking.dialogues.returns_facts import Current, Facts, Goods, Line, State
from tests.dialogue_table import CUP, TEA, Move, move
from wms.returns.finding import Candidate
from wms.returns.view import Evidence, Sent

SENT = (
    Sent(item=TEA, sku="TEA", name="Tea", picture="", lot="", serial="", qty=2),
    Sent(item=CUP, sku="CUP", name="Cup", picture="", lot="", serial="S1", qty=1),
)  # fmt: skip
BOX = Current(
    number=5, code="R0000005", kind="return", owner="acme", state="arrived",
    lines=(Line(TEA, "TEA", "Tea", 2, 0), Line(CUP, "CUP", "Cup", 1, 0)),
    seen=Evidence(sent=SENT, parcel="P1-1", weight_g=480, packed_by="Carol", epcs=("30",)),
)  # fmt: skip
TEA_HERE = Goods(
    item=TEA, sku="TEA", name="Tea", picture="", awaited=True, serial_tracked=False,
    lot_tracked=False,
)  # fmt: skip
CUP_HERE = Goods(
    item=CUP, sku="CUP", name="Cup", picture="", awaited=True, serial_tracked=True,
    lot_tracked=False, serials=("S1",),
)  # fmt: skip
FOOD_HERE = Goods(
    item=TEA, sku="TEA", name="Tea", picture="", awaited=True, serial_tracked=False,
    lot_tracked=True, lots=("L1", "L2"),
)  # fmt: skip
STRANGE = Goods(
    item=TEA, sku="TEA", name="Tea", picture="", awaited=False, serial_tracked=False,
    lot_tracked=False,
)  # fmt: skip
NOBODY = Facts(at_station=True, decided=("R0000007 SHELF",), announced=3)
OPEN = Facts(current=BOX, disposal="return:5:1")
UNIT = State(at="unit")
GRADING = State(at="grade", item=TEA)
CHOOSING = State(at="disposition", item=TEA, grade="A")
PUTTING = State(at="place", item=TEA, grade="A", disposition="restock")
THROWING = replace(PUTTING, grade="damaged", disposition="dispose")
ASKED = Asked(verb="approve_disposal", ref="return:5:1", owner="acme")
APPROVING = replace(THROWING, place="BIN", approval=ASKED)
TWO = (Candidate(parcel=8, name="P8-1", note="2026-11-20"), Candidate(number=4, name="R0000004"))


def replace_facts(facts: Facts, **more: object) -> Facts:
    return changed(facts, **more)  # type: ignore[arg-type]


def open_box(goods: Goods | None = None, **more: object) -> Facts:
    """Facts with the box at hand, and perhaps a piece in the hand."""
    return Facts(current=BOX, goods=goods, disposal="return:5:1", **more)  # type: ignore[arg-type]


def waiting(**more: object) -> Facts:
    whole = changed(BOX, undelivered=True, kind="undelivered")
    return Facts(current=changed(whole, **more))  # type: ignore[arg-type]


def go(state: State, seen: Seen, facts: Facts = OPEN, then: Facts | None = None) -> Move:
    return move(RETURNS, state, seen, facts, then)
