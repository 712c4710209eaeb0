"""Cancels at every possible moment of a small day: the book keeps its promises after every step.

Anna picks, Carol packs, Dave ships and Bert puts back, each by doing what the screen asks for; at
any moment an order is cancelled, made smaller, held, released or changed. Who does what is drawn
from a seed.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from picking.dispatch import deliver, dispatch
from tests.floor_site import CAROL, DAVE, JAN, FloorSite, Hand, floor_at
from tests.picking_site import ANNA, BERT, SOMEONE, TODAY
from tests.test_cancel import BASKET
from wms.errors import Rejected
from wms.orders import cancel, changes, holds
from wms.orders.changes import Change
from wms.schema import items, order_lines, orders, parcels, places, stock, tasks

STEPS = 45
INPUTS = 8  # of all terminals together, between two other things
WHO = {
    "HT-01": (ANNA, "pick"), "BENCH-1": (CAROL, "pack"),
    "DOCK-1": (DAVE, "ship"), "HT-02": (BERT, "task"),
}  # fmt: skip


class Day:
    """A site in which anything may happen next."""

    def __init__(self, site: FloorSite, seed: int) -> None:
        self.site, self.random = site, Random(seed)
        self.said: list[str] = []
        site.stock_up()
        self.hands = {
            name: site.signed_in(name, person, work=work) for name, (person, work) in WHO.items()
        }

    def step(self) -> None:
        """Everybody does a few things, then somebody may change their mind."""
        deed = self.random.choices(
            [self.nothing, self.order, self.release, self.cancel, self.less, self.hold, self.go_on,
             self.change, self.send],
            [3, 8, 9, 4, 2, 1, 4, 2, 9],
        )[0]  # fmt: skip
        for do in (*[self.work] * INPUTS, deed):
            self.said.append(do.__name__)
            self.site.now += 1_000
            try:
                do()
            except Rejected as refusal:
                self.said[-1] += f" {refusal.code}"

    def nothing(self) -> None:
        """Nobody changes anything."""

    def work(self) -> None:
        hand = self.hands[self.random.choice(list(self.hands))]
        prompt = hand.prompt
        if prompt.locked:
            hand.command("ok")
            return
        if prompt.dialogue == "sign_in":
            hand.sign_in(WHO[hand.terminal][0])
            return
        answer = WAYS[prompt.dialogue](self, hand, prompt)
        self.said[-1] += f" {hand.terminal} {prompt.dialogue}.{prompt.step} {answer}"

    def order(self) -> None:
        self.site.order(*self.random.choice([BASKET, (("TEA", 1),), (("CUP", 2), ("HAT", 1))]))

    def release(self) -> None:
        query = select(orders.c.id).where(orders.c.state.in_(("accepted", "short")))
        waiting = [row.id for row in self.site.rows(query)]
        if waiting:
            self.site.release(waiting)

    def any_order(self) -> int:
        return int(self.random.choice(self.site.rows(select(orders.c.id))).id)

    def cancel(self) -> None:
        self.site.write(cancel.cancel, self.any_order(), now=self.site.now)

    def less(self) -> None:
        order = self.any_order()
        mine = order_lines.c.order_id == order
        line = self.random.choice(self.site.rows(select(order_lines).where(mine)))
        wanted = {line.line_no: self.random.randint(0, line.qty)}
        self.site.write(cancel.reduce, order, wanted=wanted, now=self.site.now)

    def hold(self) -> None:
        self.site.write(holds.hold, self.any_order(), now=self.site.now)

    def go_on(self) -> None:
        held = self.site.rows(select(orders.c.id).where(orders.c.state == "held"))
        for row in held:
            self.site.write(holds.release, row.id, today=TODAY, now=self.site.now)

    def change(self) -> None:
        wanted = Change(recipient=SOMEONE, notes=f"note {self.random.randint(0, 9)}", relabel=True)
        self.site.write(changes.change, self.any_order(), wanted, now=self.site.now)

    def send(self) -> None:
        """Robots and persons carry what is ready: here they are quick."""
        self.site.write(dispatch, now=self.site.now, rng=self.site.rng)
        down = places.c.code.like("T-%") & (places.c.parent == "DROP")
        for row in self.site.rows(select(places.c.code).where(down)):
            self.site.write(
                deliver, tote=row.code, place="BENCH-1", key=self.site.key("carry"),
                actor="person:2", now=self.site.now,
            )  # fmt: skip


def pick(day: Day, hand: Hand, prompt: Any) -> str:
    match prompt.step:
        case "get" | "gone" | "short":
            return say(hand.key("1"))
        case "bind":
            return say(hand.scan(day.site.free_tote()))
        case "place":
            return say(hand.scan(prompt.focus.place))
        case "item":
            return say(hand.scan(JAN[prompt.focus.sku]))
        case "tote":
            return say(hand.scan(prompt.focus.tote))
        case "drop":
            return say(hand.scan("DROP"))
        case _:
            return say(hand.command("back"))


def pack(day: Day, hand: Hand, prompt: Any) -> str:
    match prompt.step:
        case "tote":
            here = (places.c.parent == "BENCH-1") & places.c.code.like("T-%")
            filled = select(places.c.code).join(stock, stock.c.place == places.c.code)
            totes = day.site.rows(filled.where(here, stock.c.allocated > 0).distinct())
            return say(hand.scan(day.random.choice(totes).code)) if totes else "-"
        case "one" | "item":
            inside = (
                select(items.c.sku)
                .join(stock, stock.c.item_id == items.c.id)
                .where(stock.c.place == prompt.focus.tote, stock.c.qty > 0)
            )
            skus = [row.sku for row in day.site.rows(inside)] or ["TEA"]
            return say(hand.scan(JAN[day.random.choice(skus)]))
        case "box":
            return say(hand.scan("BX-S"))
        case "label":
            return say(hand.key("1"))
        case "verify":
            number = select(parcels.c.tracking).where(parcels.c.state == "labelled")
            found = day.site.rows(number.order_by(parcels.c.id))
            return say(hand.scan(found[0].tracking if found else "what?"))
        case _:
            return say(hand.command("back"))


def ship(day: Day, hand: Hand, prompt: Any) -> str:
    match prompt.step:
        case "manifest":
            return say(hand.scan("M-YAMATO-261122-1700"))
        case "load":
            boxes = select(parcels.c.code).where(parcels.c.state.in_(("closed", "loaded")))
            found = day.site.rows(boxes)
            if found and day.random.random() < 0.8:
                return say(hand.scan(day.random.choice(found).code))
            return say(hand.command("full")) if day.random.random() < 0.1 else "-"
        case _:
            return say(hand.key("2"))


def task(day: Day, hand: Hand, prompt: Any) -> str:
    match prompt.step:
        case "get" | "done":
            return say(hand.key("1"))
        case "tote":
            return say(hand.scan(prompt.focus.tote))
        case "place":
            return say(hand.scan(prompt.focus.place or "BENCH-1"))
        case "item":
            if day.random.random() < 0.1:
                return say(hand.command("undo"))
            return say(hand.scan(JAN[prompt.focus.sku]))
        case _:
            return say(hand.scan(prompt.focus.place or "D-09"))


def say(answer: Any) -> str:
    message = answer.prompt.message
    return f"{answer.fate} {message.code if message else ''}"


WAYS: dict[str, Callable[[Day, Hand, Any], str]] = {
    "pick": pick, "pack": pack, "ship": ship, "task": task,
    "menu": lambda day, hand, prompt: say(hand.command(WHO[hand.terminal][1])),
}  # fmt: skip


def whatever_happens(url: str, seed: int, steps: int = STEPS) -> Day:
    """A day of *steps*; the book is audited after each of them."""
    with floor_at(url) as site:
        day = Day(site, seed)
        day.order()
        for _ in range(steps):
            day.step()
            try:
                site.check()
            except AssertionError as error:
                raise AssertionError(
                    "\n".join([f"seed {seed}", *day.said[-3 * INPUTS :]])
                ) from error
        finish(day)
        site.check()
    return day


def finish(day: Day) -> None:
    """Everything is cancelled, and everybody goes on until nothing is to be put back."""
    site = day.site
    for row in site.rows(select(orders.c.id)):
        site.write(cancel.cancel, row.id, now=site.now)
    left = tasks.c.state.in_(("open", "claimed")) & tasks.c.kind.in_(("put_back", "stop"))
    query = select(tasks.c.kind, tasks.c.ref).where(left)
    for _ in range(60):
        if not site.rows(query):
            break
        for _ in range(10):
            day.said.append("work")
            day.work()
    waiting = [tuple(row) for row in site.rows(query)]
    unwanted = select(stock.c.place, stock.c.qty).where(stock.c.qty > 0, stock.c.allocated == 0)
    inside = places.c.code.like("T-%") | places.c.code.like("P0%")
    lying = site.rows(unwanted.join(places, places.c.code == stock.c.place).where(inside))
    assert (waiting, [tuple(row) for row in lying]) == ([], []), day.said[-20:]
    promised = select(stock.c.place).where(stock.c.allocated > 0)
    assert site.rows(promised) == []


MORE = [pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2)]


@pytest.mark.parametrize("seed", [0, *MORE])
def test_cancels_at_any_moment_keep_the_promises(sqlite_url: str, seed: int) -> None:
    whatever_happens(sqlite_url, seed)


@pytest.mark.long
def test_cancels_at_any_moment_keep_the_promises_on_postgresql(postgresql_url: str) -> None:
    whatever_happens(postgresql_url, 11, steps=20)
