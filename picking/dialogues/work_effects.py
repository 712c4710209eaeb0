"""What the steps of value-added work do to the book."""

from dataclasses import dataclass

from picking.dialogues.base import Say, Who
from wms.db import Tx
from wms.work import jobs, making


@dataclass(frozen=True, slots=True)
class Start:
    """Take this work order in hand."""

    work: int


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stops."""

    work: int


@dataclass(frozen=True, slots=True)
class TakeTote:
    """May this tote hold the materials?"""

    tote: str


@dataclass(frozen=True, slots=True)
class FetchSome:
    """*qty* of a material of this work are in the tote."""

    work: int
    allocation: int
    qty: int
    tote: str


@dataclass(frozen=True, slots=True)
class Make:
    """*qty* are made and lie at *place*, with these serial numbers (item and number)."""

    work: int
    qty: int
    place: str
    serials: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TakeSerial:
    """May a piece with this number come out of it?"""

    item: int
    serial: str


@dataclass(frozen=True, slots=True)
class Finish:
    """It ends here."""

    work: int


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    if isinstance(effect, Start | FetchSome | Make | Finish):
        jobs.refuse_others(tx, effect.work, who.person)
    match effect:
        case Start():
            if not making.start(
                tx, work=effect.work, person=who.person.id, today=who.today, now=who.now,
                station=who.station.code if who.station else "",
            ):  # fmt: skip
                return Say("work.none", "attention")
        case Pause():
            making.pause(tx, work=effect.work, person=who.person.id, now=who.now)
        case TakeTote():
            making.refuse_tote(tx, effect.tote)
        case FetchSome():
            making.fetch(
                tx, allocation_id=effect.allocation, qty=effect.qty, tote=effect.tote,
                key=f"{who.key}:fetch", actor=who.actor, now=who.now,
            )  # fmt: skip
        case Make():
            left = making.make(
                tx, work=effect.work, qty=effect.qty, place=effect.place, key=who.key,
                station=who.station.code if who.station else "", actor=who.actor, now=who.now,
                serials=effect.serials,
            )  # fmt: skip
            return Say("work.made", params={"qty": effect.qty}) if left else Say("work.done")
        case TakeSerial():
            making.refuse_serial(tx, effect.item, effect.serial)
        case Finish():
            making.finish(tx, work=effect.work, now=who.now)
            return Say("work.done")
        case _:
            raise AssertionError(effect)
    return None
