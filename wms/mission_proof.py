"""What a delivery is worth by a robot's word alone, where that word is no proof."""

from wms import mission_tasks, missions
from wms.db import Tx
from wms.mission_rows import OPEN, attempts, change, load, parent
from wms.mission_tasks import Why


def await_scan(tx: Tx, *, mission: int, now: int) -> bool:
    """The robot says that it has delivered, and one of its kind may do so twice, or be wrong.

    Nothing moves in the book until a person has scanned the container where it stands (`verdict`).
    The robot may work meanwhile. False: settled before.
    """
    known = load(tx, mission)
    here = parent(tx, known.container)
    if here != known.source:
        return missions.settle_done(tx, mission=mission, now=now)
    why = Why.TO_CONFIRM
    if not change(tx, known, "person", come_from=OPEN, now=now, accepted=1, reason=why):
        return False
    mission_tasks.close(tx, attempts(tx, known.job), outcome="delivered", now=now)
    mission_tasks.confirm(tx, known.id, words=known.words(why), place=known.target, now=now)
    return True
