"""What a lead wants of a robot: pause, resume, reset. In the book, and said by its conductor.

The wish stands in the book until the robot has answered it, whatever is killed in between. What
sets a robot in motion again is a matter of the moment: after `STALE_MS` unanswered it is dropped,
so that no robot starts to drive because of a word that somebody said long ago.
"""

from typing import Literal

from sqlalchemy import select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.record import commands
from wms.schema import robots
from wms.text import shown

PAUSE, RESUME, RESET = "pause", "resume", "reset"
STALE_MS = 60_000
# The modes in which a robot obeys (profile GRH-1); one that has never shown itself is asked.
FITS: dict[str, tuple[str, ...]] = {
    PAUSE: ("", "auto", "paused"), RESUME: ("", "auto", "paused"), RESET: ("", "fault"),
}  # fmt: skip

Order = Literal["pause", "resume", "reset"]


def ask(
    tx: Tx, *, robot: str, order: Order, actor: str, device: str, permission: str, now: int
) -> str:  # fmt: skip
    """Have *robot* told *order*; in place of what was wanted of it before. Returns its mode.

    PAUSE: it stands still at the next station. RESUME: it goes on. RESET: it leaves its fault, and
    is paused. Refuses `REFERENCE_UNKNOWN`, and `ROBOT_MODE` where it would not obey.
    """
    row = tx.execute(select(robots).where(robots.c.device == robot)).first()
    if row is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="robot", value=shown(robot))
    if row.mode not in FITS[order]:
        raise Rejected(Code.ROBOT_MODE, robot=robot, order=order, mode=row.mode)
    wish = {"wish": order, "wish_seq": 0, "wish_boot": 0, "wish_ms": now}
    tx.execute(update(robots).where(robots.c.device == robot).values(wish))
    commands.record(
        tx, actor=actor, device=device, permission=permission, name=f"robot.{order}", key=robot,
        now=now,
    )  # fmt: skip
    mode: str = row.mode
    return mode
