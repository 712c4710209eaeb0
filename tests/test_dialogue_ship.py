"""The dock's table: each transition that it lists, on facts made by hand."""

from picking.dialogues.base import Seen
from picking.dialogues.ship import (
    SHIP,
    CloseOut,
    Facts,
    Fill,
    Load,
    LoadCage,
    LoadCounted,
    State,
    Unload,
    UseCage,
)
from picking.pickups import Pickup
from tests.dialogue_table import TEA, Move, command, item, key, move, other, tote

YAMATO = Pickup(4, "M-YAMATO-261122-1700", "yamato", "17:00", 2, 1)
SAGAWA = Pickup(5, "M-SAGAWA-261122-1800", "sagawa", "18:00", 0, 0)
OPEN = Facts((YAMATO, SAGAWA))
AT_TRUCK = Facts((YAMATO, SAGAWA), behind=("P9-1", "P8-1"))
LOADING = State(at="load", manifest=4)
CLOSING = State(at="close", manifest=4)


def ship(state: State, seen: Seen, facts: Facts = AT_TRUCK, then: Facts | None = None) -> Move:
    return move(SHIP, state, seen, facts, then)


def parcel(code: str, number: int) -> Seen:
    return Seen("parcel", code, code=code, id=number)


def test_manifest_to_load_when_it_was_chosen() -> None:
    manifest = Seen("manifest", SAGAWA.code, code=SAGAWA.code, id=5)
    for seen in (key("2"), command("2"), manifest):
        chosen = ship(State(), seen, OPEN)
        assert (chosen.at, chosen.state.manifest) == ("load", 5)


def test_manifest_to_manifest_when_there_is_none() -> None:
    assert ship(State(), key("3"), OPEN).evidence == ("1-2", "3")
    assert ship(State(), parcel("P9-1", 9), OPEN).evidence == ("1-2", "P9-1")
    assert ship(State(), key("1"), Facts(())).evidence == ("-", "1")
    assert ship(State(), command("list"), OPEN).code == "key.not_now"
    closed = Seen("manifest", "M-OLD", code="M-OLD", id=1)
    assert ship(State(), closed, OPEN).refused


def test_manifest_to_menu_by_back() -> None:
    assert ship(State(), command("back"), OPEN).at == "menu"


def test_load_to_load_when_a_parcel_was_scanned() -> None:
    for seen in (parcel("P9-1", 9), Seen("tracking", "1" * 12, code="1" * 12, id=9)):
        loaded = ship(LOADING, seen)
        assert (loaded.at, loaded.effects) == ("load", (Load(4, 9),))
    prompt = SHIP.prompt(LOADING, AT_TRUCK, "en")
    assert (prompt.done, prompt.total, prompt.focus.place) == (2, 3, "Yamato Transport")


def test_load_to_load_by_undo_takes_the_last_parcel_off() -> None:
    loaded = ship(LOADING, parcel("P9-1", 9)).state
    undone = ship(loaded, command("undo"))
    assert (undone.at, undone.effects, undone.state.last) == ("load", (Unload(4, 9),), 0)
    assert ship(undone.state, command("undo")).code == "undo.nothing"
    assert ship(ship(loaded, tote("CAGE-1")).state, command("undo")).code == "undo.nothing"


def test_load_to_load_when_it_is_no_parcel() -> None:
    assert ship(LOADING, item(TEA)).evidence == ("PARCEL", "TEA")
    shared = ship(LOADING, Seen("tracking", "1" * 12, code="1" * 12))
    assert (shared.at, shared.code, shared.effects) == ("load", "ship.which_parcel", ())


def test_load_to_load_when_the_key_means_nothing() -> None:
    assert ship(LOADING, command("short")).code == "key.not_now"


def test_load_to_close_by_full() -> None:
    asked = ship(LOADING, command("full"))
    assert asked.at == "close"
    assert SHIP.prompt(asked.state, AT_TRUCK, "en").lines == (
        "Labels 4=2+2", "P9-1", "P8-1",
    )  # fmt: skip


def test_load_to_manifest_by_back() -> None:
    assert ship(LOADING, command("back")).at == "manifest"
    gone = ship(LOADING, parcel("P9-1", 9), Facts((SAGAWA,)))
    assert (gone.at, gone.refused, gone.effects) == ("manifest", True, ()), (
        "it was closed meanwhile"
    )


def test_close_to_manifest_when_it_is_confirmed() -> None:
    for yes in (key("1"), command("1")):
        closed = ship(CLOSING, yes, then=Facts((SAGAWA,)))
        assert (closed.at, closed.effects) == ("manifest", (CloseOut(4, YAMATO.code),))


