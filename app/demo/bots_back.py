"""How somebody puts goods back on their shelves: those of a tote or a box that nobody wants."""

from collections import Counter

from app.demo.bots import Behaviour, Bot
from app.demo.bots_inbound import KEYED_ABOVE
from app.demo.physical import return_tote
from app.demo.site import Bin
from wms.rooms.prompts import Prompt


def contents(bot: Bot, container: str) -> Counter[Bin]:
    """What really is in a tote, or in a box."""
    box = bot.world.boxes.get(container)
    return box.units if box is not None else bot.world.totes[container]


async def item(bot: Bot, prompt: Prompt) -> Prompt:
    """Take what the prompt names out of the container."""
    inside = contents(bot, prompt.focus.tote)
    units = [
        unit for unit in sorted(+inside)
        if unit[0] == prompt.focus.sku and prompt.focus.lot in ("", unit[1])
    ]  # fmt: skip
    if not units:
        return await bot.terminal.command("back")
    unit, wanted = units[0], prompt.focus.qty or 0
    keyed = wanted > KEYED_ABOVE and bot.hand[unit] > 0
    after = await (bot.terminal.key(str(bot.hand[unit] + wanted)) if keyed
                   else bot.scan(bot.barcode(unit)))  # fmt: skip
    if not after.locked:
        taken = wanted if keyed else 1
        inside[unit] -= taken
        bot.hand[unit] += taken
        bot.memo["from"] = prompt.focus.tote
    return after


async def lot(bot: Bot, prompt: Prompt) -> Prompt:
    """Read the lot from the goods."""
    return await bot.terminal.scan(prompt.focus.lot)


async def shelf(bot: Bot, prompt: Prompt) -> Prompt:
    """Put it on the shelf that is proposed."""
    after = await bot.scan(prompt.focus.place)
    if not after.locked and after.step != "shelf":
        put = Counter(bot.hand)
        bot.world.shelves.setdefault(prompt.focus.place, Counter()).update(put)
        bot.hand.clear()
        bot.world.happened("put back")
        bot.world.handled("put back", put)
        container = bot.memo.get("from", "")
        if container in bot.world.boxes and not bot.world.boxes[container].units.total():
            del bot.world.boxes[container]
        elif after.step == "get" and not bot.world.totes[container].total():
            return_tote(bot.world, container)
    return after


BEHAVIOURS: dict[str, Behaviour] = {"task.item": item, "task.lot": lot, "task.shelf": shelf}
