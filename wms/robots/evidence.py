"""What a delivery is worth by a robot's word alone, where that word is no proof."""

from random import Random

from sqlalchemy import select

from wms.db import Tx
from wms.robots import missions, persons
from wms.robots.persons import Why
from wms.robots.rows import OPEN, attempts, change, load, parent, to_confirm
from wms.schema import missions as missions_table


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
    persons.close(tx, attempts(tx, known.job), outcome="delivered", now=now)
    persons.confirm(tx, known.id, words=known.words(why), place=known.target, now=now)
    return True


def seen_at(tx: Tx, *, container: str, place: str, person: int, now: int, rng: Random) -> None:
    """*container* was scanned at *place*, where a robot says that it has brought it: a verdict.

    So that who works there need not wait for somebody else's scan. Nothing otherwise.
    """
    here = (missions_table.c.container == container) & (missions_table.c.target == place)
    waits = tx.execute(select(missions_table.c.id).where(here, to_confirm())).scalar()
    if waits is not None:
        missions.verdict(tx, mission=waits, place=place, person=person, now=now, rng=rng)
