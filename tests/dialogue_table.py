"""What tests of dialogues share: inputs, facts by hand, and one step of a state table."""

import ast
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from picking.dialogues.base import COMMAND_KEYS, Dialogue, ItemSeen, Seen, Step
from picking.tours import SlotView, StopView, TourView

TEA, CUP = 11, 12  # items
SKU = {TEA: "TEA", CUP: "CUP"}

_LINE = re.compile(r"^\* ([\w, ]+) -> (\w+): ", re.MULTILINE)
_NAME = re.compile(r"^test_([a-z]+)_to_([a-z]+)(?:_|$)")


def transitions_listed(path: Path) -> Counter[tuple[str, str]]:
    """The transitions that the docstring of a dialogue's module lists, as often as it does."""
    words = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return Counter(
        (source, target)
        for sources, target in _LINE.findall(words)
        for source in sources.split(", ")
    )


def transitions_tested(path: Path) -> Counter[tuple[str, str]]:
    """The transitions that the tests in a file are named for."""
    tree = ast.parse(path.read_text("utf-8"))
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = [match.groups() for name in names if (match := _NAME.match(name))]
    return Counter((source, target) for source, target in found)


def item(number: int, *, qty: int = 1, lot: str = "", serial: str = "") -> Seen:
    """A barcode that means one item."""
    meaning = ItemSeen(number, "acme", SKU[number], SKU[number].title(), qty)
    return Seen("item", "4901", code="4901", items=(meaning,), lot=lot, serial=serial)


def place(code: str, *, deliberate: bool = False) -> Seen:
    return Seen("place", code, code=code, deliberate=deliberate)


def tote(code: str) -> Seen:
    return Seen("tote", code, code=code)


def key(digits: str) -> Seen:
    """Digits that were keyed."""
    return Seen("number", digits, code=digits, number=int(digits))


def command(name: str) -> Seen:
    assert name in COMMAND_KEYS or name.isdigit(), name
    return Seen("command", name, code=name)


def other(text: str = "what?") -> Seen:
    """Something that nobody knows."""
    return Seen("unknown", text, code=text)


def stop(number: int = 1, *, at: str = "A-01", wanted: int = TEA, qty: int = 2, slot: int = 1,
         state: str = "open", lot: str = "", serial: str = "") -> StopView:  # fmt: skip
    """One stop of a walk."""
    return StopView(
        id=number, seq=number, slot=slot, state=state, allocation=100 + number, place=at,
        check_digits="64", item=wanted, sku=SKU[wanted], name=SKU[wanted].title(), picture="",
        lot=lot, expiry="", serial=serial, qty=qty,
    )  # fmt: skip


def tour(*stops: StopView, totes: Sequence[str | None] = ("T-01",), full: str = "") -> TourView:
    """A walk whose slots have these totes; *full* is one before that in slot 1."""
    before = [SlotView(row=90, slot=1, order=7, order_code="O7", tote=full, full=True)]
    slots = [
        SlotView(row=number, slot=number, order=6 + number, order_code=f"O{6 + number}",
                 tote=code, full=False)
        for number, code in enumerate(totes, start=1)
    ]  # fmt: skip
    return TourView(
        id=5, kind="cart", state="claimed", person=1, wave=3, carrier="yamato", pickup_ms=0,
        cart="CART-1", drop_place="", slots=(*(before if full else []), *slots), stops=stops,
    )  # fmt: skip


class Move:
    """What one input led to: `at` is the step at which the worker stands afterwards."""

    def __init__(self, step: Step[Any], arrived: Any) -> None:
        self.effects = step.effects
        self.say = step.say
        self.code = step.say.code if step.say else ""
        self.refused = step.refused
        self.state = arrived
        self.at: str = step.go or getattr(arrived, "at", "menu")

    @property
    def evidence(self) -> tuple[str, str]:
        """What the error says was expected, and what it says was read."""
        assert self.say is not None
        return self.say.expected, self.say.scanned


def move(
    dialogue: Dialogue[Any, Any], state: Any, seen: Seen, facts: Any, then: Any = None
) -> Move:
    """One input in *state*, with the *facts* before it and (after its effects) *then*.

    The prompts before and after must be there in both languages, whatever happened.
    """
    before = dialogue.arrive(state, facts)
    step = dialogue.step(before, seen, facts)
    after = facts if then is None else then
    arrived = dialogue.arrive(step.state, after)
    for language in ("ja", "en"):
        dialogue.prompt(before, facts, language)
        if step.say is not None:
            assert step.say.message(language).text
        if not step.go:
            prompt = dialogue.prompt(arrived, after, language)
            assert prompt.title and prompt.ask and prompt.help
    return Move(step, arrived)
