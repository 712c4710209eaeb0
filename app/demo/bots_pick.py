"""How a picker answers each step: take what the shelf really holds, and say so."""

from collections import Counter

from app.demo.bots import Behaviour, Bot
from app.demo.physical import return_tote
from app.demo.site import Bin
from wms.rooms.prompts import Prompt


async def pick_bind(bot: Bot, _prompt: Prompt) -> Prompt:
    """Take a tote from the stack, once there is one; one that is refused goes to its bottom."""
    if not bot.world.stack:
        await bot.rest()
        return await bot.terminal.prompt()
    tote = bot.world.stack.pop()
    prompt = await bot.terminal.scan(tote)
    if prompt.locked:  # somebody else has it, or it is not empty: put it aside
        bot.world.stack.insert(0, tote)
        return prompt
    bot.cart.append(tote)
    bot.world.where[tote] = f"cart of {bot.worker.code}"
    return prompt


async def pick_fetch(bot: Bot, prompt: Prompt) -> Prompt:
    """Take a tote that the zone before has filled onto the cart."""
    tote = prompt.focus.tote
    after = await bot.scan(tote)
    if not after.locked and tote not in bot.cart:
        bot.cart.append(tote)
        bot.world.where[tote] = f"cart of {bot.worker.code}"
        bot.world.happened("passed on")
    return after


async def pick_place(bot: Bot, prompt: Prompt) -> Prompt:
    """Go there with an empty hand and scan the place."""
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
        if not bot.hand[unit]:  # asked once more below; with units in the hand, a tote comes first
            bot.trouble.happened["empty bins"] += 1
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
    """Scan the lot that the prompt names."""
    return await bot.terminal.scan(prompt.focus.lot)


async def pick_tote(bot: Bot, prompt: Prompt) -> Prompt:
    """Put what is in the hand into the tote, once its scan was taken."""
    after = await bot.scan(prompt.focus.tote)
    if not after.locked:
        bot.world.totes[prompt.focus.tote].update(bot.hand)
        bot.world.handled("picked", bot.hand)
        bot.hand.clear()
    return after


async def pick_short(bot: Bot, _prompt: Prompt) -> Prompt:
    """Yes, it is empty: the floor names another shelf, or goes on without."""
    after = await bot.terminal.key("1")
    if after.message is not None and after.message.code.startswith("pick.short"):
        bot.trouble.handled("empty bins")
    return after


async def pick_gone(bot: Bot, prompt: Prompt) -> Prompt:
    """Nobody wants what is in the hand any more: back on its shelf with it."""
    _put_hand_back(bot, prompt.focus.place)
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
                return_tote(bot.world, tote)
        bot.cart.clear()
    return after


BEHAVIOURS: dict[str, Behaviour] = {
    "pick.bind": pick_bind,
    "pick.fetch": pick_fetch,
    "pick.place": pick_place,
    "pick.item": pick_item,
    "pick.lot": pick_lot,
    "pick.tote": pick_tote,
    "pick.short": pick_short,
    "pick.drop": pick_drop,
    "pick.gone": pick_gone,
}
