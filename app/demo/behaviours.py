"""Every step of every dialogue, and how a bot answers it."""

from app.demo import (
    bots_back,
    bots_count,
    bots_inbound,
    bots_pack,
    bots_pick,
    bots_returns,
    bots_ship,
    bots_wall,
    bots_work,
)
from app.demo.bots import Behaviour, Bot
from wms.rooms.prompts import Prompt


async def sign_in_badge(bot: Bot, _prompt: Prompt) -> Prompt:
    """Hold the badge under the scanner."""
    return await bot.terminal.scan(f"BADGE:{bot.worker.badge}")


async def menu(bot: Bot, _prompt: Prompt) -> Prompt:
    """The first choice is this worker's trade."""
    return await bot.terminal.key("1")


BEHAVIOURS: dict[str, Behaviour] = {
    "sign_in.badge": sign_in_badge, "menu.menu": menu,
    "pick.get": bots_count.get_work, "task.get": bots_count.get_work,
    "work.get": bots_count.get_work,
    **bots_pick.BEHAVIOURS, **bots_pack.BEHAVIOURS, **bots_ship.BEHAVIOURS,
    **bots_inbound.BEHAVIOURS, **bots_count.BEHAVIOURS, **bots_back.BEHAVIOURS,
    **bots_returns.BEHAVIOURS, **bots_work.BEHAVIOURS, **bots_wall.BEHAVIOURS,
}  # fmt: skip
