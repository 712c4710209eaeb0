"""How the dock and those who help robots answer each step."""

from app.demo.bots import Behaviour, Bot
from wms.prompts import Prompt


async def ship_manifest(bot: Bot, prompt: Prompt) -> Prompt:
    """Choose the pickup of a carrier whose boxes wait; a tracking range is a carrier's own."""
    waiting = [box for box in bot.world.boxes.values() if not box.shipped]
    if not waiting:
        await bot.rest()
    if not waiting and not bot.trouble.closing:
        return await bot.terminal.prompt()
    bot.turns += 1
    digits = [option for option in prompt.options if option.key.isdigit()]
    if not digits:
        await bot.rest()
        return await bot.terminal.prompt()
    return await bot.terminal.key(digits[bot.turns % len(digits)].key)


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
        await bot.rest()
    return after


def carrier_of(tracking: str) -> str:
    """The carrier whose range a number is from (in the demo every carrier has its own)."""
    return ("yamato", "sagawa", "japanpost")[int(tracking[2])]


async def ship_close(bot: Bot, _prompt: Prompt) -> Prompt:
    """Yes, close it."""
    return await bot.terminal.key("1")


async def task_tote(bot: Bot, prompt: Prompt) -> Prompt:
    """Go to the container; one on a robot's back is out of reach, so the robot is given time."""
    tote = prompt.focus.tote
    if bot.world.where.get(tote, "@robot") == "@robot":
        await bot.rest()
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
    """Seen to."""
    return await bot.terminal.key("1")


BEHAVIOURS: dict[str, Behaviour] = {
    "ship.manifest": ship_manifest,
    "ship.load": ship_load,
    "ship.close": ship_close,
    "task.tote": task_tote,
    "task.place": task_place,
    "task.done": task_done,
}
