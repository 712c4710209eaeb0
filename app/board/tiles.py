"""The ten numbers, each with the rows behind it and one thing to do about it. Pure.

Seven and eight are in `app.board.storage_tiles`.
"""

from collections.abc import Iterable, Sequence
from math import ceil

from app.board import storage_tiles
from app.board.facts import Facts, Order
from app.board.forecast import Outlook, Rescue, needed_per_hour, outlooks, rescue
from app.board.words import clock, duration, reason
from wms.messages import Language, say
from wms.rooms.board_state import PickupTile, Stage, StageCode, Tile, Tone
from wms.site.carriers import called

ROWS_MAX = 40
STALE_S = 3_600  # an order that stands still for longer is looked after
DOWN = ("offline", "fault", "degraded")
IN_WORK: tuple[StageCode, ...] = ("released", "picking", "packing")


def tiles(facts: Facts, language: Language) -> tuple[Tile, ...]:
    """All ten, in the order of their keys."""
    found = outlooks(facts)
    return (
        _left(facts, found, language), _finish(facts, found, language), _stages(facts, language),
        _rate(facts, found, language), _short(facts, language), _held(facts, language),
        storage_tiles.blocked(facts, language), storage_tiles.inbound(facts, language),
        _errors(facts, language), _devices(facts, language),
    )  # fmt: skip


def pickup_rows(facts: Facts, language: Language) -> tuple[PickupTile, ...]:
    """The next pickup of each carrier and what is left for it."""
    return tuple(
        PickupTile(
            carrier=called(one.carrier, language), cutoff=clock(one.pickup_ms, facts.zone),
            orders=len(one.orders), lines=facts.lines.get(one.carrier, 0),
            pieces=sum(order.pieces for order in one.orders),
            finish=_finish_clock(facts, one) if one.orders else "",
            slack_min=_slack_min(one), at_risk=len(one.late),
        )
        for one in outlooks(facts)
    )  # fmt: skip


def _slack_min(one: Outlook) -> int | None:
    if one.finish_ms is None or not one.orders:
        return None
    return (one.pickup_ms - one.finish_ms) // 60_000


def _finish_clock(facts: Facts, one: Outlook) -> str:
    return "" if one.finish_ms is None else clock(one.finish_ms, facts.zone)


def stage_of(order: Order) -> StageCode | None:
    """Where an order stands; None for one that is held."""
    match order.state:
        case "accepted" | "short":
            return "waiting"
        case "released":
            return "picking" if order.picking else "released"
        case "picked":
            return "packing"
        case "packed":
            return "labelled"
    return None


def stage_rows(facts: Facts) -> tuple[Stage, ...]:
    """How many orders stand where, and how long the oldest has."""
    return (
        *(_stage(facts, code) for code in ("waiting", *IN_WORK, "labelled")),
        Stage(code="shipped", count=facts.shipped),
    )


def _stage(facts: Facts, code: StageCode) -> Stage:
    here = at_stage(facts, code)
    since = min((order.state_ms for order in here), default=None)
    oldest_s = None if since is None else max(0, facts.now - since) // 1000
    return Stage(code=code, count=len(here), oldest_s=oldest_s)


def at_stage(facts: Facts, code: StageCode) -> list[Order]:
    """The orders at one stage, the most urgent first."""
    return [order for order in facts.orders if stage_of(order) == code]


def _left(facts: Facts, found: Sequence[Outlook], language: Language) -> Tile:
    left = [order for one in found for order in one.orders]
    numbers = (len(left), sum(facts.lines.values()), sum(order.pieces for order in left))
    busy = next((one for one in found if one.orders), None)
    hint = ""
    if busy is not None:
        hint = say(
            "board.hint.next", language, carrier=called(busy.carrier, language),
            time=clock(busy.pickup_ms, facts.zone), count=len(busy.orders),
        )  # fmt: skip
    value = "/".join(map(str, numbers))
    return Tile(code="left", value=value, hint=hint, rows=_rows(facts, left, language))


