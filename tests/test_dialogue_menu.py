"""The menu's table: each transition that it lists."""

from random import Random
from zoneinfo import ZoneInfo

import pytest

from picking.dialogues.base import Station, Who
from picking.dialogues.menu import MENU, Facts, State
from tests.dialogue_table import Move, command, key, move, other, place
from wms.people.staff import Person
from wms.rooms.prompts import Await

ALL = Facts(("pick", "pack", "ship", "task"))


def choose(digit: str, facts: Facts = ALL) -> Move:
    return move(MENU, State(), key(digit), facts)


def test_menu_to_pick_by_its_digit() -> None:
    assert choose("1").at == "pick"
    assert move(MENU, State(), command("1"), ALL).at == "pick"


def test_menu_to_pack_by_its_digit() -> None:
    assert choose("2").at == "pack"


def test_menu_to_ship_by_its_digit() -> None:
    assert choose("3").at == "ship"
    assert choose("1", Facts(("ship",))).at == "ship", "digits are given to what is open"


def test_menu_to_task_by_its_digit() -> None:
    assert choose("4").at == "task"


def test_menu_to_approve_by_the_digit_of_short_orders() -> None:
    assert choose("1", Facts(("approve_short",))).at == "approve_short"


def test_menu_to_sort_by_its_digit() -> None:
    assert choose("1", Facts(("sort",))).at == "sort"


def test_menu_to_putaway_by_its_digit() -> None:
    assert choose("1", Facts(("putaway", "task"))).at == "putaway"


def test_menu_to_move_by_its_digit() -> None:
    assert choose("1", Facts(("move",))).at == "move"


def test_menu_to_replenish_by_its_digit() -> None:
    assert choose("2", Facts(("putaway", "replenish"))).at == "replenish"


def test_menu_to_receive_by_its_digit() -> None:
    assert choose("1", Facts(("receive",))).at == "receive"


def test_menu_to_count_by_its_digit() -> None:
    assert choose("2", Facts(("pick", "count"))).at == "count"


def test_menu_to_work_by_its_digit() -> None:
    assert choose("2", Facts(("pick", "work"))).at == "work"


def test_menu_to_look_by_its_digit_or_by_scanning_anything() -> None:
    assert choose("1", Facts(("look",))).at == "look"
    scanned = move(MENU, State(), place("A-01"), ALL)
    assert (scanned.at, len(scanned.effects)) == ("look", 1), "whoever is signed in may ask"
    aside = move(MENU, State(aside=True), place("A-01"), ALL)
    assert (aside.at, aside.refused) == ("menu", True), "work that goes on elsewhere is not left"


def test_menu_to_returns_by_its_digit() -> None:
    assert choose("2", Facts(("pick", "returns"))).at == "returns"


@pytest.mark.parametrize("digit", ["5", "9", "12"])
def test_menu_to_menu_when_there_is_no_such_digit(digit: str) -> None:
    refused = choose(digit)
    assert (refused.at, refused.evidence) == ("menu", ("0-4", digit))
    assert move(MENU, State(), other("²"), ALL).refused
    assert move(MENU, State(), command("full"), ALL).code == "key.not_now", "no scan was read"


def test_menu_to_menu_by_nine_which_shows_the_next_page() -> None:
    many = Facts(("pick", "pack", "ship", "task", "pick", "ship"))
    second = move(MENU, State(), key("9"), many)
    assert second.state == State(page=1)
    assert move(MENU, State(page=1), key("2"), many).at == "ship", "digits belong to the page"
    assert move(MENU, State(page=1), key("3"), many).evidence == ("0-2, 9", "3")
    assert move(MENU, State(page=1), key("9"), many).state == State(), "and round again"


def test_menu_to_menu_by_back_which_shows_the_first_page() -> None:
    """Whoever leaves a dialogue with F3 presses it once too often: no red screen for that."""
    for page in (0, 1):
        shown = move(MENU, State(page=page, aside=True), command("back"), ALL)
        assert (shown.at, shown.state, shown.refused) == ("menu", State(aside=True), False)


def test_the_pages_of_the_menu_show_everything_once() -> None:
    many = Facts(("pick", "pack", "ship", "task", "pick", "ship"))
    shown = [MENU.prompt(State(page=page), many, "en").options for page in (0, 1, 2)]
    digits = ["".join(o.key for o in options if o.key.isdigit()) for options in shown]
    assert digits == ["123490", "1290", "123490"]


def test_menu_to_badge_by_zero() -> None:
    assert choose("0").at == "sign_off"
    assert move(MENU, State(), command("0"), ALL).at == "sign_off"


def test_the_menu_shows_what_is_open_and_nothing_else() -> None:
    prompt = MENU.prompt(State(), Facts(("ship",)), "en")
    digits = [(option.key, option.label) for option in prompt.options if option.key.isdigit()]
    assert digits == [("1", "Ship"), ("0", "Sign off")]
    assert prompt.awaits == (Await.CHOICE,)


def test_the_work_of_a_bench_stands_first_in_its_menu() -> None:
    may = frozenset(("putaway", "count", "move", "receive", "returns", "work"))
    for kind, first in (("return", "returns"), ("work", "work"), ("", "putaway")):
        station = Station("B-1", kind, "B-1") if kind else None
        who = Who(
            Person(1, "E1", "Aoi", may, "ja", has_pin=False, active=True), "B-1", station, 0,
            "2026-11-22", ZoneInfo("UTC"), Random(1), "k",
        )  # fmt: skip
        found = MENU.facts(None, State(), who).open  # type: ignore[arg-type]
        assert (found[0], sorted(found)) == (first, sorted(may))
