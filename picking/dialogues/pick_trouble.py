"""When things are not as the book says: an empty shelf, damaged goods, a wrong zero, a step back,
and a lead's word on what becomes of a short order. Pure."""

from msgspec.structs import replace

from picking.dialogues import approval
from picking.dialogues.approval import Asked
from picking.dialogues.base import Say, Seen, Step, not_now, unexpected, wrong
from picking.dialogues.pick_effects import Counted, Damaged, Decide, Short, Undo
from picking.dialogues.pick_facts import Facts, State
from picking.dialogues.pick_shelf import emptied, resumed
from picking.shortage import VERDICTS
from picking.tours import StopView

APPROVE = "approve_short"


def at_shelf(state: State, seen: Seen, stop: StopView) -> Step[State]:
    """`short`, `damaged` and `aside`: what is wrong with what lies here."""
    if state.at == "short":
        return _short(state, seen, stop)
    if state.at == "damaged":
        return _damaged(state, seen, stop)
    if seen.is_command("back"):
        return Step(replace(state, at="damaged", broken=0))
    if seen.kind in ("tote", "place"):
        rest = replace(emptied(state, place=state.place), at="item")
        return Step(rest, (Damaged(stop.id, state.broken, seen.code),))
    return Step(state, say=unexpected(seen, expected="TOTE, PLACE", code="pick.not_aside"))


def _short(state: State, seen: Seen, stop: StopView) -> Step[State]:
    """A question: yes, no, damaged, or the same place scanned once more on purpose."""
    back = replace(state, at=resumed(state, stop))
    again = seen.kind == "place" and seen.code == stop.place
    if seen.digit == 1 or (again and seen.deliberate):
        return Step(back, (Short(stop.id),))
    if seen.digit == 2 or seen.is_command("back"):
        return Step(back)
    if seen.digit == 3:
        return Step(replace(state, at="damaged", place=stop.place))
    if again:
        return Step(state, say=Say("scan.too_soon", "attention", scanned=seen.text))
    return Step(state, say=unexpected(seen, expected="1 / 2 / 3"))


def _damaged(state: State, seen: Seen, stop: StopView) -> Step[State]:
    if seen.is_command("back"):
        return Step(replace(state, at=resumed(state, stop)))
    if seen.kind == "number" and 0 < seen.number <= stop.qty:
        return Step(replace(state, at="aside", broken=seen.number))
    if seen.digit and seen.digit <= stop.qty:  # from a card of commands
        return Step(replace(state, at="aside", broken=seen.digit))
    return Step(state, say=unexpected(seen, expected=f"1-{stop.qty}"))


def looking(state: State, seen: Seen) -> Step[State]:
    """`zero` and `left`: by the book nothing lies there any more."""
    if state.at == "zero":
        if seen.digit == 1:
            return Step(replace(state, emptied=""), (Counted(state.emptied, 0),))
        if seen.digit == 2:
            return Step(replace(state, at="left"))
        return Step(state, say=unexpected(seen, expected="1 / 2"))
    if seen.is_command("back"):
        return Step(replace(state, at="zero"))
    if seen.kind == "number" and seen.number > 0:
        return Step(replace(state, emptied=""), (Counted(state.emptied, seen.number),))
    return Step(state, say=unexpected(seen, expected="1-"))


def asking(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """A lead decides on a short order: which way, then their badge and PIN."""
    question = facts.question(state)
    assert question is not None, "arrive() leaves `ask` once nothing is asked"
    if state.approval is not None:
        asked, effects, said = approval.step(state.approval, seen)
        decide = (Decide(question.order, state.verdict, state.approval.ref),)
        doing = (*effects, *decide) if approval.decides(effects) else effects
        return Step(replace(state, approval=asked), doing, said)
    if seen.is_command("later", "back"):
        put_off = (*state.put_off, question.order)
        return Step(replace(state, put_off=put_off), say=Say("pick.decided_later", "attention"))
    if 1 <= seen.digit <= len(VERDICTS):
        verdict = VERDICTS[seen.digit - 1]
        ref = f"decide_short:{question.task}:{verdict}"
        asked = Asked(verb=APPROVE, ref=ref, owner=question.owner)
        return Step(replace(state, verdict=verdict, approval=asked))
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    return Step(state, say=wrong("scan.unexpected", expected="1-3", scanned=seen.name))


def undo(state: State, facts: Facts) -> Step[State]:
    """Physics allows two undos: empty the hand, or take the last pick out of its tote again."""
    if state.hand or state.unproven:
        return Step(emptied(state, place=""), say=Say("pick.hand_emptied"))
    stop = facts.stop(state)
    if state.at in ("short", "damaged", "aside") and stop is not None:
        return Step(replace(state, at=resumed(state, stop), broken=0))
    if facts.last_pick is not None:
        return Step(State(place=state.place, put_off=state.put_off), (Undo(facts.last_pick),))
    return Step(state, say=Say("undo.nothing", "error"))
