"""How those who count and those who replenish answer each step: what really lies there counts."""

from collections import Counter

from app.demo.bots import Behaviour, Bot
from app.demo.bots_inbound import KEYED_ABOVE
from app.demo.site import Bin
from wms.rooms.prompts import Prompt


async def get_work(bot: Bot, _prompt: Prompt) -> Prompt:
    """Ask for work; when there is none, rest a moment."""
    prompt = await bot.terminal.key("1")
    if prompt.step == "get":
        await bot.rest()
    return prompt


async def count_place(bot: Bot, prompt: Prompt) -> Prompt:
    """Go there; nothing is counted yet."""
    bot.memo["seen"] = Counter()
    return await bot.scan(prompt.focus.place)


async def count_item(bot: Bot, prompt: Prompt) -> Prompt:
    """Count the next goods on the shelf; when all were counted, say so."""
    place = prompt.focus.place
    seen: Counter[Bin] = bot.memo.setdefault("seen", Counter())
    shelf = +bot.world.shelves.get(place, Counter())
    left = {unit: qty for unit, qty in shelf.items() if seen[unit] < qty}
    if not left:
        bot.memo["seen"] = Counter()
        after = await bot.terminal.command("full")
        _counted(bot, after)
        return after
    unit = min(left)
    if seen[unit] and shelf[unit] > KEYED_ABOVE:
        after = await bot.terminal.key(str(shelf[unit]))
        seen[unit] = shelf[unit]
        return after
    after = await bot.scan(bot.barcode(unit))
    if not after.locked:
        seen[unit] += 1
    return after


def _counted(bot: Bot, after: Prompt) -> None:
    if after.step in ("get", "place") and not after.locked:
        bot.world.happened("counts")


async def count_lot(bot: Bot, prompt: Prompt) -> Prompt:
    """Read the lot from the goods that were scanned last."""
    shelf = +bot.world.shelves.get(prompt.focus.place, Counter())
    lots = [lot for sku, lot in sorted(shelf) if sku == prompt.focus.sku]
    return await bot.terminal.scan(lots[0] if lots else "?")


async def count_empty(bot: Bot, _prompt: Prompt) -> Prompt:
    """Yes, nothing lies here."""
    after = await bot.terminal.key("1")
    _counted(bot, after)
    return after


async def count_again(bot: Bot, _prompt: Prompt) -> Prompt:
    """The book differs: count once more."""
    bot.world.happened("recounts")
    return await bot.terminal.key("1")


async def replenish_place(bot: Bot, prompt: Prompt) -> Prompt:
    """Go to the reserve."""
    bot.memo["taken"] = 0
    return await bot.scan(prompt.focus.place)


async def replenish_container(bot: Bot, prompt: Prompt) -> Prompt:
    """The goods are on this pallet."""
    return await bot.scan(prompt.focus.tote)


async def replenish_item(bot: Bot, prompt: Prompt) -> Prompt:
    """Take what is wanted from the pallet."""
    tote, sku = prompt.focus.tote, prompt.focus.sku
    held = bot.world.totes[tote]
    units = [unit for unit in sorted(+held) if unit[0] == sku]
    wanted = prompt.focus.qty or 0
    if not units:
        return await bot.terminal.command("short")
    unit = units[0]
    if wanted > KEYED_ABOVE and bot.memo["taken"]:
        after = await bot.terminal.key(str(bot.memo["taken"] + wanted))
        taken = wanted
    else:
        after = await bot.scan(bot.barcode(unit))
        taken = 1
    if not after.locked:
        held[unit] -= taken
        bot.hand[unit] += taken
        bot.memo["taken"] += taken
    return after


async def replenish_short(bot: Bot, _prompt: Prompt) -> Prompt:
    """Yes, it is empty."""
    return await bot.terminal.key("1")


async def replenish_face(bot: Bot, prompt: Prompt) -> Prompt:
    """Put it on the shelf where it is picked."""
    place = prompt.focus.place
    after = await bot.scan(place)
    if not after.locked and after.step != "face":
        bot.world.shelves.setdefault(place, Counter()).update(bot.hand)
        bot.world.handled("replenished", bot.hand)
        bot.hand.clear()
        bot.world.happened("replenished")
    return after


BEHAVIOURS: dict[str, Behaviour] = {
    "count.get": get_work, "count.place": count_place, "count.item": count_item,
    "count.lot": count_lot, "count.empty": count_empty, "count.again": count_again,
    "replenish.get": get_work, "replenish.place": replenish_place,
    "replenish.container": replenish_container, "replenish.item": replenish_item,
    "replenish.lot": replenish_item, "replenish.short": replenish_short,
    "replenish.face": replenish_face,
}  # fmt: skip
