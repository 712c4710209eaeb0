"""How a packer answers each step: prove, weigh, and scan the label that came out."""

import asyncio
from collections import Counter

from app.demo.bots import Behaviour, Bench, Bot
from app.demo.physical import Box, return_tote
from app.demo.special import NOSHI
from wms.messages import say
from wms.rooms.prompts import Prompt

READ_LATE = "pack.put_on_scale"  # the box was read twice: that says nothing about its weight
SURE_S = 1.2  # longer than a second scan of the same code must wait to confirm


def bench_of(bot: Bot) -> Bench:
    """The bench that this packer stands at."""
    assert bot.bench is not None
    return bot.bench


async def pack_tote(bot: Bot, prompt: Prompt) -> Prompt:
    """Scan a tote that stands here with something in it; what is refused is tried again later."""
    _set_down(bot)
    here = [
        tote for tote in bot.world.totes_at(bench_of(bot).place) if bot.world.totes[tote].total()
    ]
    if not here:
        await bot.rest()
        return await bot.terminal.prompt()
    if any(option.label == say("pack.print_home", prompt.language) for option in prompt.options):
        return await bot.terminal.key("1")  # its own printer works again
    bot.turns += 1
    tote = here[bot.turns % len(here)]
    bench_of(bot).tags(bot.world.totes[tote])
    after = await bot.terminal.scan(tote)
    if not after.locked:
        return after
    if after.message is not None and after.message.code == "pack.no_label_printer":
        return await _print_elsewhere(bot)
    await bot.rest()
    return after


def _set_down(bot: Bot) -> None:
    """What is still in the hand was cancelled: it stays in its box, or goes back to its tote."""
    if bot.hand.total() and "parcel" in bot.memo:
        code = bot.memo["parcel"]
        bot.world.boxes[code] = Box(code, "", bot.world.weight_g(bot.hand), Counter(bot.hand))
        bot.hand.clear()
    elif bot.hand.total():
        _table_to_tote(bot, bot.memo["tote"])
    bot.memo.clear()


async def _print_elsewhere(bot: Bot) -> Prompt:
    """The neighbour's printer, where there is one that works; else it is tried again later."""
    after = await bot.terminal.command("ok")
    if any(option.key == "1" for option in after.options):
        return await bot.terminal.key("1")
    await bot.rest()
    return after


async def pack_one(bot: Bot, prompt: Prompt) -> Prompt:
    """Take any unit out of the total tote."""
    tote = bot.memo["tote"] = prompt.focus.tote
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
    tote = bot.memo["tote"] = prompt.focus.tote
    sku = prompt.focus.sku
    await _look_at(bot, prompt.focus.picture)
    if any(NOSHI in line for line in prompt.lines):
        bot.memo["gift"] = True  # wrapped, with its noshi and card
    found = [
        (each, unit)
        for each in [tote, *bot.world.totes_at(bench_of(bot).place)]
        for unit in sorted(+bot.world.totes[each])
        if unit[0] == sku
    ]
    if not found:
        return await _put_aside(bot, tote)
    source, unit = found[0]
    after = await bot.scan(bot.barcode(unit))
    if after.locked:
        await bot.terminal.command("ok")
        await bot.rest()
        return await _put_aside(bot, tote)
    bot.world.totes[source][unit] -= 1
    bot.hand[unit] += 1
    return after


async def _look_at(bot: Bot, name: str) -> None:
    """Look at the picture of what is to be packed, where there is one."""
    if name and (await bot.terminal.picture(name)).startswith(b"\x89PNG"):
        bot.world.happened("pictures shown")


async def _put_aside(bot: Bot, tote: str) -> Prompt:
    """Everything goes back into the tote, and the floor forgets what was proven: a terminal that
    locked itself meanwhile has not heard of it."""
    _table_to_tote(bot, tote)
    after = await bot.terminal.command("back")
    while after.dialogue == "sign_in":
        await bot.step(after)
        after = await bot.terminal.command("back")
    return after


def _table_to_tote(bot: Bot, tote: str) -> None:
    bot.world.totes[tote].update(bot.hand)
    bot.hand.clear()


