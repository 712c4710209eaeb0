"""F48: a name, an address and a telephone number go through a small day, and are found where the
book must have them and nowhere else: no log, no metric, no event, no record, no file that is left.
"""

import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog
from litestar.testing import TestClient
from sqlalchemy import select

from app import logs
from app.http import HttpSettings, make_app
from app.metrics import metrics_router
from devices import registry
from devices.supervisor import Supervisor
from labels import press
from picking import bench, pickups, tours
from sync import change_doors, doors
from sync import http as partners
from sync.webhooks import body_of
from tests.api_site import LOCAL_SECRET
from tests.returns_site import RITA, ReturnsSite, returns_at, send
from tests.test_privacy import CANARY, GIFT, MAIL, PHONE, TO, WORDS, said
from wms.papers import print_jobs
from wms.papers.slip_data import slip_data
from wms.people.tokens import token_hash
from wms.privacy.columns import PERSONAL
from wms.record import events, seals
from wms.record.events import Cursor
from wms.returns import closing
from wms.schema import orders as orders_table
from wms.schema import parcels
from wms.upkeep import incarnation

MAY = {f"{table}.{name}" for table, names in PERSONAL.items() for name in names} - {"events.body"}
SAYS = {"Authorization": f"Bearer {LOCAL_SECRET}"}


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """Everything that is logged, by us and by libraries, from DEBUG up for these."""
    out = io.StringIO()
    before = structlog.get_config(), logging.root.handlers[:], logging.root.level
    structlog.reset_defaults()
    logs.configure(out)
    logging.root.setLevel(logging.DEBUG)
    yield out
    structlog.configure(**before[0])
    logging.root.handlers[:] = before[1]
    logging.root.setLevel(before[2])


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReturnsSite]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with returns_at(sqlite_url) as made:
        made.write(incarnation.ensure, bytes(8))
        yield made
        made.check()


def door(site: ReturnsSite) -> TestClient[Any]:
    async def nobody_listens(*_of_health: Any) -> None: ...

    supervisor = Supervisor(
        load=registry.load, on_health=nobody_listens, clock=lambda: 0.0, random=Random(1)
    )
    app = make_app(
        site.book, clock_ms=lambda: site.now,
        settings=HttpSettings(local_token_hash=token_hash(LOCAL_SECRET)),
        routers=[partners.routes(), doors.routes(lambda count: bytes(count)),
                 change_doors.routes(), metrics_router(supervisor)],
    )  # fmt: skip
    return TestClient(app, raise_server_exceptions=False)


def body(number: str, **changes: Any) -> dict[str, Any]:
    return {
        "owner": "acme", "shop": "acme-shop", "external_id": number, "service": "yamato",
        "recipient": TO, "gift": GIFT, "notes": CANARY,
        "lines": [{"sku": "TEA", "qty": 2, "note": CANARY}], **changes,
    }  # fmt: skip


def at_the_doors(client: TestClient[Any], site: ReturnsSite) -> int:
    """Taken, repeated, refused in every way, changed, held, cancelled; a file with faults."""

    def post(path: str, json: Any, status: int) -> Any:
        site.now += 1_000
        answer = client.post(path, json=json, headers=SAYS)
        assert answer.status_code == status, answer.text
        return answer.json()

    number = int(post("/v1/orders", body("C-1"), 201)["order_id"])
    post("/v1/orders", body("C-1"), 200)
    post("/v1/orders", body("C-1", notes="other"), 409)
    post("/v1/orders", body("C-2", service=CANARY), 422)
    post("/v1/orders", body("C-2", recipient={**TO, "postal": CANARY}), 400)
    post("/v1/orders", body("C-2", recipient={**TO, CANARY: 1}), 400)
    post("/v1/orders", body("C-2", lines=[{"sku": CANARY, "qty": 1}]), 422)
    post("/v1/orders/C-1/change", {"recipient": {**TO, "building": f"{CANARY} 2"}}, 200)
    post("/v1/orders/C-1/hold", {}, 200)
    post("/v1/orders/C-1/release", {}, 200)
    post("/v1/orders", body("C-3"), 201)
    post("/v1/orders/C-3/cancel", {}, 200)
    site.now += 1_000
    file = ("owner,shop,order,service,name,postal,address,phone,sku,qty\n"
            f"acme,acme-shop,C-9,yamato,{CANARY},136-0082,東京都,{PHONE},TEA,many\n")  # fmt: skip
    answer = client.post("/v1/imports/orders", content=file.encode(), headers={
        **SAYS, "Content-Type": "text/csv"})  # fmt: skip
    assert answer.status_code < 500, answer.text
    return number


def through_the_house(site: ReturnsSite, number: int) -> None:
    """Picked, packed, labelled and printed, sent, brought back, graded."""
    site.release([number])
    while (tour := site.write(tours.claim, person=1, now=site.now)) is not None:
        site.claim()
        site.walk(tour)
        (tote,) = [str(slot.tote) for slot in site.view(tour).slots]
        site.drop(tour, "BENCH-1")
    hand = site.signed_in("BENCH-1", 3, work="pack")
    assert hand.scan(tote).fate == "applied"
    hand.scan(CANARY)
    hand.command("ok")
    site.write(send, [number], site.now)
    site.write(pickups.ensure, now=site.now, zone=site.settings.zone)
    (box,) = site.rows(select(parcels).where(parcels.c.order_id == number))
    site.write(bench.reprint, parcel=box.id, station="PACK-1", now=site.now)
    site.write(
        print_jobs.request, key="a slip of it", station="PACK-1", template="packing_slip",
        data=site.read(slip_data, number), now=site.now,
    )  # fmt: skip
    site.write(press.render_requested, now=site.now, dots_per_mm={})
    back = site.arrive(number=site.announce(number, ("TEA", 1)))
    site.grade(back, "TEA", note=CANARY)
    site.write(closing.close, back, person=RITA, key="end", actor="person:6", now=site.now)


def test_f48_a_canary_is_heard_nowhere_but_where_it_must_be(
    site: ReturnsSite, heard: io.StringIO, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with door(site) as client:
        number = at_the_doors(client, site)
        through_the_house(site, number)
        site.write(seals.seal)
        metrics = client.get("/metrics", headers=SAYS)
        assert metrics.status_code == 200
        told = client.get("/v1/events?limit=1000", headers=SAYS).text
        shown = client.get("/v1/orders/C-1", headers=SAYS).text
    found = set(said(site.book, *WORDS))
    assert found >= {"orders.recipient", "orders.gift", "order_lines.note", "print_jobs.data"}
    assert found <= MAY, "where nobody declared it"
    stream = site.read(events.since, Cursor(), 1_000)
    sent = [body_of(one, life="life", order="O").decode() for one in stream]
    silent = {
        "log": heard.getvalue(), "metrics": metrics.text, "events": told, "the order": shown,
        "webhooks": "".join(sent), "output": "".join(capfd.readouterr()),
        "files": "".join(str(path) for path in tmp_path.rglob("*")),
    }  # fmt: skip
    for where, text in silent.items():
        assert not [word for word in WORDS if word in text], where
    assert site.rows(select(orders_table).where(orders_table.c.id == number))[0].state == "shipped"
    assert MAIL not in heard.getvalue()
