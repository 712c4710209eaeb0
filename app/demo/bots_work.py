"""How somebody who makes sets answers each step: fetch the parts, make some, put them down."""

from collections import Counter

from app.demo import special
from app.demo.bots import Behaviour, Bot
from app.demo.bots_inbound import KEYED_ABOVE
from app.demo.physical import return_tote
from wms.rooms.prompts import Prompt

PARTS = ((special.TOWEL, ""), (special.SOAP, ""))


async def tote(bot: Bot, _prompt: Prompt) -> Prompt:
    """Take an empty tote for the parts."""
    if not bot.world.stack:
        await bot.rest()
        return await bot.terminal.prompt()
    code = bot.world.stack.pop()
    after = await bot.terminal.scan(code)
    if after.locked:
        bot.world.stack.insert(0, code)
        return after
    bot.memo["tote"] = code
    bot.world.where[code] = f"hands of {bot.worker.code}"
    return after


async def place(bot: Bot, prompt: Prompt) -> Prompt:
    """Go to the next shelf."""
    return await bot.scan(prompt.focus.place)


async def item(bot: Bot, prompt: Prompt) -> Prompt:
    """Take pieces until there are enough, then put them into the tote."""
    unit, code = (prompt.focus.sku, prompt.focus.lot), bot.memo["tote"]
    shelf, wanted = bot.world.shelves[prompt.focus.place], prompt.focus.qty or 0
    held = bot.hand[unit]
    if wanted and not (held and wanted > KEYED_ABOVE):
        after = await bot.scan(bot.barcode(unit))
        taken = 1
    elif wanted:
        after = await bot.terminal.key(str(held + wanted))
        taken = wanted
    else:
        return await _into_the_tote(bot, code)
    if not after.locked:
        shelf[unit] -= taken
        bot.hand[unit] += taken
    return after


async def _into_the_tote(bot: Bot, code: str) -> Prompt:
    after = await bot.scan(code)
    if not after.locked:
        bot.world.totes[code].update(bot.hand)
        bot.hand.clear()
    return after


async def make(bot: Bot, prompt: Prompt) -> Prompt:
    """Make all of them."""
    bot.memo["made"] = (prompt.total or 0) - (prompt.done or 0)
    return await bot.terminal.key(str(bot.memo["made"]))


async def target(bot: Bot, _prompt: Prompt) -> Prompt:
    """Put them on the shelf of the sets."""
    after = await bot.scan(special.KIT_BIN)
    if after.locked or after.step == "target":
        return after
    code, made = bot.memo["tote"], bot.memo["made"]
    for part in PARTS:
        bot.world.totes[code][part] -= made
    shelf = bot.world.shelves.setdefault(special.KIT_BIN, Counter())
    shelf[special.SET, ""] += made
    bot.world.happened("kits", made)
    if not bot.world.totes[code].total():
        return_tote(bot.world, code)
    return after


BEHAVIOURS: dict[str, Behaviour] = {
    "work.tote": tote, "work.place": place, "work.item": item, "work.make": make,
    "work.target": target,
}  # fmt: skip
