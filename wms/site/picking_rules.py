"""How this site picks: `[picking]` of its configuration, kept in the book so that every server and
every terminal goes by the same. Written when a server starts."""

import msgspec
from sqlalchemy import select

from wms.config import Picking, PickZone
from wms.db import Tx, upsert
from wms.schema import meta

KEY = "picking"


def put(tx: Tx, rules: Picking) -> None:
    """From now on the site picks by *rules*."""
    row = {"key": KEY, "value": msgspec.json.encode(rules).decode()}
    upsert(tx, meta, [row], key=("key",), update=lambda new: {"value": new.value})


def load(tx: Tx) -> Picking:
    """The rules now; those of a site that never said are all defaults."""
    value = tx.scalar(select(meta.c.value).where(meta.c.key == KEY))
    return msgspec.json.decode(value, type=Picking) if value else Picking()


def zone(rules: Picking, name: str) -> PickZone:
    """How the zone called *name* is picked: by its own rules, else by the site's.

    >>> zone(Picking(method="batch", wall="WALL-1"), "Z1").wall
    'WALL-1'
    """
    own = rules.zones.get(name, PickZone())
    method, wall = own.method or rules.method, own.wall or rules.wall
    return msgspec.structs.replace(own, method=method, wall=wall)


def zones_of(rules: Picking, person: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The zones that name *person* (a code), and those that name only others.

    Whoever is named somewhere picks there and nowhere else; whoever is not picks everywhere but
    in zones that name others.

    >>> rules = Picking(zones={"Z1": PickZone(people=("P1",)), "Z2": PickZone(people=("P2",))})
    >>> zones_of(rules, "P1"), zones_of(rules, "P3")
    ((('Z1',), ('Z2',)), ((), ('Z1', 'Z2')))
    """
    named = {name: one.people for name, one in sorted(rules.zones.items()) if one.people}
    mine = tuple(name for name, people in named.items() if person in people)
    return mine, tuple(name for name in named if name not in mine)
