"""The ledger's promises one by one: keys, serial numbers, parts of promises, containers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.ledger_site import ACTOR, NOON, PEN, RADIO
from tests.ledger_world import World, world_at
from wms import stock
from wms.errors import Code, Rejected
from wms.promises import allocation
from wms.schema import allocations, moves
from wms.stock import REGRADE, SUPPLIER, Move

IN = Move(key="in", item=PEN, qty=5, source=SUPPLIER, target="A-1")


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with world_at(database_url) as world:
        yield world


def post(world: World, *lines: Move) -> int:
    return world.book.write_now(stock.post, lines, actor=ACTOR, now=NOON)


def refused(code: Code, command: Any, *args: Any, **named: Any) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        command(*args, **named)
    assert refusal.value.code == code
    return refusal.value


def rows(world: World, query: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in world.book.read_now(lambda tx: list(tx.execute(query)))]


# Keys


def test_the_same_key_and_content_again_has_no_effect(world: World) -> None:
    assert post(world, IN) == 1
    assert post(world, IN) == 0
    assert post(world, replace(IN, reason="said differently", ref="scan:2")) == 0
    assert rows(world, select(moves.c.key, moves.c.qty)) == [("in", 5)]


@pytest.mark.parametrize(
    "other",
    [
        {"qty": 6}, {"item": RADIO}, {"target": "A-2"}, {"source": "DOCK"}, {"lot": "x"},
        {"condition": "damaged"}, {"serial": "S9"},
    ],
    ids=str,
)  # fmt: skip
def test_the_same_key_with_other_content_is_refused(other: dict[str, Any], world: World) -> None:
    post(world, IN)
    refusal = refused(Code.KEY_REUSED, post, world, replace(IN, **other))
    assert refusal.params == {"key": "in"}
    assert rows(world, select(moves.c.key, moves.c.qty)) == [("in", 5)]


def test_a_post_is_booked_whole_or_not_at_all(world: World) -> None:
    post(world, IN)
    new = Move(key="new", item=PEN, qty=1, source=SUPPLIER, target="A-2")
    refused(Code.KEY_REUSED, post, world, new, replace(IN, qty=9))
    too_much = Move(key="x", item=PEN, qty=6, source="A-1", target="A-2")
    refused(Code.STOCK_SHORT, post, world, new, too_much)
    assert rows(world, select(moves.c.key)) == [("in",)]
    assert post(world, new, IN) == 1, "what is known is passed over, the rest is booked"


def test_a_regrade_again_has_no_effect_and_its_halves_have_keys(world: World) -> None:
    post(world, IN)
    line = Move(key="bad", item=PEN, qty=2, source="A-1", target=REGRADE)
    named: dict[str, Any] = {"condition": "damaged", "actor": ACTOR, "now": NOON}
    assert world.book.write_now(stock.regrade, line, **named) is True
    assert world.book.write_now(stock.regrade, line, **named) is False
    refused(Code.KEY_REUSED, world.book.write_now, stock.regrade, line,
            **{**named, "condition": "quarantine"})  # fmt: skip
    refused(Code.KEY_REUSED, post, world, replace(IN, key="bad:back"))


def test_goods_and_containers_share_their_keys(world: World) -> None:
    post(world, IN)
    way: dict[str, Any] = {
        "container": "T-1",
        "source": "DOCK",
        "target": "BENCH",
        "actor": ACTOR,
        "now": NOON,
    }
    refused(Code.KEY_REUSED, world.book.write_now, stock.relocate, key="in", **way)
    assert world.book.write_now(stock.relocate, key="way", **way) is True
    refused(Code.KEY_REUSED, post, world, replace(IN, key="way"))
    refused(Code.KEY_REUSED, world.book.write_now, stock.relocate, key="way",
            **{**way, "source": "BENCH", "target": "C-1"})  # fmt: skip
    assert world.book.write_now(stock.relocate, key="way", **way) is False


@pytest.mark.parametrize("key", ["'; DROP TABLE moves; --", "%s", ":key", "鍵\u202e", "k" * 5_000])
def test_keys_are_text_and_nothing_else(key: str, world: World) -> None:
    line = replace(IN, key=key)
    assert (post(world, line), post(world, line)) == (1, 0)
    assert rows(world, select(moves.c.key)) == [(key,)]


# Promises


@pytest.fixture
def promised(world: World) -> int:
    """An allocation of five pens at A-1."""
    world.receive("A-1", PEN, "", "", 5)
    world.order((PEN, 5))
    world.allocate()
    return max(world.held)


def live(world: World) -> list[tuple[Any, ...]]:
    columns = (allocations.c.state, allocations.c.place, allocations.c.qty)
    return rows(world, select(*columns).where(allocations.c.state != "released").order_by("id"))


def test_the_same_pick_again_is_the_same_pick(world: World, promised: int) -> None:
    world.pick(promised, 2, "T-1", key="scan")
    (key, _, _, _, part), *_ = world.picks
    again: dict[str, Any] = {"to": "T-1", "key": key, "actor": ACTOR, "now": NOON}
    assert world.book.write_now(allocation.pick, promised, qty=2, **again) == part
    assert live(world) == [("open", "A-1", 3), ("picked", "T-1", 2)]
    for other in ({"qty": 1}, {"qty": 2, "to": "T-2"}):
        refused(Code.KEY_REUSED, world.book.write_now, allocation.pick, promised,
                **{**again, **other})  # fmt: skip
    world.check()


def test_an_undone_part_joins_the_rest_of_its_promise(world: World, promised: int) -> None:
    world.pick(promised, 2, "T-1")
    world.unpick(max(world.held))
    assert live(world) == [("open", "A-1", 5)]
    world.check()


def test_an_undone_part_joins_no_other_promise(world: World, promised: int) -> None:
    """Neither at another place, nor of another line: that would tear promise and goods apart."""
    world.receive("A-1", PEN, "", "", 1)
    world.order((PEN, 1))
    world.allocate()
    other = max(world.held)
    world.pick(promised, 2, "T-1")
    part = max(world.held)
    undo: dict[str, Any] = {"key": "undo", "actor": ACTOR, "now": NOON}
    for rest, place in ((promised, "A-2"), (other, "A-1")):
        refused(Code.ALLOCATION_CLOSED, world.book.write_now, allocation.unpick, part, to=place,
                rest=rest, **undo)  # fmt: skip
    world.check()


def test_more_than_was_promised_cannot_be_picked(world: World, promised: int) -> None:
    refused(Code.ALLOCATION_CLOSED, world.book.write_now, allocation.pick, promised, qty=6,
            to="T-1", key="k", actor=ACTOR, now=NOON)  # fmt: skip
    refused(Code.STOCK_SHORT, post, world,
            Move(key="k", item=PEN, qty=1, source="A-1", target="A-2"))  # fmt: skip
    world.check()


def test_promised_goods_do_not_leave_by_hand(world: World, promised: int) -> None:
    refusal = refused(
        Code.STOCK_SHORT, post, world,
        Move(key="k", item=PEN, qty=1, source="A-1", target=REGRADE),
    )  # fmt: skip
    assert refusal.params == {"place": "A-1", "item": "PEN", "qty": 1, "kind": "free"}


# Serial numbers and containers


def test_a_serial_number_that_is_here_cannot_arrive(world: World) -> None:
    world.receive("A-1", RADIO, "", "S1", 1)
    for place in ("A-1", "A-2"):
        line = Move(key=place, item=RADIO, qty=1, source=SUPPLIER, target=place, serial="S1")
        assert refused(Code.SERIAL_HERE, post, world, line).params["value"] == "S1"
    gone = Move(key="gone", item=RADIO, qty=1, source="A-1", target="@customer", serial="S1")
    post(world, gone)
    post(world, replace(gone, key="back", source="@customer", target="A-2"))


def test_a_serial_number_is_one_unit_whoever_asks(world: World) -> None:
    with pytest.raises(IntegrityError):
        post(world, Move(key="two", item=RADIO, qty=2, source=SUPPLIER, target="A-1", serial="S1"))


def test_nothing_stands_inside_itself(world: World) -> None:
    world.relocate("C-1", "DOCK", "C-2")
    world.relocate("T-1", "DOCK", "C-1")
    for target in ("C-2", "C-1", "T-1"):
        refusal = refused(
            Code.CONTAINER_INSIDE, world.book.write_now, stock.relocate, key=f"in {target}",
            container="C-2", source="DOCK", target=target, actor=ACTOR, now=NOON,
        )  # fmt: skip
        assert refusal.params == {"container": "C-2", "place": target}
    world.check()
