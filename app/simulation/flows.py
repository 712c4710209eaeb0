"""What is done in a simulated shift besides orders: its seed draws some of the floor's flows.

Not every flow in every shift: a shift with all of them takes several times as long, and what two of
them do to one another is met as well by many shifts that have each pair now and then.
"""

from dataclasses import dataclass
from random import Random

from app.demo import shift, special
from app.demo.shift import Dose

RETURNING = 2
CANCEL_EVERY = 9  # one of so many orders, but two at least


@dataclass(frozen=True, slots=True)
class Part:
    """Some flows that belong together: who works in them, and what shops and owners ask for."""

    roles: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    specials: tuple[str, ...] = ()


PARTS = {
    "deliveries": Part(roles=("receive", "putaway", "replenish")),
    "counts": Part(roles=("count",), flows=("a stocktake",)),
    "returns": Part(roles=("returns",), flows=("shipped boxes",)),
    "sets": Part(roles=("work",), flows=("a set",)),
    "wall": Part(roles=("sort",)),
    "gifts": Part(specials=(special.GIFT, special.TOO_THICK)),
    "stops": Part(flows=("a stopped box",), specials=(special.STOPPED,)),
}


def drawn(seed: int) -> tuple[str, ...]:
    """The parts that the shift of *seed* has."""
    random = Random(seed)  # noqa: S311 - what happens in a shift is no secret
    return tuple(name for name in sorted(PARTS) if random.random() < 0.5)


def dose_of(names: tuple[str, ...]) -> Dose:
    """How much of a shift those parts are."""
    parts = [PARTS[name] for name in names]
    roles = {role for part in parts for role in part.roles}
    back = RETURNING if "returns" in names else 0
    return Dose(
        trucks_each=1 if "deliveries" in names else 0, lines_each=2, returns_min=back,
        returns_max=back, cancel_every=CANCEL_EVERY,
        specials=tuple(one for part in parts for one in part.specials),
        posts=tuple(post for post in shift.POSTS if post[0] in roles),
        flows=tuple(flow for part in parts for flow in part.flows), whole=False,
    )  # fmt: skip


def building() -> Dose:
    """All of them: the building has the people and the places for each."""
    return dose_of(tuple(sorted(PARTS)))
