"""Any hands at the dock: nothing but answers comes back, and the book keeps every promise."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from picking.floor import Answer, Via
from tests.floor_site import Hand
from tests.receive_site import (
    CASE,
    JAN,
    NAMES,
    ROSA,
    SORA,
    ReceiveSite,
    gs1,
    line,
)
from wms.schema import devices, inbounds, tag_reads
from wms.site.epc import sgtin96

STEPS = 260
HANDS = {"RX-1": ROSA, "HT-05": SORA}
COMMANDS = ("ok", "back", "short", "later", "full", "undo", "list", "reprint", "help", "1", "2",
            "3", "4", "9", "receive", "language", "assist", "sign_off")  # fmt: skip
CODES = (
    *(f"]E0{code}" for code in JAN.values()), CASE, "DOCK", "DOCK-2", "PL-1", "PL-2", "A-01",
    "T-01", "IN0000001", "ASN-1", "ASN-2", "LOOSE", "HAT-O", "4999999999996", "106141412345678908",
    "L1", "2705", "nonsense", "", gs1(("01", f"0{JAN['PILL']}"), ("17", "270531"), ("10", "L1")),
    gs1(("02", f"0{JAN['SOAP']}"), ("37", "4")), "BADGE:rosa", "BADGE:sora",
)  # fmt: skip
DATES = ("2705", "270630", "261121", "261222", "990131", "12")


def busy(url: str) -> ReceiveSite:
    """Two deliveries, tags in front of the gate, and older goods on a shelf."""
    site = ReceiveSite(url)
    site.good("LOOSE", relabel=1)
    site.good("MILK", shelf_days_in=30)
    tags = tuple(sgtin96(JAN["SHIRT"], n, prefix_digits=7) for n in range(4))
    for name in ("ASN-1", "ASN-2"):
        site.announce(
            line("SOAP", 40), line("MILK", 9), line("PILL", 9), line("RADIO", 9), line("LOOSE", 20),
            line("SHIRT", 6, epcs=tags if name == "ASN-1" else ()), external_id=name,
            ssccs=("106141412345678908",) if name == "ASN-1" else (),
        )  # fmt: skip
    site.add(devices, {"name": "gate-1", "driver": "llrp", "health": "online", "since_ms": 0})
    for tag in tags:
        site.add(tag_reads, {"device": "gate-1", "epc": tag, "first_ms": 1, "last_ms": 10**14})
    site.put("A-01", "MILK", 2, lot="2027-06-30", expiry="2027-06-30")
    return site


def fitting(hand: Hand, chance: Random) -> tuple[str, Via]:
    """What a good receiver would send now."""
    prompt = hand.prompt
    if prompt.locked:
        return "ok", "command"
    match f"{prompt.dialogue}.{prompt.step}":
        case "sign_in.badge":
            return f"BADGE:{NAMES[HANDS[hand.terminal]]}", "scan"
        case "menu.menu":
            return "receive", "command"
        case "receive.item" if chance.random() < 0.1:
            return chance.choice(("list", "list", "undo", "1", "2")), "command"
        case "receive.item" | "receive.sure":
            jan = JAN.get(prompt.focus.sku) or chance.choice(list(JAN.values()))
            return f"]E0{jan}", "scan"
        case "receive.lot":
            return chance.choice(("L1", "L2")), "scan"
        case "receive.expiry":
            return chance.choice(DATES), "key"
        case "receive.serial":
            return f"SN-{chance.randint(1, 60)}", "scan"
        case "receive.put":
            if prompt.focus.qty == 0:
                return str(chance.randint(1, 9)), "key"
            return chance.choice(("PL-1", "PL-2", "DOCK", "7")), "scan"
        case "receive.inside":
            return str(chance.randint(1, 12)), "key"
        case "receive.close":
            return chance.choice(("back", "back", "back", "1")), "command"
        case _:
            return chance.choice("12"), "key"


def anything(hand: Hand, chance: Random) -> tuple[str, Via]:
    """Mostly what fits; now and then whatever."""
    number = chance.random()
    if number < 0.7:
        return fitting(hand, chance)
    if number < 0.85:
        return chance.choice(CODES), "scan"
    if number < 0.93:
        return chance.choice(COMMANDS), "command"
    return str(chance.randint(0, 300)), "key"


def is_sane(answer: Answer, text: str) -> None:
    assert answer.fate in ("applied", "refused", "repeat")
    prompt, message = answer.prompt, answer.prompt.message
    assert prompt.title and prompt.ask, text
    if answer.fate == "refused":
        assert message is not None and message.text, text
        assert prompt.locked or prompt.dialogue != "receive", (text, prompt)


LONG = pytest.param("sqlite", 5, marks=pytest.mark.long)


@pytest.mark.parametrize(("engine", "seed"), [("sqlite", 2), LONG, ("postgresql", 5)])
def test_any_hands_at_the_dock_never_break_the_book(
    engine: str, seed: int, request: pytest.FixtureRequest
) -> None:
    site = busy(request.getfixturevalue(f"new_{engine}")())
    chance = Random(seed)
    seen: set[str] = set()
    for step in range(STEPS):
        hand = site.at(chance.choice(list(HANDS)))
        text, via = anything(hand, chance)
        answer = hand.send(text, via, after_ms=chance.choice((100, 2_000, 2_000)))
        is_sane(answer, text)
        seen.add(answer.prompt.step)
        if step % 80 == 0:
            site.check()
    site.check()
    came: Any = [sum(row[2:]) for delivery in (1, 2) for row in site.lines(delivery)]
    assert sum(came) > 20, "somebody received something"
    assert {"item", "put", "lot", "expiry", "serial", "sure"} <= seen, seen
    states = {row.state for row in site.rows(select(inbounds))}
    assert states & {"receiving", "received"}
    site.book.close()