async def pack_box(bot: Bot, prompt: Prompt) -> Prompt:
    """Take the box that is proposed, else the largest; where the tags differ, look and be sure."""
    other = any(option.key == "2" for option in prompt.options)
    if other and not prompt.focus.box:  # no box that the service takes holds it
        return await bot.terminal.key("2")
    after = await bot.scan(prompt.focus.box or "BX-140")
    if after.step == "box" and after.message is not None and not after.locked:
        await asyncio.sleep(SURE_S)
        return await bot.scan(prompt.focus.box or "BX-140")
    return after


async def pack_paper(bot: Bot, prompt: Prompt) -> Prompt:
    """Fetch the paper from the A4 printer, and scan what is printed on it."""
    if not bench_of(bot).paper(prompt.focus.sku):
        await bot.rest()
        return await bot.terminal.prompt()
    after = await bot.scan(prompt.focus.sku)
    if not after.locked and after.step != "paper":
        bot.world.happened("papers scanned")
    return after


async def pack_service(bot: Bot, _prompt: Prompt) -> Prompt:
    """The first one that the owner allows instead."""
    after = await bot.terminal.key("1")
    if not after.locked and after.step != "service":
        bot.world.happened("service changed")
    return after


async def pack_weigh(bot: Bot, prompt: Prompt) -> Prompt:
    """Put the box on the scale and wait for the screen to go on by itself."""
    bench = bench_of(bot)
    bench.tags(Counter())
    inside = Counter(bot.hand)
    bench.weigh(bot.world.weight_g(bot.hand) + bot.world.tare_g(prompt.focus.box))
    for _ in range(20):
        await asyncio.sleep(max(0.2, bot.pace_s / 6))
        after = await bot.terminal.prompt()
        if after.message is not None and after.message.code == READ_LATE and after.locked:
            after = await bot.terminal.command("ok")
        if after.step != "weigh" or after.locked:
            break
    else:
        after = await bot.terminal.command("1")
    if after.step == "weigh" and after.locked:  # count it all again
        await bot.terminal.command("ok")
        after = await _put_aside(bot, prompt.focus.tote)
    bench.clear()
    if after.step == "verify":
        bot.world.handled("packed", inside)
    return after


async def pack_verify(bot: Bot, prompt: Prompt) -> Prompt:
    """Take the label that came out, put it on the box, scan it there."""
    bench = bench_of(bot)
    parcel = bot.memo["parcel"] = prompt.focus.parcel
    look_s = max(0.1, bot.pace_s / 4)
    for patience in range(60):
        tracking = bench.label(parcel)
        if tracking is not None:
            break
        if bench.mend():
            bot.trouble.handled("printer out of paper")
        await asyncio.sleep(look_s)
        if patience % 20 == 19:
            await bot.terminal.command("reprint")
    else:
        return await bot.terminal.prompt()
    box = bot.world.boxes.setdefault(
        parcel, Box(parcel, tracking, bot.world.weight_g(bot.hand), Counter(bot.hand))
    )
    box.tracking = tracking
    after = await bot.scan(f"]F0a{tracking}a")
    # The bench's scanner may come back with what was scanned while it was away: then the screen has
    # left this box already, for the next one perhaps, and the second reading of its label is
    # refused.
    stopped = after.message is not None and after.message.code.startswith("order.")
    left = after.step != "verify" or after.focus.parcel != parcel
    if not after.locked or (left and not stopped):
        box.closed = True
        if bot.memo.get("gift"):
            bot.world.happened("gifts")
        bot.memo.clear()
        bot.hand.clear()
        for tote in bot.world.totes_at(bench.place):
            if not bot.world.totes[tote].total():
                return_tote(bot.world, tote)
    return after


BEHAVIOURS: dict[str, Behaviour] = {
    "pack.tote": pack_tote,
    "pack.one": pack_one,
    "pack.item": pack_item,
    "pack.box": pack_box,
    "pack.paper": pack_paper,
    "pack.service": pack_service,
    "pack.weigh": pack_weigh,
    "pack.verify": pack_verify,
}
