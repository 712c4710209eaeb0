"""Numbers 7 and 8: orders that replenishment holds up, and goods that came in. Pure."""

from app.board.facts import Facts
from app.board.words import duration
from wms.messages import Language, say
from wms.rooms.board_state import Tile, Tone

ROWS_MAX = 40
STALE_S = 3_600  # a delivery that stands still for longer is looked after


def blocked(facts: Facts, language: Language) -> Tile:
    """Orders that wait for goods of the reserve, what is on its way, and what to fetch first."""
    waiting = {one.code for one in facts.blocked}
    rows = [f"{one.code}  {one.sku} x{one.missing}" for one in facts.blocked]
    rows += [f"-> {one.place}  {one.sku} x{one.qty}" for one in facts.refilling]
    first = next((one for one in facts.refilling if one.urgent and not one.claimed), None)
    hint = ""
    if waiting and first is not None:
        hint = say("board.hint.replenish", language, place=first.place, item=first.sku)
    elif waiting and facts.refilling:
        hint = say("board.hint.coming", language, count=len(facts.refilling))
    tone: Tone = "attention" if waiting else "ok"
    return Tile(
        code="blocked", value=str(len(waiting)), tone=tone, hint=hint, rows=tuple(rows[:ROWS_MAX])
    )


def inbound(facts: Facts, language: Language) -> Tile:
    """Deliveries that are not inspected to the end, and eaches that wait to be put away."""
    waits, docks = facts.receiving, facts.to_put_away
    eaches = sum(qty for _, _, qty in docks)
    rows = tuple(
        say("putaway.waiting", language, place=dock, containers=containers, qty=qty)
        for dock, containers, qty in docks[:ROWS_MAX]
    )
    tone: Tone = "ok"
    hint = ""
    if waits.count:
        age = duration(max(0, facts.now - waits.since_ms) // 1000, language)
        hint = say("board.hint.inspect", language, what=waits.oldest, age=age)
        tone = "attention" if facts.now - waits.since_ms > STALE_S * 1000 else "ok"
    elif docks:
        hint = say("board.hint.put_away", language, place=docks[0][0], qty=docks[0][2])
    return Tile(code="inbound", value=f"{waits.count}/{eaches}", tone=tone, hint=hint, rows=rows)
