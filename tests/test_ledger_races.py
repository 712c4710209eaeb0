"""Four processes at one ledger: nothing is sold twice, and the same command has one effect."""

from sqlalchemy import func, select

from tests.ledger_racers import (
    into_one_another,
    pick_all,
    same_move,
    same_pick,
    same_way,
    take_free,
)
from tests.ledger_site import PEN
from tests.ledger_world import World, world_at
from tests.racing import RACERS, race
from wms.audit import auditor
from wms.errors import Code
from wms.schema import allocations

FREE, PROMISED = 30, 25  # units that four processes fight for
REPEATS = 8


def promised_at(world: World, place: str, qty: int) -> int:
    """Receive *qty*, and promise all of it to an order. Returns the allocation."""
    world.receive(place, PEN, "", "", qty)
    world.order((PEN, qty))
    world.allocate()
    return max(world.held)


def test_four_processes_get_what_there_is_and_no_more(database_url: str) -> None:
    with world_at(database_url) as world:
        promised = promised_at(world, "A-2", PROMISED)
        world.receive("A-1", PEN, "", "", FREE)
        taken, picked = race(
            database_url, (take_free, "A-1", FREE - 5), (pick_all, promised, PROMISED - 5)
        )
        assert sum(taken) == FREE, taken
        assert sum(picked) == PROMISED, picked
        states = select(allocations.c.state, func.sum(allocations.c.qty)).group_by("state")
        assert world.book.read_now(lambda tx: [tuple(row) for row in tx.execute(states)]) == [
            ("picked", PROMISED)
        ]
        assert world.book.read_now(auditor.full) == []


def test_the_same_command_from_four_processes_has_one_effect(database_url: str) -> None:
    with world_at(database_url) as world:
        promised = promised_at(world, "A-2", REPEATS + 1)
        moved, picked, carried = race(
            database_url, (same_move, REPEATS), (same_pick, promised, REPEATS), (same_way, REPEATS)
        )
        for n in range(REPEATS):
            assert sorted(answers[n] for answers in moved) == [False] * (RACERS - 1) + [True]
            assert sorted(answers[n] for answers in carried) == [False] * (RACERS - 1) + [True]
            assert len({answers[n] for answers in picked}) == 1, "everybody hears the same"
        assert len(set(picked[0])) == REPEATS, "each of them is a part of its own"
        assert world.book.read_now(auditor.full) == []


def test_carts_never_end_up_inside_one_another(database_url: str) -> None:
    with world_at(database_url) as world:
        (answers,) = race(database_url, (into_one_another, 40))
        said = {answer for mine in answers for answer in mine}
        assert True in said
        assert said <= {True, Code.CONTAINER_INSIDE, Code.CONTAINER_ELSEWHERE}
        assert world.book.read_now(auditor.full) == []
