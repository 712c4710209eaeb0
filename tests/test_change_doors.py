"""Cancel, change and hold over the API and the command line: the OMS always hears which."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.api_site import Api, api
from tests.intake_site import order_body
from wms.schema import commands, versions
from wms.schema import orders as orders_table


@pytest.fixture
def site(database_url: str) -> Iterator[Api]:
    with api(database_url) as made:
        yield made


@pytest.fixture
def one(sqlite_url: str) -> Iterator[Api]:
    with api(sqlite_url) as made:
        yield made


def ask(site: Api, path: str, headers: dict[str, str], **body: Any) -> Any:
    return site.client.post(f"/v1/orders/{path}", json=body, headers=headers)


def count(site: Api, query: Any) -> int:
    return int(site.book.read_now(lambda tx: tx.scalar(query)) or 0)


def test_a_cancel_is_answered_and_told(site: Api) -> None:
    partner = site.headers("orders:write", "orders:read", "events:read")
    made = site.client.post("/v1/orders", json=order_body(), headers=partner).json()
    first = ask(site, "E-1/cancel", partner, reason="customer")
    assert first.status_code == 200
    assert first.json() == {
        "owner": "A", "external_id": "E-1", "outcome": "cancelled", "stage": "waiting",
        "order_id": made["order_id"], "code": made["code"], "put_back": [], "search": [],
        "returning": "", "new": True,
    }  # fmt: skip
    again = ask(site, "E-1/cancel", partner)
    assert again.json() == {**first.json(), "stage": "cancelled", "new": False}
    told = site.client.get("/v1/events", headers=partner).json()["events"]
    (event,) = [one for one in told if one["kind"] == "order.cancelled"]
    assert (event["data"]["reason"], event["data"]["stage"]) == ("customer", "waiting")
    view = site.client.get("/v1/orders/E-1", headers=partner).json()
    assert (view["state"], view["lines"][0]["cancelled"]) == ("cancelled", 1)


def test_a_cancel_that_comes_before_its_order_is_remembered(site: Api) -> None:
    partner = site.headers("orders:write", owner="A")
    early = ask(site, "E-9/cancel", partner)
    assert (early.status_code, early.json()["stage"]) == (200, "before")
    made = site.client.post("/v1/orders", json=order_body("E-9"), headers=partner)
    assert (made.json()["state"], made.json()["state_reason"]) == (
        "cancelled", "order.cancelled_before",
    )  # fmt: skip
    assert ask(site, "E-9/cancel", partner).json()["new"] is False


def test_who_does_not_say_whose_order_it_is_cannot_cancel_the_unknown(one: Api) -> None:
    anybody = one.headers("orders:write")
    missing = ask(one, "E-9/cancel", anybody)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "order.unknown")
    strange = one.client.post("/v1/orders/E-9/cancel?owner=ZZ", json={}, headers=anybody)
    assert strange.json()["error"]["code"] == "reference.unknown"
    lines = ask(one, "E-9/cancel", one.headers("orders:write", owner="A"),
                lines=[{"line_no": 1, "qty": 0}])  # fmt: skip
    assert lines.status_code == 404
    assert count(one, select(func.count()).select_from(versions)) == 0


def test_another_owner_s_order_is_out_of_reach(one: Api) -> None:
    site_wide = one.headers("orders:write")
    one.client.post("/v1/orders", json=order_body(), headers=site_wide)
    stranger = one.headers("orders:write", owner="B")
    for verb in ("change", "hold", "release"):
        assert ask(one, f"E-1/{verb}", stranger).status_code == 404
    assert ask(one, "E-1/cancel", stranger).json()["stage"] == "before", "of an id of its own"
    assert ask(one, "E-1/cancel", one.headers("orders:read")).status_code == 403
    state = select(orders_table.c.state)
    assert one.book.read_now(lambda tx: tx.scalar(state)) == "accepted"


def test_lines_say_how_many_are_wanted(one: Api) -> None:
    partner = one.headers("orders:write")
    body = order_body()
    body["lines"] = [{"sku": "TEA", "qty": 3}]
    one.client.post("/v1/orders", json=body, headers=partner)
    less = [{"line_no": 1, "qty": 2}]
    answer = ask(one, "E-1/cancel", partner, lines=less).json()
    assert (answer["outcome"], answer["new"]) == ("changed", True)
    assert ask(one, "E-1/cancel", partner, lines=less).json()["new"] is False
    more = ask(one, "E-1/cancel", partner, lines=[{"line_no": 1, "qty": 9}])
    assert (more.status_code, more.json()["error"]["code"]) == (422, "line.grows")
    twice = ask(one, "E-1/cancel", partner, lines=[*less, *less])
    assert twice.json()["error"]["code"] == "row.twice"


def test_a_change_a_hold_and_a_release(one: Api) -> None:
    partner = one.headers("orders:write", "orders:read")
    one.client.post("/v1/orders", json=order_body(), headers=partner)
    changed = ask(one, "E-1/change", partner, notes="ring twice").json()
    assert (changed["outcome"], changed["fields"]) == ("changed", ["notes"])
    assert ask(one, "E-1/change", partner, colour="red").status_code == 400
    held = ask(one, "E-1/hold", partner, reason="fraud?").json()
    assert (held["state"], held["before_hold"]) == ("held", "accepted")
    listed = one.client.get("/v1/orders?state=held", headers=partner).json()["orders"]
    assert [(row["external_id"], row["state_reason"]) for row in listed] == [("E-1", "fraud?")]
    assert "recipient" not in listed[0]
    assert ask(one, "E-1/release", partner).json()["state"] == "accepted"
    assert one.client.get("/v1/orders?state=held", headers=partner).json() == {"orders": []}


def test_i14_each_is_on_the_record_without_personal_data(one: Api) -> None:
    partner = one.headers("orders:write")
    one.client.post("/v1/orders", json=order_body(), headers=partner)
    ask(one, "E-1/change", partner, notes="山田さんの家の裏")
    ask(one, "E-1/hold", partner)
    ask(one, "E-1/hold", partner)
    ask(one, "E-1/release", partner)
    ask(one, "E-1/cancel", partner)
    rows = one.book.read_now(lambda tx: tx.execute(select(commands).order_by(commands.c.id)).all())
    assert [row.name for row in rows] == [
        "orders.accept", "orders.change", "orders.hold", "orders.release", "orders.cancel",
    ]  # fmt: skip
    assert "山田" not in "".join(row.body for row in rows)
