"""Screens of the dock: parcels, cages and counts onto the truck."""

from picking.dialogues.base import Say, refused
from picking.dialogues.ship import SHIP, Facts, State
from picking.pickups import Pickup, spoken
from tests.screens.making import Show, item, key, of, refusing, told
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.rooms.prompts import Prompt

YAMATO = Pickup(1, "M0000001", "yamato", "17:00", 1_194, 118)
SAGAWA = Pickup(2, "M0000002", "sagawa", "17:30", 0, 42)
POST = Pickup(3, "M0000003", "japanpost", "18:00", 7, 0)
BEHIND = tuple(f"P{n:07d}-1" for n in range(1, 119))
OPEN = Facts((YAMATO, SAGAWA, POST), BEHIND, 37)
LOADING = State(at="load", manifest=1)
FILLING = State(at="fill", manifest=1, cage="CAGE-0412")

WRONG = {"parcel": "P0000123-2", "expected": "yamato", "scanned": "sagawa"}


def _other_carrier(language: Language) -> Prompt:
    refusal = spoken(Rejected(Code.LOAD_OTHER_CARRIER, **WRONG), language)
    return told(of(SHIP, LOADING, OPEN), refused(refusal, item()))(language)


SHIPPING: dict[str, Show] = {
    "manifest": of(SHIP, State(), OPEN),
    "manifest none": of(SHIP, State(), Facts(())),
    "load": of(SHIP, LOADING, OPEN),
    "load wrong": refusing(SHIP, LOADING, OPEN, item()),
    "load loaded": told(of(SHIP, LOADING, OPEN), Say("ship.loaded")),
    "load taken_off": told(of(SHIP, LOADING, OPEN), Say("ship.taken_off", "attention")),
    "load counted": told(of(SHIP, LOADING, OPEN), Say(
        "ship.cage_loaded", params={"cage": "CAGE-0412", "count": 1_118})),
    "load other": _other_carrier,
    "cage": of(SHIP, State(at="cage", manifest=1), OPEN),
    "fill": of(SHIP, FILLING, OPEN),
    "count": of(SHIP, State(at="count", manifest=1), OPEN),
    "count wrong": refusing(SHIP, State(at="count", manifest=1), OPEN, key("0")),
    "close": of(SHIP, State(at="close", manifest=1), OPEN),
    "close even": of(SHIP, State(at="close", manifest=3), Facts((POST,))),
    "list": of(SHIP, State(at="load", manifest=1, listing=True), OPEN),
}  # fmt: skip
