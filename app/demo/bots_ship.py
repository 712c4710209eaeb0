"""How the dock and those who help robots answer each step."""

from collections import Counter

from app.demo.bots import Behaviour, Bot
from app.demo.physical import Box
from app.demo.special import CAGE
from wms.messages import say
from wms.rooms.prompts import Prompt
from wms.site.carriers import called

TOGETHER = (("loaded in a cage", "1"), ("loaded by count", "2"))
FEW = 3
STACK = "the stack"  # where empty totes are, which no robot knows


async def ship_manifest(bot: Bot, prompt: Prompt) -> Prompt:
    """Choose the pickup of a carrier whose boxes wait; a tracking range is a carrier's own."""
    waiting = [box for box in bot.world.boxes.values() if box.closed and not box.shipped]
    idle = not waiting or _gathers(bot, waiting)
    digits = [option for option in prompt.options if option.key.isdigit()]
    bot.turns += 1
    if not digits or (idle and (not bot.trouble.closing or bot.turns % len(digits) == 0)):
        await bot.rest(3 * len(digits) or 1)  # in the evening: after a look at each of them
        if not (digits and bot.trouble.closing):
            return await bot.terminal.prompt()
    return await bot.terminal.key(digits[bot.turns % len(digits)].key)


def _gathers(bot: Bot, waiting: list[Box]) -> bool:
    """Whether it lets some more boxes come before a cage and a count are worth it."""
    still = [flow for flow, _ in TOGETHER if not bot.world.flows[flow]]
    of_carriers = Counter(carrier_of(box.tracking) for box in waiting)
    return bool(bot.world.whole and still) and max(of_carriers.values()) < FEW


async def ship_load(bot: Bot, prompt: Prompt) -> Prompt:
    """Load every waiting box of this carrier, then go back, or close when the truck is full or the
    day is over. Once a day they ride in a cage, and once they are only counted."""
    mine = _mine(bot, prompt.focus.place)
    if bot.memo.get("cage"):
        return await _push_cage(bot)
    if not mine:
        full = 0 < bot.world.truck_load <= (prompt.done or 0)
        if prompt.done and (bot.trouble.closing or full):
            return await bot.terminal.command("full")
        return await bot.terminal.command("back")
    for flow, key in TOGETHER:
        several = len(mine) > 1 or bot.trouble.closing
        if bot.world.whole and not bot.world.flows[flow] and several:
            bot.memo["carrier"] = prompt.focus.place
            return await bot.terminal.key(key)
    after = await bot.scan(mine[0].parcel)
    if not after.locked or (after.message is not None and after.message.code == "load.twice"):
        mine[0].shipped = True
    else:
        await bot.rest()
    return after


def _mine(bot: Bot, name: str) -> list[Box]:
    """The boxes that wait for the carrier that the screen calls *name*."""
    return [
        box for box in bot.world.boxes.values()
        if box.closed and not box.shipped and name in names_of(carrier_of(box.tracking))
    ]  # fmt: skip


def names_of(carrier: str) -> tuple[str, ...]:
    """What people and screens call a carrier."""
    return carrier, called(carrier, "ja"), called(carrier, "en")


async def ship_cage(bot: Bot, _prompt: Prompt) -> Prompt:
    """Fetch the cage."""
    bot.memo["inside"] = []
    return await bot.scan(CAGE)


async def ship_fill(bot: Bot, _prompt: Prompt) -> Prompt:
    """Put all that wait into it; one that must not leave stays on the floor."""
    inside: list[Box] = bot.memo["inside"]
    left = [box for box in _mine(bot, bot.memo["carrier"]) if box not in inside]
    if not left:
        bot.memo["cage"] = True
        return await bot.terminal.command("back")
    after = await bot.scan(left[0].parcel)
    if after.locked:
        bot.memo["cage"] = True
        await bot.terminal.command("ok")
        return await bot.terminal.command("back")
    inside.append(left[0])
    return after


async def _push_cage(bot: Bot) -> Prompt:
    """The cage goes onto the truck with all that rides in it."""
    bot.memo["cage"] = False
    inside: list[Box] = bot.memo["inside"]
    if not inside:
        return await bot.terminal.prompt()
    after = await bot.scan(CAGE)
    if not after.locked:
        for box in inside:
            box.shipped = True
        bot.world.happened("loaded in a cage", len(inside))
    return after


async def ship_count(bot: Bot, _prompt: Prompt) -> Prompt:
    """Count what stands there; where the floor counts otherwise, each one is scanned."""
    mine = _mine(bot, bot.memo["carrier"])
    if bot.memo.pop("miscounted", False) or not mine:
        return await bot.terminal.command("back")
    after = await bot.terminal.key(str(len(mine)))
    if after.locked:
        bot.memo["miscounted"] = True
    elif after.step == "load":
        for box in mine:
            box.shipped = True
        bot.world.happened("loaded by count", len(mine))
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
    if tote in bot.world.boxes:  # 出荷止め, or a box that was opened again
        if bot.world.boxes[tote].closed:
            bot.world.happened("stopped")
        return await bot.terminal.scan(tote)
    if not _reach(bot, tote):
        await bot.rest()
        return await bot.terminal.command("back")
    return await bot.terminal.scan(tote)


def _reach(bot: Bot, tote: str) -> str:
    """Where it stands; "" while a robot or a picker has it. An empty one may be on the stack."""
    at = bot.world.where.get(tote, STACK if tote in bot.world.stack else "")
    return "" if at == "@robot" or at.startswith("cart of") else at


async def task_place(bot: Bot, prompt: Prompt) -> Prompt:
    """Carry it where it should be, unless a robot was faster. What a vehicle says that it has
    brought is only looked at: it stands where it stands."""
    tote, place = prompt.focus.tote, prompt.focus.place
    at = _reach(bot, tote)
    if not at:
        return await bot.terminal.command("back")
    if at == STACK:  # it was emptied meanwhile: it is shown there, and goes back
        return await bot.terminal.scan(place)
    if say("task.confirm", prompt.language) in prompt.lines:
        after = await bot.terminal.scan(at)
        if not after.locked:
            bot.world.happened("confirmed")
        return after
    bot.world.where[tote] = place or at
    return await bot.terminal.scan(place or at)


async def task_done(bot: Bot, _prompt: Prompt) -> Prompt:
    """Seen to."""
    return await bot.terminal.key("1")


BEHAVIOURS: dict[str, Behaviour] = {
    "ship.manifest": ship_manifest,
    "ship.load": ship_load,
    "ship.close": ship_close,
    "ship.cage": ship_cage,
    "ship.fill": ship_fill,
    "ship.count": ship_count,
    "task.tote": task_tote,
    "task.place": task_place,
    "task.done": task_done,
}
