"""How those answer who pick, sort, pack, load, carry and put back."""

from typing import Any

from sqlalchemy import func, select

from tests.day_hands import Answering, Day, Input, code_of
from tests.floor_site import Hand
from wms.rooms.prompts import Await, Prompt
from wms.schema import parcels, places, stock, wall_slots
from wms.site.carriers import called

CARRIERS = ("yamato", "sagawa")
BENCH = {"BENCH-1": "BENCH-1", "BENCH-2": "BENCH-2"}


def one(_day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return "1", "key"


def at_place(_day: Day, _hand: Hand, prompt: Prompt) -> Input:
    return prompt.focus.place or "BENCH-1", "scan"


def at_tote(_day: Day, _hand: Hand, prompt: Prompt) -> Input:
    return prompt.focus.tote, "scan"


def at_lot(_day: Day, _hand: Hand, prompt: Prompt) -> Input:
    return prompt.focus.lot or "L1", "scan"


def empty_tote(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.free_tote(), "scan"


# Pick


def pick_get(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """The next walk, or that of a colleague who goes home."""
    if day.maybe(0.08):
        return f"BADGE:{day.chance.choice(('anna', 'wes', 'bert', 'lea'))}", "scan"
    nothing = prompt.message is not None and prompt.message.code == "pick.no_work"
    return ("back", "command") if nothing and day.maybe(0.5) else ("1", "key")


def pick_place(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    dice = day.chance.random()
    if dice < 0.03:
        return f"BADGE:{day.chance.choice(('anna', 'wes', 'bert'))}", "scan"
    if dice < 0.10:
        return day.chance.choice(("short", "later", "full")), "command"
    return prompt.focus.place, "scan"


def pick_item(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """One more piece, the rest of them keyed; the shelf may hold other lots, or nothing."""
    focus, dice = prompt.focus, day.chance.random()
    if dice < 0.06:
        return "short", "command"
    if dice < 0.08:
        return "full", "command"
    if Await.QTY in prompt.awaits and dice < 0.6:
        return str((focus.qty or 0) + 1), "key"
    lying = [row for row in day.here(focus.place, sku=focus.sku) if row.lot == focus.lot]
    if dice > 0.92:
        lying = day.here(focus.place, sku=focus.sku) or lying
    if not lying:
        return code_of(focus.sku, focus.lot), "scan"
    named = [row for row in lying if row.serial and row.serial in " ".join(prompt.lines).split()]
    row = day.chance.choice(named if day.maybe(0.8) and named else lying)
    return code_of(focus.sku, row.lot if day.maybe(0.7) else "", row.serial), "scan"


def pick_serial(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """The number that the screen names."""
    words = " ".join(prompt.lines).split()
    return (words[-1] if words and day.maybe(0.9) else "C-LAMP-0"), "scan"


def pick_short(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choices("123", (6, 2, 3))[0], "key"


def pick_zero(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choices("12", (4, 1))[0], "key"


def small_number(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    most = max(1, min(prompt.focus.qty or 2, 3))
    return str(day.chance.randint(1, most)), "key"


def pick_aside(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choice(("QUARANTINE", "QUARANTINE", "T-RET", "A-01")), "scan"


def pick_ask(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    if day.maybe(0.2):
        return "later", "command"
    return day.chance.choice("123"), "key"


def pick_drop(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if day.maybe(0.3):
        return day.chance.choice(("BENCH-1", "BENCH-2", "DROP")), "scan"
    return prompt.focus.place, "scan"


# Sort


def sort_item(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    """A piece of what was brought here; a slot that is full, to empty it."""
    slots = select(wall_slots.c.place).where(wall_slots.c.order_id.is_not(None))
    totes = select(places.c.code).where(places.c.parent == "WALL", places.c.kind == "tote")
    tote = str(day.some(totes.join(stock, stock.c.place == places.c.code).where(stock.c.qty > 0)))
    lying = day.here(tote) if tote else []
    if not lying or day.maybe(0.25):
        return str(day.some(slots, "W-1")), "scan"
    row = day.chance.choice(lying)
    return code_of(row.sku, row.lot, row.serial), "scan"


# Pack


def pack_tote(day: Day, hand: Hand, prompt: Prompt) -> Input:
    """A tote with goods that stands at this bench; or a box that was set aside."""
    bench = BENCH.get(hand.terminal, "BENCH-1")
    if day.maybe(0.08):
        boxes = select(parcels.c.code).where(parcels.c.state.in_(("open", "labelled")))
        return str(day.some(boxes, "T-01")), "scan"
    here = (places.c.parent == bench) & (places.c.kind == "tote") & (stock.c.allocated > 0)
    totes = select(places.c.code).join(stock, stock.c.place == places.c.code).where(here)
    seldom = totes.where(stock.c.condition == "returned")  # what goes out once more goes first
    tote = str(day.some(seldom.distinct()) or day.some(totes.distinct()))
    helper = any(option.key == "1" for option in prompt.options)
    if helper and hand.terminal == "BENCH-2" and day.maybe(0.3):
        return "1", "key"  # its own printer is none
    if not tote:
        return ("1", "key") if day.maybe(0.05) else ("back", "command")
    return tote, "scan"


def pack_item(day: Day, hand: Hand, prompt: Prompt) -> Input:
    """The piece that the screen names, from its tote; another tote of the same order."""
    focus = prompt.focus
    lying = [row for row in day.here(focus.tote, sku=focus.sku) if row.lot == focus.lot]
    lying = lying or day.here(focus.tote)
    why = day.why[hand.terminal]
    if why == "total.nobody_waits" and day.maybe(0.5):
        return "back", "command"
    if not lying or day.maybe(0.04):
        return pack_tote(day, hand, prompt)
    if why == "pack.goes_alone":
        lying = [row for row in lying if row.sku != "VASE"] or lying
    row = day.chance.choice(lying)
    if why == "scan.ambiguous":
        return row.sku, "scan"  # the same JAN under two owners
    return code_of(row.sku, row.lot, row.serial), "scan"


def pack_box(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if day.maybe(0.05):
        return day.chance.choice(("2", "BX-S", "BX-L")), "scan"
    if not prompt.focus.box and prompt.focus.sku:
        return code_of(prompt.focus.sku), "scan"
    return prompt.focus.box or "BX-L", "scan"


def pack_weigh(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    wrong = day.chance.choice((0, 0, 0, 0, 0, 400))
    return str((prompt.focus.weight_g or 1) + wrong), "weight"


def pack_verify(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """Its own label, now and then the neighbour's."""
    if day.maybe(0.04):
        return day.chance.choice(("reprint", "later")), "command"
    wanted = select(parcels.c.tracking).where(parcels.c.code == prompt.focus.parcel)
    if day.maybe(0.04):
        wanted = select(parcels.c.tracking).where(parcels.c.tracking != "")
    return f"]F0a{day.some(wanted, '0')}a", "scan"


# Ship


def _here(prompt: Prompt) -> Any:
    """Boxes that wait for the carrier whose name the screen shows."""
    codes = [one for one in CARRIERS if prompt.focus.place == called(one, prompt.language)]
    return (parcels.c.state == "closed") & parcels.c.carrier.in_(codes)


def _boxes(day: Day, prompt: Prompt) -> str:
    """A box that waits for this carrier; now and then any box."""
    waits: Any = _here(prompt)
    if day.maybe(0.05):
        waits = parcels.c.id > 0
    return str(day.some(select(parcels.c.code).where(waits)))


def ship_manifest(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    digits = [option.key for option in prompt.options if option.key.isdigit()]
    return day.chance.choice(digits or ["1"]), "key"


def ship_load(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    dice = day.chance.random()
    if dice < 0.20:
        return "1", "key"  # into a cage
    if dice < 0.24:
        return "2", "key"  # as the driver counted
    if dice < 0.30:
        return day.chance.choice(("CAGE-1", "CAGE-2")), "scan"
    box = _boxes(day, prompt)
    if box and dice < 0.9:
        return box, "scan"
    return ("full" if prompt.done and day.maybe(0.7) else "back"), "command"


def ship_cage(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choice(("CAGE-1", "CAGE-2")), "scan"


def ship_fill(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    box = _boxes(day, prompt)
    return (box, "scan") if box and day.maybe(0.8) else ("back", "command")


def ship_count(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    late = parcels.c.ship_date <= day.site.today
    query = select(func.count()).select_from(parcels).where(_here(prompt), late)
    return str(day.some(query, 1) or 1), "key"


def ship_close(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choices("12", (4, 1))[0], "key"


# Tasks


def task_tote(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if any(option.key == "1" for option in prompt.options) and day.maybe(0.3):
        return "1", "key"
    return prompt.focus.tote, "scan"


def task_place(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if day.maybe(0.1):
        return day.chance.choice(("BENCH-1", "BENCH-2", "DROP")), "scan"
    return prompt.focus.place or "BENCH-1", "scan"


def _inside(day: Day, prompt: Prompt) -> Any:
    """Free goods of the container whose goods go back, those that the screen names first."""
    focus = prompt.focus
    free = day.here(focus.tote, free=True)
    named = [row for row in free if row.sku == focus.sku and focus.lot in ("", row.lot)]
    return day.chance.choice(named or free) if free else None


def task_item(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """One more piece; the shelf with a part of it in the hand."""
    if Await.PLACE in prompt.awaits and day.maybe(0.1):
        return prompt.focus.place or "B-05", "scan"
    if Await.QTY in prompt.awaits and day.maybe(0.6):
        return str((prompt.focus.qty or 0) + 1), "key"
    row = _inside(day, prompt)
    return (code_of(row.sku, row.lot, row.serial), "scan") if row else ("back", "command")


def task_lot(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    row = _inside(day, prompt)
    return ((row.serial or row.lot or "-"), "scan") if row else ("back", "command")


def task_shelf(day: Day, hand: Hand, prompt: Prompt) -> Input:
    """The shelf that is proposed; another one is scanned twice."""
    other = day.memo.pop(f"other {hand.terminal}", "")
    if other:
        return other, "scan"
    if day.maybe(0.15) or not prompt.focus.place:
        other = day.chance.choice(("B-05", "C-06", "A-07"))
        day.memo[f"other {hand.terminal}"] = other
        return other, "scan"
    return prompt.focus.place, "scan"


def approve(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choice("123"), "key"


ANSWERS: dict[str, Answering] = {
    "pick.get": pick_get, "pick.fetch": at_tote, "pick.bind": empty_tote, "pick.place": pick_place,
    "pick.item": pick_item, "pick.lot": at_lot, "pick.serial": pick_serial, "pick.tote": at_tote,
    "pick.short": pick_short, "pick.gone": one, "pick.damaged": small_number,
    "pick.aside": pick_aside, "pick.zero": pick_zero, "pick.left": small_number,
    "pick.ask": pick_ask, "pick.drop": pick_drop, "sort.item": sort_item, "sort.lot": at_lot,
    "sort.slot": at_place, "sort.tote": empty_tote, "pack.tote": pack_tote, "pack.one": pack_item,
    "pack.item": pack_item, "pack.paper": one, "pack.box": pack_box, "pack.weigh": pack_weigh,
    "pack.label": one, "pack.slip": one, "pack.verify": pack_verify, "pack.service": one,
    "ship.manifest": ship_manifest, "ship.load": ship_load, "ship.cage": ship_cage,
    "ship.fill": ship_fill, "ship.count": ship_count, "ship.close": ship_close, "task.get": one,
    "task.tote": task_tote, "task.place": task_place, "task.done": one, "task.item": task_item,
    "task.lot": task_lot, "task.shelf": task_shelf, "approve_short.none": one,
    "approve_short.order": approve,
}  # fmt: skip
