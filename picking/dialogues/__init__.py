"""One conversation a file: a pure state table over scans."""

from typing import Any

from picking.dialogues.approve_short import APPROVE_SHORT
from picking.dialogues.base import Dialogue
from picking.dialogues.count import COUNT
from picking.dialogues.look import LOOK
from picking.dialogues.menu import MENU
from picking.dialogues.move import MOVE
from picking.dialogues.pack import PACK
from picking.dialogues.pick import PICK
from picking.dialogues.putaway import PUTAWAY
from picking.dialogues.receive import RECEIVE
from picking.dialogues.replenish import REPLENISH
from picking.dialogues.returns import RETURNS
from picking.dialogues.ship import SHIP
from picking.dialogues.sort import SORT
from picking.dialogues.task import TASK
from picking.dialogues.work import WORK

__all__ = ["DIALOGUES", "MENU"]

DIALOGUES: dict[str, Dialogue[Any, Any]] = {
    dialogue.name: dialogue
    for dialogue in (
        MENU,
        PICK,
        PACK,
        SHIP,
        TASK,
        SORT,
        APPROVE_SHORT,
        PUTAWAY,
        REPLENISH,
        MOVE,
        RECEIVE,
        COUNT,
        RETURNS,
        LOOK,
        WORK,
    )
}
