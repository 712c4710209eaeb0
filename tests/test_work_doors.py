"""Value-added work over the API: asked for once, released, cancelled, and by its owner only."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.api_site import Api, api
from wms import stock
from wms.db import Tx
from wms.schema import commands, items
from wms.stock import Move
from wms.storage import places
from wms.work import kits
from wms.work.kits import NewKitLine

SET = {"owner": "A", "external_id": "V-1", "kind": "kit", "sku": "CUP", "qty": 2}


def teas(tx: Tx) -> None:
    """A CUP is a kit of three TEA; five of them are here."""
    places.ensure_outside(tx)
    kits.put(tx, [NewKitLine(owner="A", kit="CUP", component="TEA", qty=3)])
    tea = tx.execute(select(items.c.id).where(items.c.owner == "A", items.c.sku == "TEA"))
    line = Move(key="in", item=tea.scalar_one(), qty=5, source="@supplier", target="A-01")
    stock.post(tx, [line], actor="test", now=0)


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Api]:
    with api(sqlite_url) as made:
        made.book.write_now(teas)
        yield made


def ask(site: Api, path: str, headers: dict[str, str], body: Any) -> Any:
    return site.client.post(f"/v1/work-orders{path}", json=body, headers=headers)


def test_work_is_asked_for_once_released_and_cancelled(site: Api) -> None:
    partner = site.headers("work:write", owner="A")
    first = ask(site, "", partner, {**SET, "qty": 1})
    assert (first.status_code, first.json()["state"], first.json()["code"]) == (
        201, "open", "W0000001",
    )  # fmt: skip
    assert ask(site, "", partner, {**SET, "qty": 1}).status_code == 200
    assert ask(site, "", partner, SET).status_code == 409
    assert ask(site, "/V-1/release", partner, {}).json()["state"] == "released"
    assert ask(site, "/V-1/release", partner, {}).json()["state"] == "released"
    listed = site.client.get("/v1/work-orders", headers=partner).json()["work_orders"]
    assert [(row["external_id"], row["state"]) for row in listed] == [("V-1", "released")]
    assert ask(site, "/V-1/cancel", partner, {}).json()["state"] == "cancelled"
    one = site.client.get("/v1/work-orders/W0000001", headers=partner).json()
    assert (one["state"], one["done"], one["minutes"]) == ("cancelled", 0, 0)
    again = ask(site, "/V-1/release", partner, {})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "work.state")
    rows = site.book.read_now(lambda tx: list(tx.scalars(select(commands.c.name))))
    assert rows == ["work.create", "work.release", "work.cancel"]


def test_missing_materials_are_named(site: Api) -> None:
    partner = site.headers("work:write", owner="A")
    ask(site, "", partner, SET)
    short = ask(site, "/V-1/release", partner, {})
    assert (short.status_code, short.json()["error"]["code"]) == (422, "work.short")
    assert "TEA" in short.json()["error"]["message"]


def test_another_owner_s_work_is_out_of_reach(site: Api) -> None:
    ask(site, "", site.headers("work:write", owner="A"), SET)
    stranger = site.headers("work:write", owner="B")
    assert ask(site, "", stranger, SET).status_code == 403
    assert ask(site, "/V-1/release", stranger, {}).status_code == 404
    assert site.client.get("/v1/work-orders", headers=stranger).json() == {"work_orders": []}
    assert ask(site, "", site.headers("orders:write"), SET).status_code == 403
