"""Bots: workers who read prompts and handle the physical world, and nothing else.

Each behaviour answers one step of a dialogue, as a person would: look at the prompt, look at the
shelf, scan what is in the hand. They make the mistakes that `Trouble` tells them to make.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from app.demo.physical import Box, World
from app.demo.site import Bin, Worker
from app.demo.trouble import Trouble
from wms.prompts import Prompt

WAIT_S = 0.3  # how often a worker without work looks again


class Terminal(Protocol):
    """A worker's terminal. `scan` is the trigger, `key` the keypad, `command` a function key.

    A scan that the floor took for a bounce was not counted: `scan` waits and pulls again.
    """

    async def prompt(self) -> Prompt: ...

    async def scan(self, text: str) -> Prompt: ...

    async def twice(self, text: str) -> Prompt:
        """The same trigger pull arrives two times."""
        ...

    async def key(self, text: str) -> Prompt: ...

    async def command(self, name: str) -> Prompt: ...


@dataclass(slots=True)
class Bench:
    """What stands on a packing bench: ways to put a box on the scale and to take a label."""

    place: str
    weigh: Callable[[int], None]
    clear: Callable[[], None]
    label: Callable[[str], str | None]  # parcel code -> tracking number on the label that came out
    mend: Callable[[], bool]  # reload the printer if it needs it
    tags: Callable[[Counter[Bin]], None]  # put tagged goods before the reader


@dataclass(slots=True)
class Bot:
    """One worker. `pace_s` is the time that a motion takes."""

    worker: Worker
    terminal: Terminal
    world: World
    trouble: Trouble
    pace_s: float
    bench: Bench | None = None
    hand: Counter[Bin] = field(default_factory=Counter)
    cart: list[str] = field(default_factory=list)
    steps: int = 0
    paused: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self) -> None:
        """Work until cancelled: one step after another, as the prompt says."""
        prompt = await self.terminal.prompt()
        while True:
            await self.paused.wait()
            await asyncio.sleep(self.pace_s)
            prompt = await self.step(prompt)
            self.steps += 1

    async def step(self, prompt: Prompt) -> Prompt:
        """Do what one prompt asks for. Returns the prompt that follows."""
        if prompt.locked:
            return await self.terminal.command("ok")
        behaviour = BEHAVIOURS.get(f"{prompt.dialogue}.{prompt.step}")
        if behaviour is None:
            raise AssertionError(
                f"{self.worker.role} does not know {prompt.dialogue}.{prompt.step}"
            )
        return await behaviour(self, prompt)

    def barcode(self, unit: Bin) -> str:
        """What the trigger reads from a unit: its JAN, or a GS1 code where it carries a lot."""
        sku, lot = unit
        good = self.world.goods[sku]
        if lot:
            return f"]C101{good.jan:0>14}10{lot}"
        return f"]E0{good.jan}"

    async def scan(self, text: str) -> Prompt:
        """Pull the trigger; now and then on something else first, or twice."""
        mistake = self.trouble.wrong_scan()
        if mistake is not None:
            prompt = await self.terminal.scan(mistake)
            if prompt.locked:
                self.trouble.handled("wrong scans")
                await self.terminal.command("ok")
        if self.trouble.double_scan():
            prompt = await self.terminal.twice(text)
            self.trouble.handled("double scans")
            return prompt
        return await self.terminal.scan(text)


Behaviour = Callable[[Bot, Prompt], Awaitable[Prompt]]


async def sign_in_badge(bot: Bot, _prompt: Prompt) -> Prompt:
    return await bot.terminal.scan(f"BADGE:{bot.worker.badge}")


async def menu(bot: Bot, _prompt: Prompt) -> Prompt:
    return await bot.terminal.key("1")


async def get_work(bot: Bot, _prompt: Prompt) -> Prompt:
    prompt = await bot.terminal.key("1")
    if prompt.step == "get":
        await asyncio.sleep(WAIT_S)
    return prompt


# --- pick --------------------------------------------------------------------------------------


async def pick_bind(bot: Bot, _prompt: Prompt) -> Prompt:
    tote = bot.world.stack.pop()
    prompt = await bot.terminal.scan(tote)
    if prompt.locked:  # somebody else has it, or it is not empty: put it aside
        bot.world.stack.insert(0, tote)
        return prompt
    bot.cart.append(tote)
    bot.world.where[tote] = f"cart of {bot.worker.code}"
    return prompt


async def pick_place(bot: Bot, prompt: Prompt) -> Prompt:
    _put_hand_back(bot, prompt.focus.place)
    return await bot.scan(prompt.focus.place)


async def pick_item(bot: Bot, prompt: Prompt) -> Prompt:
    """Take one unit that the prompt names; keyed counts take the rest in one motion."""
    shelf = bot.world.shelves[prompt.focus.place]
    unit = (prompt.focus.sku, prompt.focus.lot)
    left = prompt.focus.qty or 0
    if "qty" in prompt.awaits and shelf[unit] >= left:
        _take(bot, shelf, unit, left)
        return await bot.terminal.key(str(bot.hand[unit]))
    if shelf[unit] <= 0:
        bot.trouble.handled("empty bins")
        return await bot.terminal.command("short")
    _take(bot, shelf, unit, 1)
    before = bot.hand[unit]
    prompt = await bot.scan(bot.barcode(unit))
    if prompt.locked:
        bot.hand[unit] = before - 1
        shelf[unit] += 1
    return prompt


def _take(bot: Bot, shelf: Counter[Bin], unit: Bin, qty: int) -> None:
    shelf[unit] -= qty
    bot.hand[unit] += qty


def _put_hand_back(bot: Bot, place: str) -> None:
    """The dialogue went back to the place: whatever was in the hand returns to its shelf."""
    bot.world.shelves[place].update(bot.hand)
    bot.hand.clear()


async def pick_lot(bot: Bot, prompt: Prompt) -> Prompt:
    return await bot.terminal.scan(prompt.focus.lot)


async def pick_tote(bot: Bot, prompt: Prompt) -> Prompt:
    after = await bot.scan(prompt.focus.tote)
    if not after.locked:
        bot.world.totes[prompt.focus.tote].update(bot.hand)
        bot.hand.clear()
    return after


async def pick_short(bot: Bot, _prompt: Prompt) -> Prompt:
    return await bot.terminal.key("1")


async def pick_drop(bot: Bot, prompt: Prompt) -> Prompt:
    """Set every tote down first, then say so: a robot may come at once."""
    place = prompt.focus.place
    for tote in bot.cart:
        bot.world.where[tote] = place
    after = await bot.terminal.scan(place)
    if not after.locked:
        for tote in bot.cart:
            if not bot.world.totes[tote].total():
                _return_tote(bot.world, tote)
        bot.cart.clear()
    return after


def _return_tote(world: World, tote: str) -> None:
    world.totes[tote].clear()
    world.where.pop(tote, None)
    world.stack.insert(0, tote)


# --- pack --------------------------------------------------------------------------------------


def bench_of(bot: Bot) -> Bench:
    assert bot.bench is not None
    return bot.bench


async def pack_tote(bot: Bot, prompt: Prompt) -> Prompt:
    """Scan a tote that stands here with something in it; what is refused is tried again later."""
    here = [
        tote for tote in bot.world.totes_at(bench_of(bot).place) if bot.world.totes[tote].total()
    ]
    if not here:
        await asyncio.sleep(WAIT_S)
        return await bot.terminal.prompt()
    bot.steps += 1
    tote = here[bot.steps % len(here)]
    bench_of(bot).tags(bot.world.totes[tote])
    after = await bot.terminal.scan(tote)
    if after.locked:
        await asyncio.sleep(WAIT_S)
    return after


async def pack_one(bot: Bot, prompt: Prompt) -> Prompt:
    """Take any unit out of the total tote."""
    tote = prompt.focus.tote
    units = +bot.world.totes[tote]
    if not units:
        return await bot.terminal.command("back")
    unit = min(units)
    after = await bot.scan(bot.barcode(unit))
    if not after.locked:
        bot.world.totes[tote][unit] -= 1
        bot.hand[unit] += 1
    return after


async def pack_item(bot: Bot, prompt: Prompt) -> Prompt:
    """Prove the piece that the prompt names; a tote that is not the whole order is put aside."""
    tote = prompt.focus.tote
    sku = prompt.focus.sku
    found = [
        (each, unit)
        for each in [tote, *bot.world.totes_at(bench_of(bot).place)]
        for unit in sorted(+bot.world.totes[each])
        if unit[0] == sku
    ]
    if not found:
        _table_to_tote(bot, tote)
        return await bot.terminal.command("back")
    source, unit = found[0]
    after = await bot.scan(bot.barcode(unit))
    if after.locked:
        await bot.terminal.command("ok")
        await asyncio.sleep(WAIT_S)
        _table_to_tote(bot, tote)
        return await bot.terminal.command("back")
    bot.world.totes[source][unit] -= 1
    bot.hand[unit] += 1
    return after


def _table_to_tote(bot: Bot, tote: str) -> None:
    bot.world.totes[tote].update(bot.hand)
    bot.hand.clear()


async def pack_box(bot: Bot, prompt: Prompt) -> Prompt:
    return await bot.scan(prompt.focus.box or "BX-140")


async def pack_weigh(bot: Bot, prompt: Prompt) -> Prompt:
    """Put the box on the scale and wait for the screen to go on by itself."""
    bench = bench_of(bot)
    bench.tags(Counter())
    bench.weigh(bot.world.weight_g(bot.hand) + bot.world.tare_g(prompt.focus.box))
    for _ in range(40):
        await asyncio.sleep(0.1)
        after = await bot.terminal.prompt()
        if after.step != "weigh" or after.locked:
            break
    else:
        after = await bot.terminal.command("1")
    if after.step == "weigh" and after.locked:  # count it all again
        await bot.terminal.command("ok")
        _table_to_tote(bot, prompt.focus.tote)
        after = await bot.terminal.command("back")
    bench.clear()
    return after


async def pack_verify(bot: Bot, prompt: Prompt) -> Prompt:
    """Take the label that came out, put it on the box, scan it there."""
    bench = bench_of(bot)
    parcel = prompt.focus.parcel
    for patience in range(60):
        tracking = bench.label(parcel)
        if tracking is not None:
            break
        if bench.mend():
            bot.trouble.handled("printer out of paper")
        await asyncio.sleep(0.1)
        if patience % 20 == 19:
            await bot.terminal.command("reprint")
    else:
        return await bot.terminal.prompt()
    box = bot.world.boxes.setdefault(
        parcel, Box(parcel, tracking, bot.world.weight_g(bot.hand), Counter(bot.hand))
    )
    box.tracking = tracking
    after = await bot.scan(f"]F0a{tracking}a")
    if not after.locked:
        bot.hand.clear()
        for tote in bot.world.totes_at(bench.place):
            if not bot.world.totes[tote].total():
                _return_tote(bot.world, tote)
    return after


# --- ship and tasks -----------------------------------------------------------------------------


async def ship_manifest(bot: Bot, prompt: Prompt) -> Prompt:
    """Choose the pickup of a carrier whose boxes wait; a tracking range is a carrier's own."""
    waiting = [box for box in bot.world.boxes.values() if not box.shipped]
    if not waiting:
        await asyncio.sleep(WAIT_S)
        return await bot.terminal.prompt()
    bot.steps += 1
    digits = [option for option in prompt.options if option.key.isdigit()]
    if not digits:
        await asyncio.sleep(WAIT_S)
        return await bot.terminal.prompt()
    return await bot.terminal.key(digits[bot.steps % len(digits)].key)


