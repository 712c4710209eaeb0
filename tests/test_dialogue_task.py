"""The table of tasks: each transition that it lists, on facts made by hand."""

from picking.dialogues.base import Seen
from picking.dialogues.task import TASK, Claim, Done, Facts, GiveBack, State, Task, Verdict
from tests.dialogue_table import TEA, Move, command, item, key, move, other, place, tote

CARRY = Task(8, "carry", "DROP", container="T-01", target="BENCH-1", mission=77)
LOOK = Task(
    9, "look", "DROP", container="T-01", target="BENCH-1", why="robot.silent", robot="agv-1",
    mission=77,
)  # fmt: skip
ASSIST = Task(10, "assist", "BENCH-1", about="Anna HT-01")
NOTHING = Facts(None, 0)


def do(state: State, seen: Seen, task: Task | None, then: Task | None = None) -> Move:
    return move(TASK, state, seen, Facts(task, 2), Facts(then, 2))


def test_get_to_tote_when_it_is_about_a_container() -> None:
    claimed = do(State(), key("1"), None, CARRY)
    assert (claimed.at, claimed.effects) == ("tote", (Claim(),))


def test_get_to_done_when_it_is_about_something_else() -> None:
    claimed = do(State(), command("1"), None, ASSIST)
    assert claimed.at == "done"
    assert TASK.prompt(claimed.state, Facts(ASSIST, 0), "en").lines == (
        "Help a colleague", "Anna HT-01",
    )  # fmt: skip


def test_get_to_get_when_there_is_nothing() -> None:
    assert do(State(), key("1"), None).at == "get"
    assert do(State(), other(), None).evidence == ("1", "what?")
    assert TASK.prompt(State(), Facts(None, 2), "en").lines == ("2 waiting",)


def test_get_to_menu_by_back() -> None:
    assert do(State(), command("back"), None).at == "menu"


def test_tote_to_place_when_it_was_found() -> None:
    found = do(State(at="tote"), tote("T-01"), CARRY, CARRY)
    assert (found.at, found.effects) == ("place", ())
    assert TASK.prompt(found.state, Facts(CARRY, 0), "en").focus.place == "BENCH-1"


def test_tote_to_tote_when_it_is_another() -> None:
    for seen, read in ((tote("T-02"), "T-02"), (item(TEA), "TEA"), (place("DROP"), "DROP")):
        wrong = do(State(at="tote"), seen, CARRY, CARRY)
        assert (wrong.at, wrong.evidence) == ("tote", ("T-01", read))
    assert do(State(at="tote"), key("1"), CARRY, CARRY).refused, "a load is scanned, not believed"
    assert do(State(at="tote"), command("undo"), CARRY, CARRY).code == "key.not_now"


def test_tote_to_get_when_a_robot_was_looked_at() -> None:
    seen_to = do(State(at="tote"), key("1"), LOOK)
    assert (seen_to.at, seen_to.effects) == ("get", (Done(9),))
    assert TASK.prompt(State(at="tote"), Facts(LOOK, 0), "en").lines == (
        "Look at the robot", "agv-1", "The robot is silent: go and look",
    )  # fmt: skip


def test_tote_to_get_by_back() -> None:
    back = do(State(at="tote"), command("back"), CARRY)
    assert (back.at, back.effects) == ("get", (GiveBack(8),))


def test_tote_to_get_when_it_settled_itself() -> None:
    late = do(State(at="tote"), tote("T-01"), None)
    assert (late.at, late.refused, late.effects) == ("get", True, ())


def test_place_to_get_when_it_was_scanned() -> None:
    settled = do(State(at="place"), place("BENCH-2"), CARRY)
    assert (settled.at, settled.effects) == ("get", (Verdict(CARRY, "BENCH-2"),))


def test_place_to_place_when_it_is_none() -> None:
    wrong = do(State(at="place"), tote("T-01"), CARRY, CARRY)
    assert (wrong.at, wrong.evidence) == ("place", ("BENCH-1", "T-01"))


def test_place_to_tote_by_back() -> None:
    back = do(State(at="place"), command("back"), CARRY, CARRY)
    assert (back.at, back.effects) == ("tote", ())


def test_done_to_get_when_it_was_seen_to() -> None:
    done = do(State(at="done"), key("1"), ASSIST)
    assert (done.at, done.effects) == ("get", (Done(10),))
    assert do(State(at="done"), tote("T-01"), ASSIST, ASSIST).evidence == ("1", "T-01")


def test_done_to_get_by_back() -> None:
    assert do(State(at="done"), command("back"), ASSIST).effects == (GiveBack(10),)
