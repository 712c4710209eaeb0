"""Any hands at any keys: nothing but answers comes back, and the book keeps every promise."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from picking.floor import Answer, Via
from tests.floor_site import BADGES, JAN, PIN, FloorSite, Hand
from wms.rooms.prompts import Prompt
from wms.schema import barcodes, parcels, places, stations
from wms.shipping.parcels import number_of

TERMINALS = ("HT-01", "HT-02", "BENCH-1", "BENCH-2", "DOCK-1")
COMMANDS = ("ok", "back", "short", "later", "full", "undo", "list", "reprint", "language", "help",
            "assist", "sign_off", "1", "2", "3", "4", "pick", "pack", "ship", "task")  # fmt: skip
CODES = (
    *(f"]E0{code}" for code in JAN.values()), *(f"T-{n:02d}" for n in range(1, 9)), "A-01", "B-02",
    "C-03", "D-04", "DROP", "BENCH-1", "BENCH-2", "BX-S", "BX-L", "P0000001-1", "P0000002-1",
    "M-YAMATO-261122-1700", "M-SAGAWA-261122-1800", "nonsense", "]C1017", "R-1", "",
    *(f"BADGE:{badge}" for badge in BADGES.values()),
)  # fmt: skip
WORK = (
    (("TEA", 2), ("CUP", 1)), (("TEA", 1),), (("HAT", 1),), (("TEA", 3), ("HAT", 2)), (("TEA", 1),),
    (("CUP", 8), ("TEA", 1)), (("FOOD", 2),), (("HAT", 1), ("CUP", 1)),
)  # fmt: skip


def busy(url: str) -> FloorSite:
    """A site with work for everyone: walks, benches with slips and a scale, lots in one bin."""
    site = FloorSite(url)
    site.stock_up()
    for lot in ("L1", "L2"):
        site.put("D-04", "FOOD", 5, lot=lot, expiry=f"2027-0{lot[1]}-01")
    site.add(barcodes, {"code": "4904567890127", "item_id": site.good("FOOD"), "qty": 1})
    site.add(places, {"code": "R-1", "kind": "robot"})
    site.set(stations, stations.c.code == "PACK-1", slip_printer="a4-1", scale="scale-1")
    site.set(stations, stations.c.code == "PACK-2", printer="label-2")
    numbers = site.orders(WORK)
    for half in (numbers[:4], numbers[4:]):
        site.release(half)
    return site


OWN = {
    "HT-01": "anna", "HT-02": "bert", "BENCH-1": "carol", "BENCH-2": "lea", "DOCK-1": "dave",
}  # fmt: skip
TRADE = {
    "HT-01": "pick", "HT-02": "task", "BENCH-1": "pack", "BENCH-2": "pack", "DOCK-1": "ship",
}  # fmt: skip


def fitting(site: FloorSite, hand: Hand, chance: Random) -> tuple[str, Via]:
    """What a good worker would send now, as far as the screen and the bench tell."""
    prompt = hand.prompt
    if prompt.locked:
        return "ok", "command"
    focus = prompt.focus
    jan = {"FOOD": "4904567890127", **JAN}.get(focus.sku, chance.choice(list(JAN.values())))
    match f"{prompt.dialogue}.{prompt.step}":
        case "sign_in.badge":
            return f"BADGE:{OWN[hand.terminal]}", "scan"
        case "sign_in.pin":
            return PIN, "key"
        case "menu.menu":
            return TRADE[hand.terminal], "command"
        case "pick.drop":
            return chance.choice((focus.place, "BENCH-1", "BENCH-2")), "scan"
        case "pick.place" | "task.place":
            return focus.place, "scan"
        case "pick.item" if "qty" in prompt.awaits:
            return str(chance.randint(1, 9)), "key"
        case "pick.item" | "pack.item" | "pack.one":
            return f"]E0{jan}", "scan"
        case "pick.lot":
            return focus.lot, "scan"
        case "pick.tote" | "task.tote" | "pick.fetch":
            return focus.tote, "scan"
        case "look.shown":
            return "back", "command"
        case "pick.aside":  # what is damaged goes anywhere but into a shelf
            return "TOTES", "scan"
        case "pick.bind" | "pack.tote":
            return a_tote(site, hand, prompt, chance), "scan"
        case "pack.box":
            return focus.box or "BX-L", "scan"
        case "pack.weigh":
            return str(focus.weight_g or 1), "weight"
        case "pack.verify":
            return number_on(site, prompt), "scan"
        case "ship.load":
            return chance.choice((a_parcel(site, chance), "CMD:full")), "scan"
        case "ship.close":
            return chance.choice("112"), "key"
        case _:
            return "1", "key"


def a_tote(site: FloorSite, hand: Hand, prompt: Prompt, chance: Random) -> str:
    """An empty one for the cart, or a filled one that stands at the bench."""
    where = "TOTES" if prompt.step == "bind" else f"BENCH-{hand.terminal[-1]}"
    query = select(places.c.code).where(places.c.parent == where, places.c.kind == "tote")
    there = [row.code for row in site.rows(query)]
    if prompt.step != "bind":
        there = [code for code in there if site.in_tote(code)]
    return str(chance.choice(there or ["T-01"]))


def a_parcel(site: FloorSite, chance: Random) -> str:
    rows = site.rows(select(parcels.c.code).where(parcels.c.state == "closed"))
    return str(chance.choice([row.code for row in rows] or ["P0000001-1"]))


def number_on(site: FloorSite, prompt: Prompt) -> str:
    """The number on the label of the parcel that the screen shows."""
    row = site.rows(select(parcels.c.tracking).where(parcels.c.code == prompt.focus.parcel))
    return str(row[0].tracking) if row else number_of(1)


def anything(site: FloorSite, hand: Hand, chance: Random) -> tuple[str, Via]:
    """Something fitting, mostly; else anything at all."""
    if chance.random() < 0.85:
        return fitting(site, hand, chance)
    if chance.random() < 0.5:
        return chance.choice(COMMANDS), "command"
    return chance.choice(CODES), chance.choice(("scan", "key", "device"))


def is_sane(answer: Answer, text: str) -> None:
    """A refusal says why; what was applied is no error, unless one waited for who signs in."""
    prompt, severity = answer.prompt, ""
    if prompt.message is not None:
        severity = prompt.message.severity
    assert prompt.title
    assert prompt.ask
    if answer.fate == "refused":
        assert severity == "error"
    if answer.fate == "applied" and not text.startswith(("BADGE:", PIN)):
        assert severity != "error"


LONG = pytest.param("sqlite", 3, marks=pytest.mark.long)


@pytest.mark.parametrize(("engine", "seed"), [("sqlite", 2), LONG, ("postgresql", 4)])
def test_many_hands_never_break_the_book(
    engine: str, seed: int, request: pytest.FixtureRequest
) -> None:
    site = busy(request.getfixturevalue(f"new_{engine}")())
    chance = Random(seed)
    for step in range(300):
        hand = site.at(chance.choice(TERMINALS))
        text, via = anything(site, hand, chance)
        pause_ms = chance.choice((100, 2_000, 2_000))
        if chance.random() < 0.02:
            pause_ms = site.settings.idle_ms + 1
        is_sane(hand.send(text, via, after_ms=pause_ms), text)
        if chance.random() < 0.05:
            is_sane(hand.send(text, via, after_ms=50), text)
        if step % 60 == 0:
            site.check()
    site.check()
    fates = {row.fate for row in site.journal()}
    assert fates == {"applied", "refused", "repeat"}
    done = {kind: site.told(kind) for kind in ("order.picked", "order.packed", "order.shipped")}
    assert all(done.values()), f"somebody got something done: {done}"
    site.book.close()


@pytest.fixture(scope="module")
def template(sqlite_folder: Path) -> Iterator[Path]:
    """A busy site to copy from."""
    file = sqlite_folder / "busy.db"
    shutil.copy(sqlite_folder / "template.db", file)
    busy(f"sqlite:///{file}").book.close()
    yield file


INPUTS = st.lists(
    st.tuples(
        st.sampled_from(TERMINALS[:4]),
        st.one_of(
            st.tuples(st.sampled_from(COMMANDS), st.just("command")),
            st.tuples(st.sampled_from(CODES) | st.text(max_size=8), st.just("scan")),
            st.tuples(st.from_regex(r"[0-9]{1,6}", fullmatch=True), st.just("key")),
        ),
        st.sampled_from((50, 2_000)),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(inputs=INPUTS)
def test_no_order_of_inputs_breaks_the_floor(
    template: Path, inputs: list[tuple[str, tuple[str, Via], int]]
) -> None:
    file = template.with_name("example.db")
    shutil.copy(template, file)
    site = FloorSite.reopened(f"sqlite:///{file}")
    for number, (terminal, (text, via), after_ms) in enumerate(inputs):
        answer = site.at(terminal).send(text, via, after_ms=after_ms, scan_id=f"s{number}")
        is_sane(answer, text)
        again = site.at(terminal).send(text, via, after_ms=0, scan_id=f"s{number}")
        assert again == answer
    site.check()
    site.book.close()
