"""How a receiver and the people who put away answer each step."""

import asyncio
from collections import Counter

from app.demo.bots import Behaviour, Bot
from app.demo.shift import Truck, expiry_of
from app.demo.site import Bin
from wms.rooms.prompts import Option, Prompt

KEYED_ABOVE = 5
SURE_S = 1.1  # a second scan confirms only after a second


def _truck(bot: Bot) -> Truck:
    truck = bot.memo["truck"]
    assert isinstance(truck, Truck)
    return truck


def _digit(prompt: Prompt, word: str) -> Option | None:
    """The digit whose label has *word* in it."""
    return next((one for one in prompt.options if one.key.isdigit() and word in one.label), None)


async def receive_choose(bot: Bot, prompt: Prompt) -> Prompt:
    """Take the papers of a truck that stands at its dock, and choose it by its number."""
    for truck in bot.world.trucks:
        option = _digit(prompt, truck.external_id) if not truck.done else None
        if option is not None:
            bot.memo["truck"] = truck
            return await bot.terminal.key(option.key)
    await bot.rest()
    return await bot.terminal.prompt()


async def receive_item(bot: Bot, _prompt: Prompt) -> Prompt:
    """Take the next goods off the truck: broken ones by themselves; when it is empty, say so."""
    truck = _truck(bot)
    bot.hand.clear()
    for units, broken in ((+truck.damaged, True), (+truck.units, False)):
        if units:
            unit = min(units)
            if not broken:
                units[unit] -= truck.damaged[unit]
            bot.memo["load"] = (unit, units[unit], broken)
            bot.memo["told"] = False
            return await bot.scan(bot.barcode(unit))
    return await bot.terminal.command("full")


def _load(bot: Bot) -> tuple[Bin, int, bool]:
    unit, qty, broken = bot.memo["load"]
    return unit, qty, broken


async def receive_lot(bot: Bot, _prompt: Prompt) -> Prompt:
    """Read the lot from the carton."""
    return await bot.terminal.scan(_load(bot)[0][1])


async def receive_expiry(bot: Bot, _prompt: Prompt) -> Prompt:
    """Key the date that is printed on it, YYMMDD."""
    (sku, lot), _, _ = _load(bot)
    return await bot.terminal.key(expiry_of(bot.world.goods[sku], lot)[2:].replace("-", ""))


async def receive_sure(bot: Bot, _prompt: Prompt) -> Prompt:
    """It is older than what is here, or nobody announced it: it stands there all the same."""
    await asyncio.sleep(SURE_S)
    return await bot.terminal.scan(bot.barcode(_load(bot)[0]))


async def receive_put(bot: Bot, prompt: Prompt) -> Prompt:
    """Count what is in the hand, say what is broken, and set it down on a pallet."""
    unit, qty, broken = _load(bot)
    counted = prompt.focus.qty or 0
    if counted < qty:
        if qty > KEYED_ABOVE:
            return await bot.terminal.key(str(qty))
        return await bot.scan(bot.barcode(unit))
    if broken and not bot.memo["told"]:
        return await bot.terminal.command("short")
    return await bot.scan(_pallet(bot))


def _pallet(bot: Bot) -> str:
    """A pallet for everything that is not tracked by lot, another one for what is."""
    unit, _, broken = _load(bot)
    return _truck(bot).pallets[2 if broken else bool(unit[1])]


async def receive_why(bot: Bot, _prompt: Prompt) -> Prompt:
    """The carton is crushed."""
    bot.memo["told"] = True
    return await bot.terminal.key("1")


async def receive_over(bot: Bot, _prompt: Prompt) -> Prompt:
    """More than was announced: the supplier sent it."""
    return await bot.terminal.key("1")


async def receive_close(bot: Bot, _prompt: Prompt) -> Prompt:
    """That was all; what is missing has its reason."""
    after = await bot.terminal.key("1")
    if not after.locked and after.step == "choose":
        _truck(bot).done = True
        bot.world.happened("deliveries")
    return after


