"""A lead's table of decisions: each transition that it lists; and one on the real floor."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from picking.dialogues.approve_short import APPROVE_SHORT, Decide, Facts, State
from picking.dialogues.base import Seen
from picking.shortage import Undecided
from tests.dialogue_table import Move, command, key, move, other
from tests.floor_site import LEA, PIN, FloorSite, floor_at
from tests.picking_site import two_lines
from tests.test_floor_zones import allow
from wms.schema import owners, tasks

SEVEN, EIGHT = Undecided(7, "O7", "acme", 1, 91), Undecided(8, "O8", "acme", 2, 92)
NOTHING, ONE, TWO = Facts(), Facts((SEVEN,)), Facts((SEVEN, EIGHT))


def decide(state: State, seen: Seen, facts: Facts, then: Facts | None = None) -> Move:
    return move(APPROVE_SHORT, state, seen, facts, then)


def test_none_to_none_when_nothing_is_asked() -> None:
    again = decide(State(), key("1"), NOTHING)
    assert (again.at, again.refused) == ("none", False)
    assert decide(State(), other(), NOTHING).evidence == ("1", "what?")


def test_none_to_order_when_one_waits() -> None:
    assert decide(State(), key("1"), NOTHING, ONE).at == "order"


def test_none_to_menu_by_back() -> None:
    assert decide(State(), command("back"), NOTHING).at == "menu"


def test_order_to_order_when_it_was_decided() -> None:
    done = decide(State(), key("2"), TWO, Facts((EIGHT,)))
    assert (done.at, done.effects) == ("order", (Decide(SEVEN, "ship_short"),))
    assert done.state.order == 8
    assert decide(State(), key("4"), TWO).evidence == ("1-3", "4")
    assert decide(State(), command("full"), TWO).code == "key.not_now"


def test_order_to_none_when_that_was_the_last() -> None:
    assert decide(State(), key("3"), ONE, NOTHING).at == "none"


def test_order_to_order_when_it_is_for_later() -> None:
    put_off = decide(State(), command("later"), TWO)
    assert put_off.state.order == 8
    assert decide(put_off.state, command("later"), TWO).state.order == 7


def test_order_to_menu_by_back() -> None:
    assert decide(State(), command("back"), ONE).at == "menu"


@pytest.fixture
def site(new_sqlite: object) -> Iterator[FloorSite]:
    with floor_at(new_sqlite()) as site:  # type: ignore[operator]
        yield site
        site.check()


@pytest.mark.parametrize(
    ("digit", "state"), [("1", "short"), ("2", "released"), ("3", "short")]
)  # fmt: skip
def test_a_lead_decides_from_the_menu(site: FloorSite, digit: str, state: str) -> None:
    site.set(owners, owners.c.code == "acme", short_policy="ask")
    order, tour = two_lines(site)
    assert site.short(tour.id).undecided
    allow(site, LEA, "lead", "approve_short")
    lea = site.at("LEAD-1")
    lea.scan("BADGE:lea")
    lea.key(PIN)
    lea.command("approve_short")
    lea.expect("approve_short.none", digit, "key")
    assert site.state(order) == state
    asked = select(tasks.c.state).where(tasks.c.kind == "decide_short")
    assert site.scalar(asked) == "done"
    site.walk(tour.id)
    site.drop(tour.id)
    assert site.state(order) == {"released": "picked"}.get(state, state)