async def ship_load(bot: Bot, prompt: Prompt) -> Prompt:
    """Load every waiting box of this carrier, then go back, or close when the day is over."""
    carrier = prompt.focus.place
    mine = [
        box for box in bot.world.boxes.values()
        if not box.shipped and carrier_of(box.tracking) == carrier
    ]  # fmt: skip
    if not mine:
        if bot.trouble.closing and prompt.done:
            return await bot.terminal.command("full")
        return await bot.terminal.command("back")
    after = await bot.scan(mine[0].parcel)
    if not after.locked or (after.message is not None and after.message.code == "load.twice"):
        mine[0].shipped = True
    else:
        await asyncio.sleep(WAIT_S)
    return after


def carrier_of(tracking: str) -> str:
    """The carrier whose range a number is from (in the demo every carrier has its own)."""
    return ("yamato", "sagawa", "japanpost")[int(tracking[2])]


async def ship_close(bot: Bot, _prompt: Prompt) -> Prompt:
    return await bot.terminal.key("1")


async def task_tote(bot: Bot, prompt: Prompt) -> Prompt:
    """Go to the container; one on a robot's back is out of reach, so the robot is given time."""
    tote = prompt.focus.tote
    if bot.world.where.get(tote, "@robot") == "@robot":
        await asyncio.sleep(WAIT_S)
        return await bot.terminal.command("back")
    return await bot.terminal.scan(tote)