async def booked(bot: Bot, before: Prompt, after: Prompt) -> None:
    """The goods are on their pallet once the floor went on to the next ones."""
    if before.step not in ("put", "over") or after.step != "item" or after.locked:
        return
    unit, qty, broken = _load(bot)
    truck, pallet = _truck(bot), _pallet(bot)
    truck.units[unit] -= qty
    if broken:
        truck.damaged[unit] -= qty
        bot.world.broken[pallet][unit] += qty
    else:
        bot.world.totes[pallet][unit] += qty
    bot.world.where[pallet] = truck.dock
    bot.world.handled("received", Counter({unit: qty}))


async def putaway_source(bot: Bot, _prompt: Prompt) -> Prompt:
    """Go to a pallet of a truck that is done, and scan it."""
    for truck in bot.world.trucks:
        for pallet in truck.pallets if truck.done else ():
            if bot.world.where.get(pallet) == truck.dock and bot.world.totes[pallet].total():
                bot.memo["pallet"] = pallet
                bot.turns += 1
                return await bot.scan(pallet)
    await bot.rest()
    return await bot.terminal.prompt()


async def putaway_item(bot: Bot, _prompt: Prompt) -> Prompt:
    """Take the first goods from the pallet."""
    units = +bot.world.totes[bot.memo["pallet"]]
    if not units:
        return await bot.terminal.command("back")
    unit = min(units)
    bot.memo["load"] = (unit, units[unit], False)
    return await bot.scan(bot.barcode(unit))


async def putaway_which(bot: Bot, prompt: Prompt) -> Prompt:
    """Several lots: the one that is in the hand."""
    option = _digit(prompt, _load(bot)[0][1] or "?")
    return await bot.terminal.key(option.key if option else "1")


async def putaway_count(bot: Bot, _prompt: Prompt) -> Prompt:
    """Key how many there are."""
    return await bot.terminal.key(str(_load(bot)[1]))


async def putaway_place(bot: Bot, prompt: Prompt) -> Prompt:
    """A whole pallet goes to the reserve now and then; the rest by the piece to its shelves."""
    if prompt.focus.tote:
        pallet = bot.memo["pallet"]
        if bot.turns % 2 and prompt.focus.place:
            after = await bot.scan(prompt.focus.place)
            if not after.locked and after.step == "source":
                bot.world.where[pallet] = prompt.focus.place
                bot.world.happened("pallets stored")
            return after
        return await bot.terminal.key("1")
    unit, _, _ = _load(bot)
    place, qty = prompt.focus.place, prompt.focus.qty or 0
    after = await bot.scan(place)
    if not after.locked:
        bot.world.totes[bot.memo["pallet"]][unit] -= qty
        bot.world.shelves.setdefault(place, Counter())[unit] += qty
        bot.world.happened("put away")
        bot.world.handled("put away", Counter({unit: qty}))
        if after.step == "place":  # the rest of them goes to another place
            bot.memo["load"] = (unit, _load(bot)[1] - qty, False)
    return after


def _then_booked(act: Behaviour) -> Behaviour:
    """*act*, and the goods move once the floor says that they did."""

    async def both(bot: Bot, prompt: Prompt) -> Prompt:
        after = await act(bot, prompt)
        await booked(bot, prompt, after)
        return after

    return both


BEHAVIOURS: dict[str, Behaviour] = {
    "receive.choose": receive_choose, "receive.item": receive_item, "receive.lot": receive_lot,
    "receive.expiry": receive_expiry, "receive.sure": receive_sure,
    "receive.put": _then_booked(receive_put), "receive.why": receive_why,
    "receive.over": _then_booked(receive_over), "receive.close": receive_close,
    "putaway.source": putaway_source, "putaway.item": putaway_item,
    "putaway.which": putaway_which, "putaway.count": putaway_count,
    "putaway.place": putaway_place,
}  # fmt: skip
