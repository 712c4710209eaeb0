"""How those answer who look at what came back, and who make sets and repair."""

from sqlalchemy import select

from tests.day_hands import Answering, Day, Input, code_of
from tests.day_inbound import GOODS, a_digit, yes_mostly
from tests.day_outbound import at_place, empty_tote, one
from tests.day_site import BAR, SERIAL_GOODS
from tests.floor_site import Hand
from wms.rooms.prompts import Prompt
from wms.schema import items, moves, parcels, places, returns

# More came than was sent, or it is here already.
NOT_THIS_ONE = ("return.too_many", "serial.here")


def arrive(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    """A box by its own code, its number, its papers; by a piece of it, or by nothing at all."""
    dice = day.chance.random()
    sent = parcels.c.state == "shipped"
    if dice < 0.05:
        return day.chance.choice("12"), "key"
    if dice < 0.45:
        announced = select(returns.c.external_id).where(
            returns.c.state.in_(("announced", "arrived"))
        )
        return str(day.some(announced, "RMA-?")), "scan"
    if dice < 0.75:
        return str(day.some(select(parcels.c.code).where(sent), "P0000001-1")), "scan"
    if dice < 0.95:
        return str(day.some(select(parcels.c.tracking).where(sent), "0")), "scan"
    return code_of(day.chance.choice(GOODS)), "scan"


def search(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choice(("山田", "03-1234-5678", "nobody")), "key"


def evidence(day: Day, hand: Hand, prompt: Prompt) -> Input:
    """Look at what was sent, and open the box; or set it aside as it is."""
    day.memo[f"sent {hand.terminal}"] = [
        (words[0], words[2:]) for line in prompt.lines
        if len(words := line.split()) > 1 and words[0] in BAR and words[1].startswith("x")
    ]  # fmt: skip
    digits = [option.key for option in prompt.options if option.key.isdigit()]
    if not digits or day.maybe(0.1):
        return "back", "command"
    return day.chance.choices(digits, [{"1": 6, "2": 2, "3": 4}.get(one, 1) for one in digits])[
        0
    ], "key"


def aside(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choice(("ASIDE", "RETURNS", "T-RET")), "scan"


def _awaited(prompt: Prompt) -> list[str]:
    """SKUs of lines that still lack pieces."""
    return [
        words[0] for line in prompt.lines if len(words := line.split()) == 2 and "/" in words[1]
    ]


def _serial(day: Day, sku: str) -> str:
    """A number of such a piece that was sent; now and then another one."""
    if day.maybe(0.15):
        return day.site.key("SWAP")
    sent = (
        select(moves.c.serial).join(items, items.c.id == moves.c.item_id)
        .where(moves.c.target == "@customer", items.c.sku == sku)
    )  # fmt: skip
    return str(day.some(sent, "?"))


def unit(day: Day, hand: Hand, prompt: Prompt) -> Input:
    """The next piece; what was not sent, or a thing without a barcode."""
    waits, dice = _awaited(prompt), day.chance.random()
    sent: list[tuple[str, list[str]]] = day.memo.get(f"sent {hand.terminal}", [])
    if day.memo.pop(f"enough {hand.terminal}", False):
        return "full", "command"
    if dice < 0.04:
        return "undo", "command"
    if dice < 0.06 and waits:
        return "9", "key"
    if dice < (0.10 if waits else 0.30):
        return "full", "command"
    if not waits and not sent and dice < 0.5:
        return "back", "command"
    if dice > 0.95:
        return code_of(day.chance.choice(GOODS)), "scan"
    sku = day.chance.choice(waits or [sku for sku, _ in sent] or GOODS)
    numbers = [one[-1] for name, one in sent if name == sku and one and sku in SERIAL_GOODS]
    serial = ""
    if sku in SERIAL_GOODS and day.maybe(0.8):
        serial = day.chance.choice(numbers) if numbers and day.maybe(0.8) else _serial(day, sku)
    return code_of(sku, serial=serial), "scan"


def unit_serial(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    return _serial(day, prompt.focus.sku), "scan"


def grade(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    return day.chance.choices("12345", (8, 3, 1, 3, 1))[0], "key"


def disposition(day: Day, hand: Hand, prompt: Prompt) -> Input:
    if day.memo.get(f"enough {hand.terminal}"):
        return "back", "command"
    return ("1", "key") if day.maybe(0.7) else a_digit(day, hand, prompt)


def place(day: Day, hand: Hand, prompt: Prompt) -> Input:
    enough = f"enough {hand.terminal}"
    if day.memo.get(enough) or day.why[hand.terminal] in NOT_THIS_ONE:
        day.memo[enough] = True
        return "back", "command"
    if prompt.focus.place and day.maybe(0.8):
        return prompt.focus.place, "scan"
    shelf = any("stock" in line.lower() or "shelf" in line.lower() for line in prompt.lines)
    if day.maybe(0.8 if shelf else 0.05):
        return str(day.some(select(places.c.code).where(places.c.kind == "bin"))), "scan"
    return day.chance.choice(("QUARANTINE", "QUARANTINE", "RETURNS", "T-RET", "ASIDE")), "scan"


def close(day: Day, hand: Hand, prompt: Prompt) -> Input:
    """That was all, if anything was there."""
    if prompt.message is not None and prompt.message.code == "return.nothing":
        return "back", "command"
    return yes_mostly(day, hand, prompt)


# Value-added work


def work_item(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    """Materials into the hand until it has all of them, then into the tote."""
    focus = prompt.focus
    if not focus.qty or day.maybe(0.1):
        return focus.tote, "scan"
    if day.maybe(0.3):
        return str(focus.qty + 1), "key"
    lying = [row for row in day.here(focus.place, sku=focus.sku) if row.lot == focus.lot]
    row = day.chance.choice(lying) if lying else None
    return code_of(focus.sku, focus.lot, row.serial if row is not None else ""), "scan"


def make(day: Day, _hand: Hand, prompt: Prompt) -> Input:
    if not prompt.focus.qty:
        return ("full" if day.maybe(0.5) else "later"), "command"
    return str(day.chance.randint(1, prompt.focus.qty)), "key"


def target(day: Day, _hand: Hand, _prompt: Prompt) -> Input:
    if day.maybe(0.3):
        return day.chance.choice(("KIT-TABLE", "DOCK", "RS-4")), "scan"
    return str(day.some(select(places.c.code).where(places.c.kind == "bin"))), "scan"


ANSWERS: dict[str, Answering] = {
    "returns.arrive": arrive, "returns.choose": a_digit, "returns.search": search,
    "returns.unknown": a_digit, "returns.evidence": evidence, "returns.aside": aside,
    "returns.unit": unit, "returns.lot": a_digit, "returns.serial": unit_serial,
    "returns.swapped": one, "returns.strange": one, "returns.instead": a_digit,
    "returns.grade": grade, "returns.disposition": disposition, "returns.place": place,
    "returns.close": close, "work.get": one, "work.tote": empty_tote, "work.place": at_place,
    "work.item": work_item, "work.make": make, "work.target": target, "work.finish": yes_mostly,
}  # fmt: skip
