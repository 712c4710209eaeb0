"""Whoever works for some owners only has nothing to do with the goods of others, whatever the work.

Receiving, putting away, picking, packing, loading, counting and returns have this beside their own
tests; here is the work in which it is easily forgotten.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.floor_site import CAROL, FloorSite, floor_at, refused
from tests.picking_site import BERT
from tests.test_cancel import do_cancel, dropped
from tests.test_floor_work import add_set, released
from tests.test_floor_zones import CUP, batched
from wms.db import Tx
from wms.errors import Code
from wms.people import roles
from wms.schema import owners, people


@pytest.fixture
def site(new_sqlite: Callable[[], str]) -> Iterator[FloorSite]:
    with floor_at(new_sqlite()) as site:
        site.stock_up()
        site.add(owners, {"code": "beta"})
        yield site
        site.check()


def limit(site: FloorSite, person: int, verb: str, *more: str) -> None:
    """From now on *person* may do *verb* for beta's goods only; all goods here are acme's."""

    def grant(tx: Tx) -> None:
        words = str(list(more)).replace("'", '"')
        tx.execute(people.update().where(people.c.id == person).values(permissions=words))
        roles.put(tx, code=f"beta_{verb}", permissions=(verb,))
        roles.grant(tx, person=f"P{person}", what=f"beta_{verb}", owner="beta")

    site.write(grant)


def test_work_of_another_owner_is_neither_shown_nor_begun(site: FloorSite) -> None:
    site.write(add_set)
    released(site, "kit")
    limit(site, BERT, "work")
    hand = site.signed_in("HT-02", BERT, work="work")
    assert hand.prompt.lines == ()
    assert hand.key("1").prompt.step == "get"


def test_work_in_hand_stops_when_the_right_is_taken_away(site: FloorSite) -> None:
    site.write(add_set)
    released(site, "kit")
    site.set(people, people.c.id == BERT, permissions='["work"]')
    hand = site.signed_in("HT-02", BERT, work="work")
    hand.expect("work.tote", "1", "key")
    for text in ("T-01", "A-01"):
        assert hand.scan(text).fate == "applied"
    limit(site, BERT, "work")
    for _ in range(6):
        hand.scan("TEA")
    refused(hand.scan("T-01"), Code.PERMISSION_MISSING)


def test_another_owner_s_goods_are_not_sorted(site: FloorSite) -> None:
    hand = batched(site)
    limit(site, CAROL, "sort")
    refused(hand.scan(CUP), Code.PERMISSION_MISSING)


def test_another_owner_s_goods_are_not_put_back(site: FloorSite) -> None:
    do_cancel(site, dropped(site))
    limit(site, BERT, "task")
    hand = site.signed_in("HT-02", BERT, work="task")
    assert hand.key("1").prompt.step == "get", "there is nothing for him"
    site.set(people, people.c.id == BERT, permissions='["task"]')
    hand.expect("task.tote", "1", "key")
    hand.expect("task.item", "T-01")
    limit(site, BERT, "task")
    hand.expect("task.shelf", CUP)
    refused(hand.scan("B-02"), Code.PERMISSION_MISSING)