def _finish(facts: Facts, found: Sequence[Outlook], language: Language) -> Tile:
    """The pickup that comes off worst."""
    busy = [one for one in found if one.orders]
    if not busy:
        return Tile(code="finish", value="-")
    if not facts.rate.parcels:
        return Tile(code="finish", value="-", hint=say("board.hint.no_rate", language))
    worst = min(busy, key=lambda one: one.pickup_ms - (one.finish_ms or 0))
    finish, cutoff = _finish_clock(facts, worst), clock(worst.pickup_ms, facts.zone)
    late = [order for one in busy for order in one.late]
    if not late:
        return Tile(code="finish", value=finish)
    who = max(busy, key=lambda one: len(one.late))
    hint = _saved(rescue(facts, found), language) or say(
        "board.hint.late", language, carrier=called(who.carrier, language), count=len(who.late)
    )
    rows = _rows(facts, late, language)
    return Tile(code="finish", value=f"{finish} > {cutoff}", tone="error", hint=hint, rows=rows)


def _saved(found: Rescue | None, language: Language) -> str:
    """One sentence: how many miss which truck, whom to move, what to do first."""
    if found is None:
        return ""
    late = say(
        "board.hint.misses", language, carrier=called(found.carrier, language),
        count=len(found.late),
    )  # fmt: skip
    work = say(f"menu.{found.work}", language)
    move = say("board.hint.add", language, count=found.people, work=work)
    if found.from_work:
        source = say(f"menu.{found.from_work}", language)
        move = say("board.hint.move", language, count=found.people, work=work, source=source)
    codes = " ".join(order.code for order in found.forward)
    first = say("board.hint.forward", language, orders=codes) if codes else ""
    return " ".join(part for part in (late, move, first) if part)


def _stages(facts: Facts, language: Language) -> Tile:
    here = [order for code in IN_WORK for order in at_stage(facts, code)]
    if not here:
        return Tile(code="stages", value="0")
    here.sort(key=lambda order: order.state_ms)
    oldest_s = max(0, facts.now - here[0].state_ms) // 1000
    value = say(
        "board.in_work", language, count=len(here), oldest=duration(oldest_s, language)
    )  # fmt: skip
    stale = oldest_s > STALE_S
    hint = say("board.hint.stale", language, order=here[0].code) if stale else ""
    tone: Tone = "attention" if stale else "ok"
    rows = _rows(facts, here, language)
    return Tile(code="stages", value=value, tone=tone, hint=hint, rows=rows)


def _rate(facts: Facts, found: Sequence[Outlook], language: Language) -> Tile:
    """Parcels an hour against those needed, and where a hand more helps most."""
    observed, needed = facts.rate.per_hour, needed_per_hour(found, now=facts.now)
    enough = observed >= needed
    value = f"{observed:.0f} {'>=' if enough else '<'} {needed:.0f}"
    rows = tuple(
        f"{say(f'menu.{name}', language)}  {count}" for name, count in _crew(facts).items() if count
    )
    if enough or not facts.rate.parcels:
        return Tile(code="rate", value=value, rows=rows)
    to_pick = len(at_stage(facts, "released")) + len(at_stage(facts, "picking"))
    where = "pick" if to_pick >= len(at_stage(facts, "packing")) else "pack"
    crew = max(1, _crew(facts)[where])
    more = min(max(1, ceil(crew * (needed / observed - 1))), 20)
    hint = say("board.hint.add", language, count=more, work=say(f"menu.{where}", language))
    tone: Tone = "error" if observed < 0.7 * needed else "attention"
    return Tile(code="rate", value=value, tone=tone, hint=hint, rows=rows)


def _crew(facts: Facts) -> dict[str, int]:
    """People by what they do."""
    crew = dict.fromkeys(("pick", "pack", "ship", "task"), 0)
    for worker in facts.workers:
        if worker.dialogue in crew:
            crew[worker.dialogue] += 1
    return crew