async def task_place(bot: Bot, prompt: Prompt) -> Prompt:
    """Carry it where it should be, unless a robot was faster."""
    tote = prompt.focus.tote
    if bot.world.where.get(tote, "@robot") == "@robot":
        return await bot.terminal.command("back")
    if prompt.focus.place:
        bot.world.where[tote] = prompt.focus.place
    return await bot.terminal.scan(bot.world.where[tote])


async def task_done(bot: Bot, _prompt: Prompt) -> Prompt:
    return await bot.terminal.key("1")


BEHAVIOURS: dict[str, Behaviour] = {
    "sign_in.badge": sign_in_badge, "menu.menu": menu, "pick.get": get_work,
    "pick.bind": pick_bind, "pick.place": pick_place, "pick.item": pick_item,
    "pick.lot": pick_lot, "pick.tote": pick_tote, "pick.short": pick_short,
    "pick.drop": pick_drop, "pack.tote": pack_tote, "pack.one": pack_one,
    "pack.item": pack_item, "pack.box": pack_box, "pack.weigh": pack_weigh,
    "pack.verify": pack_verify, "ship.manifest": ship_manifest, "ship.load": ship_load,
    "ship.close": ship_close, "task.get": get_work, "task.tote": task_tote,
    "task.place": task_place, "task.done": task_done,
}  # fmt: skip
