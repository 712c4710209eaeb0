"""How whoever sorts at the put wall answers each step: pieces into the slots that shine.

The lights say which slot; where they do not (the cable, a restart), the screen does.
"""

import asyncio
from collections import Counter

from app.demo.bots import Behaviour, Bot, Wall
from app.demo.physical import return_tote
from app.demo.site import Bin
from wms.rooms.prompts import Prompt

HERE, DONE = "blue", "green"
LOOK_S = 0.1
SHINE_S = 2.0  # so long somebody looks for a light


def wall_of(bot: Bot) -> Wall:
    """The wall that this one stands at."""
    assert bot.wall is not None
    return bot.wall


async def item(bot: Bot, prompt: Prompt) -> Prompt:
    """Empty a slot whose order is complete; else take the next piece from a tote that stands
    here."""
    _back_into_the_tote(bot)
    complete = [slot for slot in wall_of(bot).slots if _is_said(slot, prompt)]
    if complete:
        return await bot.scan(complete[0])
    pieces = _pieces(bot)
    if not pieces:
        await bot.rest()
        return await bot.terminal.prompt()
    tote, unit = pieces[bot.turns % len(pieces)]
    after = await bot.scan(bot.barcode(unit))
    if after.locked or after.step == "item":  # nobody waits for it, or the wall is full
        bot.turns += 1
        await bot.rest()
        return after
    bot.world.totes[tote][unit] -= 1
    bot.hand[unit] += 1
    bot.memo["tote"] = tote
    return after


def _is_said(slot: str, prompt: Prompt) -> bool:
    """Whether the screen calls that slot complete."""
    return any(slot in line.split() for line in prompt.lines)


def _pieces(bot: Bot) -> list[tuple[str, Bin]]:
    """What is to be sorted, tote by tote."""
    world = bot.world
    return [
        (tote, unit)
        for tote in world.totes_at(wall_of(bot).place) if tote not in world.ready
        for unit in sorted(+world.totes[tote])
    ]  # fmt: skip


def _back_into_the_tote(bot: Bot) -> None:
    """The order of the piece in the hand does not want it any more."""
    if bot.hand.total():
        bot.world.totes[bot.memo["tote"]].update(bot.hand)
        bot.hand.clear()


async def slot(bot: Bot, prompt: Prompt) -> Prompt:
    """Put it where the light is, and scan the slot."""
    place = prompt.focus.place
    if await _shines(bot, place):
        bot.world.happened("lights followed")
    after = await bot.scan(place)
    if not after.locked and after.step == "item":
        bot.world.totes[place].update(bot.hand)
        bot.world.handled("sorted", bot.hand)
        bot.world.happened("sorted", bot.hand.total())
        bot.hand.clear()
        tote = bot.memo["tote"]
        if not bot.world.totes[tote].total():
            return_tote(bot.world, tote)
    return after


async def _shines(bot: Bot, place: str) -> bool:
    """Whether the light of that slot comes on."""
    for _ in range(int(SHINE_S / LOOK_S)):
        if place in wall_of(bot).shines(HERE):
            return True
        await asyncio.sleep(LOOK_S)
    return False


async def tote(bot: Bot, prompt: Prompt) -> Prompt:
    """Everything from the slot goes into an empty tote, for the bench."""
    if not bot.world.stack:
        await bot.rest()
        return await bot.terminal.prompt()
    place, code = prompt.focus.place, bot.world.stack.pop()
    if place in wall_of(bot).shines(DONE):
        bot.world.happened("lights followed")
    after = await bot.terminal.scan(code)
    if after.locked or after.step == "tote":
        bot.world.stack.insert(0, code)
        return after
    lying: Counter[Bin] = bot.world.totes[place]
    bot.world.totes[code].update(lying)
    lying.clear()
    bot.world.happened("slots emptied")
    if bot.world.totes[code].total():
        bot.world.where[code] = wall_of(bot).place
        bot.world.ready.add(code)
    else:
        return_tote(bot.world, code)
    return after


BEHAVIOURS: dict[str, Behaviour] = {"sort.item": item, "sort.slot": slot, "sort.tote": tote}
