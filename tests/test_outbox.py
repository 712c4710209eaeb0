"""The rows behind webhooks: who hears of what, in which order, and what a refusal holds back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, func, select, text

from sync import outbox
from sync.feed_doors import Replay, list_webhooks, replay
from sync.outbox import Endpoint
from sync.webhooks import Fate, Outgoing, Tried
from tests.feed_site import event_count, ship
from tests.picking_site import Site, site_at
from wms.errors import Code, Rejected
from wms.schema import deliveries, endpoints
from wms.upkeep import incarnation

OMS = Endpoint(name="oms", url="https://oms.example/a", secret="env:OMS")


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with site_at(database_url) as site:
        site.write(incarnation.ensure, b"\x01" * 8)
        site.write(outbox.configure, [OMS])
        site.put("A-01", "PEN", 500)
        yield site


def due(site: Site, flying: tuple[Outgoing, ...] = (), concurrency: int = 100) -> list[Outgoing]:
    return site.read(outbox.due, now=site.now, flying=flying, concurrency=concurrency)


def settle(site: Site, sent: list[Outgoing], fate: Fate, delay_ms: int = 5_000) -> None:
    tried = [
        Tried(
            delivery=one.delivery, endpoint=one.endpoint, name=one.name, fate=fate,
            attempts=one.attempts + 1, delay_ms=delay_ms, error="" if fate == "delivered" else "no",
        )
        for one in sent
    ]  # fmt: skip
    site.write(outbox.settle, tried, now=site.now)


def kinds(sent: list[Outgoing]) -> list[str]:
    return [json.loads(one.body)["type"] for one in sent]


def subject(one: Outgoing) -> str:
    return str(json.loads(one.body)["subject"])


def test_every_event_of_orders_and_parcels_becomes_one_delivery_once(site: Site) -> None:
    order = site.order(("PEN", 2))
    site.release([order])
    ship(site, order)
    assert site.write(outbox.collect, now=site.now) > event_count(site), "it reads all kinds"
    assert site.write(outbox.collect, now=site.now) == 0
    assert site.scalar(select(func.count()).select_from(deliveries)) == event_count(site)
    assert site.read(outbox.lag) == event_count(site)


def test_lag_counts_what_was_not_even_read(site: Site) -> None:
    site.order(("PEN", 2))
    assert site.read(outbox.lag) == 1
    assert site.read(outbox.is_work, now=site.now, flying=(), concurrency=8)
    site.write(outbox.collect, now=site.now)
    settle(site, due(site), "delivered")
    assert site.read(outbox.lag) == 0
    assert not site.read(outbox.is_work, now=site.now, flying=(), concurrency=8)


def test_events_that_nobody_wants_are_not_worth_a_write_each(site: Site) -> None:
    site.put("A-02", "CUP", 5)
    assert not site.read(outbox.is_work, now=site.now, flying=(), concurrency=8)
    for _ in range(outbox.UNWANTED_MAX):
        site.put("A-02", "CUP", 1)
    assert site.read(outbox.is_work, now=site.now, flying=(), concurrency=8)
    site.write(outbox.collect, now=site.now)
    assert not site.read(outbox.is_work, now=site.now, flying=(), concurrency=8)


def test_owners_and_kinds_choose_who_hears(site: Site) -> None:
    site.write(outbox.configure, [
        OMS, Endpoint(name="acme", url="https://a", secret="s", owner="acme"),
        Endpoint(name="other", url="https://b", secret="s", owner="someone else"),
        Endpoint(name="waves", url="https://c", secret="s", kinds=("wave.released",)),
    ])  # fmt: skip
    site.release([site.order(("PEN", 2))])
    site.write(outbox.collect, now=site.now)
    heard: dict[str, set[str]] = {}
    for one in due(site):
        heard.setdefault(one.name, set()).update(kinds([one]))
    assert heard == {
        "oms": {"order.accepted"}, "acme": {"order.accepted"}, "waves": {"wave.released"}
    }  # fmt: skip


def test_the_next_event_of_an_order_waits_for_the_one_before(site: Site) -> None:
    orders = [site.order(("PEN", 2)) for _ in range(2)]
    site.release(orders)
    site.write(outbox.collect, now=site.now)
    first = due(site)
    assert kinds(first) == ["order.accepted", "order.accepted"]
    assert due(site, flying=tuple(first)) == [], "what is under way is not sent twice"
    settle(site, first[:1], "delivered")
    settle(site, first[1:], "retry")
    assert kinds(due(site)) == ["order.released"]
    assert subject(due(site)[0]) == subject(first[0])
    site.now += 5_000
    assert sorted(kinds(due(site))) == ["order.accepted", "order.released"]
    assert {one.webhook_id for one in due(site)} >= {first[1].webhook_id}, "under the same id"


def test_poison_parks_its_own_order_and_nothing_else(site: Site) -> None:
    orders = [site.order(("PEN", 2)) for _ in range(2)]
    site.release(orders)
    site.write(outbox.collect, now=site.now)
    first = due(site)
    settle(site, first[:1], "parked")
    settle(site, first[1:], "delivered")
    site.now += 10**9
    assert [subject(one) for one in due(site)] == [subject(first[1])]
    settle(site, due(site), "delivered")
    assert due(site) == []
    assert site.read(outbox.lag) == 2
    assert site.write(outbox.replay, now=site.now) == 1
    again = due(site)
    assert [(one.webhook_id, one.attempts) for one in again] == [(first[0].webhook_id, 0)]
    settle(site, again, "delivered")
    assert kinds(due(site)) == ["order.released"]


def test_an_endpoint_rests_after_five_failures_and_is_tried_with_one(site: Site) -> None:
    site.orders([[("PEN", 2)]] * 8)
    site.write(outbox.collect, now=site.now)
    for sent in due(site)[:5]:
        settle(site, [sent], "retry", delay_ms=60_000)
    assert due(site) == [], "it rests"
    site.now += 10_000
    trial = due(site)
    assert len(trial) == 1
    assert due(site, flying=tuple(trial)) == []
    settle(site, trial, "retry", delay_ms=60_000)
    site.now += 10_000
    assert due(site) == [], "twice as long"
    site.now += 10_000
    settle(site, due(site), "delivered")
    waiting = due(site)
    assert len(waiting) == 7, "all that waited for another attempt are due at once"


def test_failures_that_were_under_way_count_once(site: Site) -> None:
    site.orders([[("PEN", 2)]] * 30)
    site.write(outbox.collect, now=site.now)
    settle(site, due(site), "retry")
    row = site.rows(select(endpoints))[0]
    assert (row.failures, row.paused_until_ms - site.now) == (5, 10_000)


def test_410_is_the_end_until_somebody_asks_for_more(site: Site) -> None:
    site.orders([[("PEN", 2)]] * 3)
    site.write(outbox.collect, now=site.now)
    sent = due(site)
    settle(site, sent[:1], "gone")
    settle(site, sent[1:2], "delivered")
    site.now += 10**10
    assert due(site) == []
    site.write(outbox.configure, [OMS])
    assert due(site) == [], "a restart does not bring it back"
    site.write(outbox.replay, now=site.now, endpoint="other")
    assert due(site) == []
    site.write(outbox.replay, now=site.now, endpoint="oms")
    assert len(due(site)) == 2


def test_under_a_new_url_an_endpoint_goes_on_where_it_was(site: Site) -> None:
    site.order(("PEN", 2))
    site.write(outbox.collect, now=site.now)
    moved = Endpoint(name="oms", url="https://oms.example/b", secret="env:NEW")
    site.write(outbox.configure, [moved])
    assert [(one.url, one.secret) for one in due(site)] == [("https://oms.example/b", "env:NEW")]
    site.write(outbox.configure, [])
    assert due(site) == []
    site.order(("PEN", 2))
    site.write(outbox.collect, now=site.now)
    site.write(outbox.configure, [OMS])
    assert len(due(site)) == 1, "it did not hear what happened while it was not configured"


def test_no_event_carries_a_tracking_number_before_its_label_was_scanned(site: Site) -> None:
    order = site.order(("PEN", 2))
    site.release([order])
    number = ship(site, order)
    site.write(outbox.collect, now=site.now)
    told: list[tuple[str, bool, int]] = []
    while sent := due(site):
        assert len(sent) == 1
        body = sent[0].body.decode()
        told.append((kinds(sent)[0], number in body, json.loads(body)["data"]["seq"]))
        assert "山田" not in body and "090" not in body and "千代田" not in body
        settle(site, sent, "delivered")
    assert [seq for _, _, seq in told] == list(range(1, len(told) + 1))
    assert {kind for kind, has_number, _ in told if has_number} == {
        "parcel.inspected", "order.shipped",
    }  # fmt: skip
    names = [kind for kind, _, _ in told]
    assert names.index("parcel.labelled") < names.index("parcel.inspected")
    assert names[-1] == "order.shipped"


def test_an_unknown_endpoint_is_not_replayed_in_silence(site: Site) -> None:
    with pytest.raises(Rejected) as refused:
        site.write(replay, Replay(endpoint="nobody"), actor="cli", device="cli", now=site.now)
    assert refused.value.code == Code.REFERENCE_UNKNOWN
    site.order(("PEN", 2))
    site.write(outbox.collect, now=site.now)
    settle(site, due(site), "parked")
    found = site.read(list_webhooks, now=site.now)
    assert [(one.name, one.state, one.parked) for one in found.endpoints] == [("oms", "on", 1)]
    assert [(one.about, one.kind, one.error) for one in found.parked] == [
        ("O0000001", "order.accepted", "no")
    ]
    done = site.write(replay, Replay(endpoint="oms"), actor="cli", device="cli", now=site.now)
    assert done.count == 1


def test_what_is_due_is_found_by_an_index_however_long_the_history(site: Site) -> None:
    site.orders([[("PEN", 2)]] * 40)
    site.write(outbox.collect, now=site.now)
    if not site.book.is_sqlite:
        return  # the planner of PostgreSQL decides by the size of the table
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "earlier" in statement:
            sent.append(statement)
            plans.append([parameters])

    plans: list[list[Any]] = []
    event.listen(site.book.reading, "before_cursor_execute", note)
    due(site)
    event.remove(site.book.reading, "before_cursor_execute", note)
    with site.book.reading.connect() as tx:
        plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent[0]}", plans[0][0]).all()
        tx.execute(text("ROLLBACK"))
    words = " ".join(str(row[-1]) for row in plan)
    assert "ix_deliveries_endpoint_id_state_next_ms" in words
    assert "ix_deliveries_endpoint_id_aggregate_state" in words
    assert "SCAN deliveries" not in words
    assert "SCAN earlier" not in words
