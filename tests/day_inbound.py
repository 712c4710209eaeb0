"""How those answer who receive, put away, move, replenish and count."""

from typing import Any

from sqlalchemy import func, select

from tests.day_hands import Answering, Day, Input, code_of
from tests.day_outbound import at_lot, at_place, at_tote, one
from tests.day_site import BAR, CASE, LOTS, SELLABLE
from tests.floor_site import Hand
from wms.rooms.prompts import Await, Prompt
from wms.schema import places, stock

DOCKS = ("DOCK", "DOCK-2")
GOODS = [sku for skus in SELLABLE.values() for sku in skus]


# Receive


def receive_choose(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """The papers of a delivery; now and then there are none."""
    if day.maybe(0.15):
        return "full", "command"
    digits = [option.key for option in prompt.options if option.key.isdigit()]
    return (day.chance.choice(digits), "key") if digits else ("back", "command")


def a_digit(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    digits = [option.key for option in prompt.options if option.key.isdigit()]
    return day.chance.choice(digits or ["1"]), "key"


def receive_item(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """Goods that are awaited, mostly; then what nobody announced, and barcodes nobody knows."""
    dice = day.chance.random()
    waits = [
        words[0] for line in prompt.lines if len(words := line.split()) == 2 and "/" in words[1]
    ]
    if dice < 0.03:
        return "4999999999996", "scan"
    if dice < (0.25 if "SHIRT" in waits else 0.07):
        return day.chance.choice(("1", "2", "2")), "key"  # repeat, or what the portal saw
    dice = day.chance.random()
    if dice < 0.04:
        return day.chance.choice(("undo", "list", "reprint")), "command"
    if not waits and dice < 0.9:
        return ("full" if day.maybe(0.7) else "undo"), "command"
    if dice < 0.07:
        return "full", "command"
    sku = day.chance.choice(waits if waits and dice < 0.92 else GOODS)
    if sku == "LOOSE":
        return "list", "command"
    if sku == "SOAP" and day.maybe(0.3):
        return CASE, "scan"
    lot = day.chance.choice(list(LOTS))
    if sku in ("FOOD", "B-PILL") and day.maybe(0.3):
        expiry = LOTS[lot][2:].replace("-", "")
        return f"]C101{BAR[sku]:0>14}17{expiry}10{lot}", "scan"
    return code_of(sku), "scan"


def receive_lot(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choice(list(LOTS)), "scan"


def receive_expiry(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    date = LOTS.get(prompt.focus.lot) or day.chance.choice(list(LOTS.values()))
    return ("2705" if day.maybe(0.05) else date[2:].replace("-", "")), "key"


def receive_serial(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    if day.maybe(0.05):
        return "RADIO-A-01-0", "scan"
    return day.site.key("SN"), "scan"


def receive_sure(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if day.maybe(0.15):
        return "back", "command"
    if any(option.key == "1" for option in prompt.options):
        return "1", "key"
    return code_of(prompt.focus.sku), "scan"


def receive_put(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """How many there are, whether they are broken, and onto which pallet."""
    dice, qty = day.chance.random(), prompt.focus.qty or 0
    if dice < 0.08:
        return "short", "command"
    if dice < 0.20 and qty > 0:
        return "full", "command"
    if qty == 0 or dice < 0.35:
        return str(day.chance.randint(1, 12)), "key"
    if dice < 0.42:
        return code_of(prompt.focus.sku), "scan"
    pallets = places.c.parent.in_(DOCKS) & (places.c.kind == "pallet")
    fresh = str(day.some(select(places.c.code).where(pallets, func.length(places.c.code) == 18)))
    if fresh and day.maybe(0.5):
        return fresh, "scan"
    return str(day.some(select(places.c.code).where(pallets), "DOCK")), "scan"


def receive_over(day: Day, hand: Hand, prompt: Prompt) -> Input:
    if day.why[hand.terminal]:
        return "back", "command"  # it cannot be put there
    return a_digit(day, hand, prompt)


def receive_close(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return ("back", "command") if day.maybe(0.2) else ("1", "key")


def receive_portal(day: Day, hand: Hand, _prompt: Prompt) -> Input:
    if day.stuck[hand.terminal]:
        return "back", "command"  # nothing of it was seen
    return day.chance.choices("123", (6, 1, 1))[0], "key"


def receive_inside(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return str(day.chance.randint(1, 12)), "key"


# Put away and move


def _arrived(day: Day) -> str:
    """A dock or a pallet on it where something lies free."""
    on_dock = places.c.parent.in_(DOCKS) | places.c.code.in_(DOCKS)
    query = select(stock.c.place).join(places, places.c.code == stock.c.place)
    return str(day.some(query.where(on_dock, stock.c.qty > stock.c.allocated), "DOCK"))


def putaway_source(day: Day, hand: Hand, _prompt: Prompt) -> Input:
    place = _arrived(day)
    day.memo[f"source {hand.terminal}"] = place
    return place, "scan"


def move_source(day: Day, hand: Hand, _prompt: Prompt) -> Input:
    """Anything from anywhere: a shelf, a dock, a pallet."""
    lying = select(stock.c.place).where(stock.c.qty > stock.c.allocated)
    place = str(day.some(lying, "A-01"))
    day.memo[f"source {hand.terminal}"] = place
    return place, "scan"


def goods_here(day: Day, hand: Hand, prompt: Prompt) -> Input:
    place = prompt.focus.place or day.memo.get(f"source {hand.terminal}", "")
    lying = day.here(place, free=True) or day.here(place)
    if not lying:
        return "back", "command"
    row = day.chance.choice(lying)
    return code_of(row.sku, row.lot if day.maybe(0.6) else ""), "scan"


def serial_here(day: Day, hand: Hand, prompt: Prompt) -> Input:
    place = prompt.focus.place or day.memo.get(f"source {hand.terminal}", "")
    lying = [row.serial for row in day.here(place, sku=prompt.focus.sku) if row.serial]
    return (day.chance.choice(lying), "scan") if lying else ("back", "command")


def how_many(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    return str(day.chance.randint(1, max(1, prompt.focus.qty or 1))), "key"


def put_where(day: Day, hand: Hand, prompt: Prompt) -> Input:
    """Where the system says; another place is scanned twice."""
    other = day.memo.pop(f"other {hand.terminal}", "")
    if other:
        return other, "scan"
    if prompt.focus.tote and day.maybe(0.5):
        return "1", "key"
    why = day.why[hand.terminal]
    if why == "putaway.wrong_condition":
        return "QUARANTINE", "scan"
    closed = why in ("place.frozen", "putaway.blocked")
    if closed and day.maybe(0.5):
        return "back", "command"
    if prompt.focus.place in ("", "?") or closed or day.maybe(0.2):
        kinds = ("bin", "bin", "reserve")
        query = select(places.c.code).where(places.c.kind == day.chance.choice(kinds))
        other = str(day.some(query))
        day.memo[f"other {hand.terminal}"] = other
        return other, "scan"
    return prompt.focus.place, "scan"


def move_where(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if prompt.focus.tote and day.maybe(0.5):
        return "1", "key"
    kinds = ("bin", "bin", "reserve", "dock", "pallet", "buffer")
    query = select(places.c.code).where(places.c.kind == day.chance.choice(kinds))
    return str(day.some(query)), "scan"


# Replenish


def replenish_place(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    dice = day.chance.random()
    if dice < 0.05:
        return day.chance.choice(("short", "later")), "command"
    return prompt.focus.place, "scan"


def replenish_item(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if day.maybe(0.04):
        return "short", "command"
    if Await.QTY in prompt.awaits and day.maybe(0.6):
        return str((prompt.focus.qty or 0) + day.chance.choice((0, 1))), "key"
    return code_of(prompt.focus.sku, prompt.focus.lot), "scan"


def replenish_face(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if day.maybe(0.08):
        return "full", "command"
    return prompt.focus.place, "scan"


def yes_mostly(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choices("12", (4, 1))[0], "key"


# Count


def count_get(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    """What waits to be counted, or whatever shelf the counter stands before."""
    if day.maybe(0.5):
        return "1", "key"
    if day.maybe(0.4):
        return str(day.some(select(places.c.code).where(places.c.kind == "bin"))), "scan"
    return str(day.some(select(stock.c.place).where(stock.c.qty > 0), "A-01")), "scan"


def _seen(day: Day, place: str) -> list[Input]:
    """What eyes see there: what the book has, or a little more or less."""
    texts: list[Input] = []
    for row in day.here(place):
        qty = row.qty
        if day.maybe(0.15):
            qty = max(0, qty + day.chance.choice((-2, -1, 1)))
        if row.serial:
            texts += [(code_of(row.sku, row.lot, row.serial), "scan")] * min(qty, 1)
        elif qty > 5:
            texts += [(code_of(row.sku, row.lot), "scan"), (str(qty), "key")]
        else:
            texts += [(code_of(row.sku, row.lot), "scan")] * qty
    if day.maybe(0.03):
        texts.append((code_of(day.chance.choice(GOODS)), "scan"))
    return texts


def count_item(day: Day, hand: Hand, prompt: Prompt) -> Input:
    place, name = prompt.focus.place, f"count {hand.terminal}"
    known: Any = day.memo.get(name)
    if known is None or known[0] != place:
        known = day.memo[name] = (place, _seen(day, place))
    if not known[1]:
        del day.memo[name]
        return "full", "command"
    text, via = known[1].pop(0)
    return text, via


def count_lot(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    lots = [row.lot for row in day.here(prompt.focus.place, sku=prompt.focus.sku) if row.lot]
    return day.chance.choice(lots or list(LOTS)), "scan"


def count_serial(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    found = [row.serial for row in day.here(prompt.focus.place, sku=prompt.focus.sku)]
    return day.chance.choice([one for one in found if one] or [day.site.key("SN")]), "scan"


ANSWERS: dict[str, Answering] = {
    "receive.choose": receive_choose, "receive.owner": a_digit, "receive.item": receive_item,
    "receive.lot": receive_lot, "receive.expiry": receive_expiry, "receive.serial": receive_serial,
    "receive.sure": receive_sure, "receive.put": receive_put, "receive.over": receive_over,
    "receive.why": a_digit, "receive.bind": a_digit, "receive.inside": receive_inside,
    "receive.list": a_digit, "receive.close": receive_close, "receive.portal": receive_portal,
    "receive.locate": one, "putaway.source": putaway_source, "putaway.item": goods_here,
    "putaway.which": a_digit, "putaway.serial": serial_here, "putaway.count": how_many,
    "putaway.place": put_where, "move.source": move_source, "move.item": goods_here,
    "move.which": a_digit, "move.serial": serial_here, "move.count": how_many,
    "move.place": move_where, "replenish.get": one, "replenish.place": replenish_place,
    "replenish.container": at_tote, "replenish.item": replenish_item, "replenish.lot": at_lot,
    "replenish.short": yes_mostly, "replenish.face": replenish_face, "replenish.fit": how_many,
    "replenish.rest": at_place, "count.get": count_get, "count.place": at_place,
    "count.item": count_item, "count.which": a_digit, "count.lot": count_lot,
    "count.serial": count_serial, "count.empty": yes_mostly, "count.leave": yes_mostly,
    "count.again": yes_mostly, "count.decide": yes_mostly,
}  # fmt: skip