def test_close_to_load_when_there_is_more() -> None:
    for no in (key("2"), command("back")):
        assert (ship(CLOSING, no).at, ship(CLOSING, no).effects) == ("load", ())


def test_close_to_close_when_it_is_no_answer() -> None:
    asked = ship(CLOSING, parcel("P9-1", 9))
    assert (asked.at, asked.evidence, asked.effects) == ("close", ("1 / 2", "P9-1"), ())
    assert ship(CLOSING, other("yes")).refused


def test_load_to_list_and_back() -> None:
    listed = ship(LOADING, command("list"))
    prompt = SHIP.prompt(listed.state, AT_TRUCK, "ja")
    assert (prompt.step, prompt.lines) == ("list", ("P9-1", "P8-1"))
    for leave in ("list", "back"):
        assert SHIP.prompt(ship(listed.state, command(leave)).state, AT_TRUCK, "ja").step == "load"
    assert ship(listed.state, parcel("P9-1", 9)).effects == (Load(4, 9),)


def test_pickups_are_named_in_the_reader_s_language() -> None:
    other_carrier = Pickup(6, "M-X", "pony", "19:00", 0, 0)
    prompt = SHIP.prompt(State(), Facts((YAMATO, other_carrier)), "ja")
    assert [option.label for option in prompt.options][:2] == ["ヤマト運輸 17:00", "pony 19:00"]


# Cages and counts

CAGE = State(at="cage", manifest=4)
FILLING = State(at="fill", manifest=4, cage="CAGE-1")
COUNTING = State(at="count", manifest=4)


def test_load_to_load_with_a_whole_cage() -> None:
    loaded = ship(LOADING, tote("CAGE-1"))
    assert (loaded.at, loaded.effects) == ("load", (LoadCage(4, "CAGE-1"),))


def test_load_to_cage() -> None:
    for seen in (key("1"), command("1")):
        assert ship(LOADING, seen).at == "cage"


def test_cage_to_fill_when_it_was_scanned() -> None:
    filling = ship(CAGE, tote("CAGE-1"))
    assert (filling.at, filling.state.cage, filling.effects) == (
        "fill", "CAGE-1", (UseCage("CAGE-1"),),
    )  # fmt: skip


def test_cage_to_cage_with_anything_else() -> None:
    wrong = ship(CAGE, parcel("P9-1", 9))
    assert (wrong.at, wrong.code, wrong.evidence) == ("cage", "ship.wrong_cage", ("CAGE", "P9-1"))
    assert ship(CAGE, command("undo")).code == "key.not_now"


def test_cage_to_load_by_back() -> None:
    assert ship(CAGE, command("back")).at == "load"


def test_fill_to_fill_with_one_more_parcel() -> None:
    one = ship(FILLING, parcel("P9-1", 9))
    assert (one.at, one.effects) == ("fill", (Fill(4, "CAGE-1", 9),))
    facts = Facts((YAMATO, SAGAWA), behind=("P9-1",), inside=12)
    assert SHIP.prompt(FILLING, facts, "en").lines == ("CAGE-1: 12",)


def test_fill_to_fill_when_it_is_no_parcel() -> None:
    wrong = ship(FILLING, item(TEA))
    assert (wrong.at, wrong.code, wrong.effects) == ("fill", "ship.wrong_parcel", ())
    several = Seen("tracking", "2624", code="2624", id=0)
    assert ship(FILLING, several).code == "ship.which_parcel"
    assert ship(FILLING, command("undo")).code == "key.not_now"


def test_fill_to_load_by_back_and_full() -> None:
    for name in ("back", "full"):
        done = ship(FILLING, command(name))
        assert (done.at, done.state.cage) == ("load", "")


def test_load_to_count() -> None:
    assert ship(LOADING, key("2")).at == "count"


def test_count_to_load_when_all_were_counted() -> None:
    counted = ship(COUNTING, key("17"))
    assert (counted.at, counted.effects) == ("load", (LoadCounted(4, 17),))


def test_count_to_count_when_it_is_no_number() -> None:
    for seen, read in ((key("0"), "0"), (parcel("P9-1", 9), "P9-1")):
        wrong = ship(COUNTING, seen)
        assert (wrong.at, wrong.code, wrong.evidence) == ("count", "ship.wrong_count", ("1", read))


def test_count_to_load_by_back() -> None:
    assert ship(COUNTING, command("back")).at == "load"
