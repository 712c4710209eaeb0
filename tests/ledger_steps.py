"""What may happen next in a `World`: each step chooses its own particulars, sensible or hostile.

The same steps are driven by Hypothesis (which makes failures small) and by a weighted, seeded
driver (which goes on for thousands of steps).
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol, TypeVar

from tests.ledger_site import (
    BINS,
    CONDITIONS,
    CONTAINERS,
    FOOD,
    LOTS,
    PEN,
    RADIO,
    SERIALS,
    SPOTS,
    STANDS,
    TOTES,
)
from tests.ledger_world import World
from wms.stock import Key

T = TypeVar("T")


class Choice(Protocol):
    """Where the particulars come from."""

    def number(self, least: int, most: int) -> int: ...

    def one(self, of: Sequence[T]) -> T: ...


class Dice:
    """Particulars from a seed."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def number(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def one(self, of: Sequence[T]) -> T:
        return self.random.choice(of)


def receive(world: World, choice: Choice) -> None:
    item = choice.one((PEN, PEN, FOOD, RADIO))
    serial = choice.one(SERIALS) if item == RADIO else ""
    qty = 1 if serial else choice.number(1, 6)
    world.receive(choice.one((*BINS, "DOCK")), item, choice.one(LOTS[item]), serial, qty)


def carry(world: World, choice: Choice) -> None:
    key = _balance(world, choice)
    target = choice.one([place for place in (*BINS, *SPOTS, *TOTES) if place != key.place])
    world.carry(key, target, choice.number(1, max(1, world.free(key)) + 1))


def regrade(world: World, choice: Choice) -> None:
    key = _balance(world, choice)
    condition = choice.one([one for one in CONDITIONS if one != key.condition])
    world.regrade(key, condition, choice.number(1, max(1, world.free(key)) + 1))


def relocate(world: World, choice: Choice) -> None:
    container = choice.one(CONTAINERS)
    source = choice.one((world.parents[container], world.parents[container], "BENCH"))
    world.relocate(container, source, choice.one([one for one in STANDS if one != source]))


def order(world: World, choice: Choice) -> None:
    lines = [
        (item, 1 if choice.one((True, False)) else choice.number(1, 4))
        for item in choice.one(((PEN,), (PEN,), (FOOD,), (RADIO,), (PEN, FOOD), (FOOD, RADIO)))
    ]
    world.order(*lines)


def allocate(world: World, choice: Choice) -> None:
    if world.waiting:
        world.allocate()


def pick(world: World, choice: Choice) -> None:
    if world.held:
        number = choice.one(sorted(world.held))
        most = world.held[number].qty
        qty = choice.one((most, choice.number(1, most), choice.number(1, most + 1)))
        totes = [tote for tote in TOTES if tote != world.held[number].key.place]
        world.pick(number, qty, choice.one(totes))


def unpick(world: World, choice: Choice) -> None:
    """Often a part of a promise whose rest is open still: the two become one again."""
    parts = [n for n, one in sorted(world.held.items()) if one.state == "picked" and one.of]
    whole = choice.one((True, False)) or not parts
    if world.held:
        world.unpick(choice.one(sorted(world.held) if whole else parts))


def bind(world: World, choice: Choice) -> None:
    totals = sorted(n for n, one in world.held.items() if one.line is None)
    if totals:
        world.bind(choice.one(totals))


def pack(world: World, choice: Choice) -> None:
    found = sorted(
        {one.order for one in world.held.values() if one.order and one.state == "picked"}
    )
    if found:
        world.pack(choice.one(found))


def release(world: World, choice: Choice) -> None:
    if world.held:
        world.release(choice.one(sorted(world.held)))


def send(world: World, choice: Choice) -> None:
    if world.boxes:
        world.send(choice.one(sorted(world.boxes)))


def repeat_move(world: World, choice: Choice) -> None:
    if world.moves:
        world.repeat_move(choice.number(0, 999))


def reuse_key(world: World, choice: Choice) -> None:
    if world.moves:
        world.reuse_key(choice.number(0, 999), choice.one(("qty", "place", "lot", "container")))


def repeat_way(world: World, choice: Choice) -> None:
    if world.ways:
        world.repeat_way(choice.number(0, 999))


def repeat_pick(world: World, choice: Choice) -> None:
    if world.picks:
        world.repeat_pick(choice.number(0, 999), choice.number(1, 4))


def fail_late(world: World, choice: Choice) -> None:
    world.fail_late(choice.one(BINS), choice.number(1, 5))


STEPS: dict[Callable[[World, Choice], None], int] = {
    receive: 12, carry: 8, regrade: 4, relocate: 8, order: 10, allocate: 8, pick: 18, unpick: 5,
    bind: 8, pack: 8, release: 3, send: 12, repeat_move: 2, reuse_key: 3, repeat_way: 2,
    repeat_pick: 3, fail_late: 2,
}  # fmt: skip


def _balance(world: World, choice: Choice) -> Key:
    """One that has goods, where there is one; goods in boxes are left alone."""
    boxes = {code for code, _, _ in world.boxes.values()}
    keys = sorted(key for key, qty in world.qty.items() if qty and key.place not in boxes)
    return choice.one(keys or [Key("A-1", PEN, "", "available", "")])
