"""How a grader answers each step: open the box that came back, look at each piece, put it away."""

from collections import Counter

from app.demo.bots import Behaviour, Bot
from app.demo.shift import QUARANTINE, RETURNS, Back
from app.demo.site import Bin
from app.demo.special import png
from wms.rooms.prompts import Prompt


def _back(bot: Bot) -> Back:
    back = bot.memo["back"]
    assert isinstance(back, Back)
    return back


async def arrive(bot: Bot, _prompt: Prompt) -> Prompt:
    """Take the next box from the returns cage and scan it."""
    for back in bot.world.back:
        if not back.done and (back.decided or not back.aside):
            bot.memo["back"] = back
            return await bot.scan(back.parcel)
    await bot.rest()
    return await bot.terminal.prompt()


async def choose(bot: Bot, _prompt: Prompt) -> Prompt:
    """It is the first one."""
    return await bot.terminal.key("1")


async def evidence(bot: Bot, _prompt: Prompt) -> Prompt:
    """Open it; what the carrier brought back unopened stays so, until its owner has decided."""
    back = _back(bot)
    if back.kind == "undelivered":
        return await bot.terminal.key("3" if back.decided else "2")
    return await bot.terminal.key("1")


async def aside(bot: Bot, prompt: Prompt) -> Prompt:
    """Take a photo of the box for its owner, and set it down."""
    await bot.terminal.photo(prompt.photo, png((120, 90, 60)))
    after = await bot.scan(RETURNS)
    if not after.locked and after.step != "aside":
        _back(bot).aside = True
        bot.world.happened("undelivered")
    return after


async def unit(bot: Bot, _prompt: Prompt) -> Prompt:
    """Scan the next piece; when the box is empty, say so."""
    left = +_back(bot).units
    if not left:
        return await bot.terminal.command("full")
    bot.memo["unit"] = min(left)
    return await bot.scan(bot.barcode(min(left)))


def _unit(bot: Bot) -> Bin:
    sku, lot = bot.memo["unit"]
    return sku, lot


async def lot(bot: Bot, prompt: Prompt) -> Prompt:
    """The lot that is printed on it."""
    wanted = _unit(bot)[1]
    digit = next((one.key for one in prompt.options if one.label.startswith(wanted)), "1")
    return await bot.terminal.key(digit)


async def grade(bot: Bot, _prompt: Prompt) -> Prompt:
    """As good as new, or broken: the box knows which."""
    bot.memo["grade"] = "damaged" if _back(bot).broken else "A"
    return await bot.terminal.key("4" if _back(bot).broken else "1")


async def disposition(bot: Bot, _prompt: Prompt) -> Prompt:
    """What the owner's rule proposes."""
    return await bot.terminal.key("1")


async def place(bot: Bot, prompt: Prompt) -> Prompt:
    """On the shelf that is proposed, or among the goods that wait for a decision."""
    if _back(bot).decided:
        return await _all_of_it(bot)
    where = prompt.focus.place or QUARANTINE
    after = await bot.scan(where)
    if not after.locked and after.step != "place":
        _back(bot).units[_unit(bot)] -= 1
        bot.world.shelves.setdefault(where, Counter())[_unit(bot)] += 1
        bot.world.happened("graded")
        bot.world.handled(f"graded {bot.memo['grade']}", Counter([_unit(bot)]))
    return after


async def _all_of_it(bot: Bot) -> Prompt:
    """Everything in it goes to a shelf where the same goods lie."""
    back = _back(bot)
    first = min(back.units)
    where = min(place for place, units in bot.world.shelves.items() if units[first] > 0)
    after = await bot.scan(where)
    if not after.locked and after.step != "place":
        bot.world.shelves[where].update(back.units)
        bot.world.happened("graded", back.units.total())
        bot.world.handled("graded A", back.units)
        bot.world.happened("put back unopened")
        back.done = True
    return after


async def close(bot: Bot, _prompt: Prompt) -> Prompt:
    """That was all."""
    after = await bot.terminal.key("1")
    if not after.locked and after.step == "arrive":
        _back(bot).done = True
        bot.world.happened("returns")
    return after


BEHAVIOURS: dict[str, Behaviour] = {
    "returns.arrive": arrive, "returns.choose": choose, "returns.evidence": evidence,
    "returns.aside": aside,
    "returns.unit": unit, "returns.lot": lot, "returns.grade": grade,
    "returns.disposition": disposition, "returns.place": place, "returns.close": close,
}  # fmt: skip
