"""Every step of every dialogue, and how a bot answers it."""

import asyncio

from app.demo import bots_pack, bots_pick, bots_ship
from app.demo.bots import WAIT_S, Behaviour, Bot
from wms.prompts import Prompt


async def sign_in_badge(bot: Bot, _prompt: Prompt) -> Prompt:
    return await bot.terminal.scan(f"BADGE:{bot.worker.badge}")


async def menu(bot: Bot, _prompt: Prompt) -> Prompt:
    return await bot.terminal.key("1")


async def get_work(bot: Bot, _prompt: Prompt) -> Prompt:
    prompt = await bot.terminal.key("1")
    if prompt.step == "get":
        await asyncio.sleep(WAIT_S)
    return prompt


BEHAVIOURS: dict[str, Behaviour] = {
    "sign_in.badge": sign_in_badge, "menu.menu": menu, "pick.get": get_work,
    "pick.bind": bots_pick.pick_bind, "pick.place": bots_pick.pick_place, "pick.item": bots_pick.pick_item,
    "pick.lot": bots_pick.pick_lot, "pick.tote": bots_pick.pick_tote, "pick.short": bots_pick.pick_short,
    "pick.drop": bots_pick.pick_drop, "pack.tote": bots_pack.pack_tote, "pack.one": bots_pack.pack_one,
    "pack.item": bots_pack.pack_item, "pack.box": bots_pack.pack_box, "pack.weigh": bots_pack.pack_weigh,
    "pack.verify": bots_pack.pack_verify, "ship.manifest": bots_ship.ship_manifest, "ship.load": bots_ship.ship_load,
    "ship.close": bots_ship.ship_close, "task.get": get_work, "task.tote": bots_ship.task_tote,
    "task.place": bots_ship.task_place, "task.done": bots_ship.task_done,
}  # fmt: skip
