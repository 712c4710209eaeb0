"""What the tests of webhooks share: a site that sends, a worker at it, and an order on its way."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import structlog
from sqlalchemy import select

from sync import feeds, outbox
from tests.picking_site import Site
from tests.webhook_receiver import SECRET, Receiver
from wms.db import Book, Tx
from wms.schema import allocations, events, manifests, tracking_ranges
from wms.shipping import parcels
from wms.shipping.parcels import Packed
from wms.upkeep import incarnation

FAST = feeds.Settings(scales={"oms": 0.001}, timeout_s=0.4)
NAME = "oms"
WAIT_S = 20.0


def wall_ms() -> int:
    """UTC milliseconds of this machine."""
    return time.time_ns() // 1_000_000


def point_at(site: Site, receiver: Receiver, url: str = "") -> None:
    """Have the site send to *receiver* (or *url*) from now on."""
    site.write(incarnation.ensure, b"\x01" * 8)
    endpoint = feeds.Endpoint(name=NAME, url=url or receiver.url, secret="env:OMS")
    site.write(feeds.configure, [endpoint])


@asynccontextmanager
async def working(
    url: str, settings: feeds.Settings = FAST, secret: Callable[[str], str] = lambda _: SECRET
) -> AsyncIterator[Book]:
    """A worker that sends from the book at *url*."""
    book = Book(url, threads=True)
    job = feeds.run(book, now=wall_ms, random=Random(3), secret=secret, settings=settings)
    worker = asyncio.create_task(job)
    try:
        yield book
        if worker.done():
            worker.result()
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        book.close()


async def until(seen: Callable[[], Awaitable[bool] | bool], timeout_s: float = WAIT_S) -> None:
    """Wait until *seen* is true."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = seen()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)


async def all_told(book: Book) -> None:
    """Wait until nothing is left to send."""

    async def done() -> bool:
        return await book.read(outbox.lag) == 0

    await until(done)


def ship(site: Site, order: int) -> str:
    """Walk *order* (released) from the shelf to the truck. Returns its tracking number."""
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id)
    return str(site.write(_pack_and_load, order, site.now))


def _pack_and_load(tx: Tx, order: int, now: int) -> str:
    row = {"owner": "acme", "carrier": "yamato", "next": 20_000_000_001, "last": 20_000_000_999}
    tx.execute(tracking_ranges.insert().values(row))
    picked = select(allocations.c.id, allocations.c.qty).where(allocations.c.state == "picked")
    contents = [Packed(each.id, each.qty) for each in tx.execute(picked)]
    parcel = parcels.pack(
        tx, order=order, contents=contents, station="PACK-1", place="BENCH-1", box="",
        weight_g=500, predicted_g=500, key="pack", actor="person:1", now=now,
    )  # fmt: skip
    number = parcels.label(tx, parcel=parcel, now=now)
    parcels.verify(tx, parcel=parcel, tracking=number, now=now)
    to = {"code": "M-1", "carrier": "yamato", "pickup_ms": now + 1}
    tx.execute(manifests.insert().values(to))
    manifest = tx.execute(select(manifests.c.id)).scalar_one()
    parcels.load(tx, parcel=parcel, manifest=manifest, now=now)
    parcels.close_out(tx, manifest=manifest, key="close", actor="person:1", now=now)
    return number


def event_count(site: Site) -> int:
    """How many events of orders and parcels there are."""
    kinds = events.c.kind.like("order.%") | events.c.kind.like("parcel.%")
    return len(site.rows(select(events.c.id).where(kinds)))


def quiet() -> None:
    """Logs of the worker are not what these tests are about."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
