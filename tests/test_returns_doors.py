"""Returns through the doors: announced once each, seen by their owner alone, and decided once."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from sync import files
from sync.files import DryRun, Report
from tests.api_site import Api, Clock, api, application
from tests.intake_site import NOW
from tests.picking_site import SOMEONE
from tests.returns_site import RITA, SHELF, ReturnsSite, returns_at
from tests.test_photos import JPEG
from wms.papers import photos
from wms.returns import cases, closing
from wms.schema import commands
from wms.schema import returns as returns_table
from wms.upkeep import incarnation

SCOPE = "returns:write"
BODY: dict[str, Any] = {
    "owner": "A", "external_id": "RMA-1", "reason": "サイズ違い",
    "lines": [{"sku": "TEA", "qty": 2}],
}  # fmt: skip
HEAD = "荷主,返品番号,返品区分,受注番号,商品コード,数量,シリアル,交換商品コード,返品理由\n"


@pytest.fixture
def door(sqlite_url: str) -> Iterator[Api]:
    with api(sqlite_url) as site:
        yield site


@pytest.fixture
def shipped(sqlite_url: str) -> Iterator[tuple[ReturnsSite, Api]]:
    """A site whose goods have left, and a door to it."""
    with returns_at(sqlite_url) as site:
        clock = Clock(site.now)
        site.write(incarnation.ensure, bytes(8))
        app = application(site.book, clock)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield site, Api(site.book, clock, app, client)
        site.check()


def test_an_rma_is_announced_seen_listed_and_cancelled(door: Api) -> None:
    headers = door.headers(SCOPE, owner="A")
    first = door.client.post("/v1/returns", json=BODY, headers=headers)
    again = door.client.post("/v1/returns", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert again.json() == {**first.json(), "new": False}
    other = {**BODY, "lines": [{"sku": "TEA", "qty": 3}]}
    refused = door.client.post("/v1/returns", json=other, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "key.reused")
    for name in ("RMA-1", "R0000001", "1"):
        seen = door.client.get(f"/v1/returns/{name}", headers=headers).json()
        assert (seen["state"], seen["kind"], seen["units"]) == ("announced", "return", [])
    listed = door.client.get("/v1/returns?state=announced&limit=1", headers=headers).json()
    assert ([one["code"] for one in listed["returns"]], listed["next"]) == (["R0000001"], "1")
    assert door.client.get("/v1/returns?state=lost", headers=headers).status_code == 400
    wrong = door.client.post(
        "/v1/returns/RMA-1/decision", json={"decision": "reship"}, headers=headers
    )
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (409, "return.state")
    for _ in range(2):
        gone = door.client.post(
            "/v1/returns/RMA-1/decision", json={"decision": "cancel"}, headers=headers
        )
        assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    names = door.book.read_now(lambda tx: list(tx.scalars(select(commands.c.name))))
    assert names == ["returns.announce", "returns.cancel"]


def test_an_owner_s_token_sees_only_its_own(door: Api) -> None:
    assert door.client.post("/v1/returns", json=BODY, headers=door.headers(SCOPE)).is_success
    theirs = door.headers(SCOPE, owner="B")
    assert door.client.post("/v1/returns", json=BODY, headers=theirs).status_code == 403
    assert door.client.get("/v1/returns/RMA-1", headers=theirs).status_code == 404
    assert door.client.get("/v1/returns", headers=theirs).json()["returns"] == []
    assert door.client.get("/v1/returns/RMA-1/photos/1", headers=theirs).status_code == 404
    decided = door.client.post(
        "/v1/returns/RMA-1/decision", json={"decision": "cancel"}, headers=theirs
    )
    assert decided.status_code == 404
    reader = door.headers("orders:read")
    assert door.client.get("/v1/returns", headers=reader).status_code == 403


def test_a_file_of_returns_is_taken_whole_or_not_at_all(door: Api) -> None:
    def bring_in(text: str, *, dry_run: bool = False) -> Report:
        parsed = files.read("returns", (HEAD + text).encode("cp932"), "rma.csv")
        try:
            return door.book.write_now(
                files.bring_in, parsed, dry_run=dry_run, language="ja", actor="cli",
                device="cli", now=NOW,
            )  # fmt: skip
        except DryRun as done:
            return done.report

    good = "A,RMA-1,返品,,TEA,1,,,サイズ違い\nA,RMA-1,,,CUP,2,,,\nA,RMA-2,,,TEA,1,SN-1,,\n"
    assert bring_in(good, dry_run=True).new == 2
    assert (bring_in(good).new, bring_in(good).same) == (2, 2)
    bad = bring_in("A,RMA-3,交換,,TEA,1,,,\nA,RMA-4,,,NONE,0,,,\n")
    assert bad.fault_count == 3 or bad.fault_count == 2
    assert {fault.row for fault in bad.faults} == {2, 3}
    count = select(func.count()).select_from(returns_table)
    assert door.book.read_now(lambda tx: tx.scalar(count)) == 2


def test_an_owner_sees_the_picture_and_decides_once(shipped: tuple[ReturnsSite, Api]) -> None:
    site, door = shipped
    (box,) = site.ship((("TEA", 2), ("CUP", 1)))
    number = site.arrive(parcel=box.id)
    site.write(cases.undelivered, number, place=SHELF, key="back", actor="person:6", now=site.now)
    kept = site.write(
        photos.keep, key="p1", ref=f"return:{number}", type="", image=JPEG, person=RITA,
        now=site.now,
    )  # fmt: skip
    headers = door.headers(SCOPE, owner="acme")
    seen = door.client.get(f"/v1/returns/R{number:07d}", headers=headers).json()
    assert (seen["kind"], seen["state"], seen["photos"]) == ("undelivered", "arrived", [kept])
    picture = door.client.get(f"/v1/returns/{number}/photos/{kept}", headers=headers)
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert door.client.get(f"/v1/returns/{number}/photos/99", headers=headers).status_code == 422
    path = f"/v1/returns/{number}/decision"
    for _ in range(3):
        decided = door.client.post(path, json={"decision": "reship"}, headers=headers)
        assert (decided.status_code, decided.json()["decision"]) == (200, "reship")
    other = door.client.post(path, json={"decision": "cancel"}, headers=headers)
    assert (other.status_code, site.told("return.decided")) == (409, 1)
    names = site.rows(select(commands.c.name).where(commands.c.name.like("returns.%")))
    assert [row.name for row in names] == ["returns.reship"]


def test_goods_are_sent_back_to_their_own_owner_alone(shipped: tuple[ReturnsSite, Api]) -> None:
    site, door = shipped
    (box,) = site.ship((("TEA", 2), ("CUP", 1)))
    number = site.arrive(parcel=box.id)
    site.grade(number, "TEA", "C", "to_owner", place=SHELF)
    site.write(closing.close, number, person=RITA, key="end", actor="person:6", now=site.now)
    body = {
        "owner": "acme", "shop": "acme-shop", "external_id": "BACK-1", "service": "yamato",
        "recipient": msgspec.to_builtins(SOMEONE),
    }  # fmt: skip
    path = "/v1/returns/to-owner"
    theirs = door.headers(SCOPE, owner="bloom")
    assert door.client.post(path, json=body, headers=theirs).status_code == 403
    headers = door.headers(SCOPE, owner="acme")
    sent = [door.client.post(path, json=body, headers=headers) for _ in range(2)]
    assert [one.status_code for one in sent] == [201, 200]
    assert sent[1].json() == {**sent[0].json(), "new": False}
    nothing = door.client.post(path, json={**body, "external_id": "BACK-2"}, headers=headers)
    assert nothing.json()["error"]["code"] == "return.nothing"