def _short(facts: Facts, language: Language) -> Tile:
    """Orders without stock, and shelves that were found empty."""
    lacking = [order for order in facts.orders if order.state == "short"]
    value = f"{len(lacking)} / {len(facts.to_count)}"
    hint, skus = "", [sku for found in facts.missing.values() for sku, _ in found]
    if facts.to_count:
        hint = say("board.hint.count", language, count=len(facts.to_count))
    elif skus:
        hint = say("board.hint.stock", language, sku=max(sorted(set(skus)), key=skus.count))
    rows = [
        f"{order.code}  {sku} x{qty}"
        for order in lacking
        for sku, qty in facts.missing.get(order.id, [])
    ]
    rows += [f"{place}  {say('board.to_count', language)}" for place in facts.to_count]
    tone: Tone = "attention" if lacking or facts.to_count else "ok"
    return Tile(code="short", value=value, tone=tone, hint=hint, rows=tuple(rows[:ROWS_MAX]))


def _held(facts: Facts, language: Language) -> Tile:
    """Held orders, those without an address among them, after boxes that must not leave."""
    stopped = [(code, say("board.stopped", language, place=place)) for code, place in facts.stopped]
    held = [
        (order.code, reason(order.reason, language))
        for order in facts.orders
        if order.state == "held"
    ]
    found = [*stopped, *held]
    if not found:
        return Tile(code="held", value="0")
    hint = say("board.hint.see_to", language, what=found[0][0], why=found[0][1])
    rows = tuple(f"{code}  {why}" for code, why in found[:ROWS_MAX])
    tone: Tone = "error" if stopped else "attention"
    return Tile(code="held", value=str(len(found)), tone=tone, hint=hint, rows=rows)


def _errors(facts: Facts, language: Language) -> Tile:
    """Refusals at the benches, reprints, weights that did not fit, webhooks that did not arrive."""
    redo = facts.redo
    value = f"{redo.inspection_errors}/{redo.reprints}/{redo.weight_holds}/{redo.unsent}"
    hint, tone = "", "ok"
    if redo.parked:
        hint, tone = say("board.hint.replay", language, count=len(redo.parked)), "error"
    elif redo.doubtful_prints:
        hint = say("board.hint.labels", language, count=len(redo.doubtful_prints))
        tone = "attention"
    elif redo.benches:
        bench, count = redo.benches[0]
        hint = say("board.hint.bench", language, station=bench, count=count)
    elif redo.unsent:
        hint = say("board.hint.unsent", language, count=redo.unsent)
    rows = [
        f"{each.name}  {facts.names.orders.get(_order_of(each.told.event), each.told.aggregate)}"
        f"  {each.error}"
        for each in redo.parked
    ]
    rows += [
        f"{station}  {say(f'print.{state}', language, reason=reason(why, language)).strip()}"
        for station, state, why in redo.doubtful_prints
    ]
    rows += [f"{bench}  {say('board.mistakes', language)} {n}" for bench, n in redo.benches]
    shown: Tone = "error" if tone == "error" else "attention" if tone == "attention" else "ok"
    return Tile(code="errors", value=value, tone=shown, hint=hint, rows=tuple(rows[:ROWS_MAX]))


def _order_of(event: object) -> int:
    return int(getattr(event, "order_id", 0))


def _devices(facts: Facts, language: Language) -> Tile:
    """Devices that do not work, and robots that may not."""
    down = {
        row.name: reason(row.reason, language) or say(f"board.health.{row.health}", language)
        for row in facts.devices
        if row.health in DOWN
    }
    for row in facts.robots:
        if row.hold:
            down.setdefault(row.device, reason(row.hold, language))
    if not down:
        return Tile(code="devices", value="0")
    worst = next(iter(down))
    hint = say("board.hint.see_to", language, what=worst, why=down[worst])
    rows = tuple(f"{name}  {why}" for name, why in down.items())[:ROWS_MAX]
    return Tile(code="devices", value=str(len(down)), tone="error", hint=hint, rows=rows)


def _rows(facts: Facts, here: Iterable[Order], language: Language) -> tuple[str, ...]:
    """Orders as a lead looks for them: the code on the paper, the carrier, where it stands."""
    rows = []
    for order in list(here)[:ROWS_MAX]:
        stage = stage_of(order)
        where = say(f"board.stage.{stage}", language) if stage else order.state
        age = duration(max(0, facts.now - order.state_ms) // 1000, language)
        rows.append(f"{order.code}  {called(order.carrier, language)}  {where}  {age}")
    return tuple(rows)
