"""A handheld against the real floor: badge, menu, a wrong scan, a walk, a change of language."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from random import Random

import uvicorn
from sqlalchemy import insert, select, update

from app.http import HttpSettings, make_app
from picking import floor
from picking import http as terminal_door
from tests.glass import on_glass, until
from tests.picking_site import ANNA, NOON, Site, site_at
from tui.driver import Scanned
from tui.handheld import Handheld
from tui.link import HttpLink
from wms.db import Tx
from wms.messages import say
from wms.people.staff import badge_hash
from wms.people.tokens import token_hash
from wms.schema import barcodes, items, people, terminals

TOKEN = "secret-of-ht-01"


def _staff(tx: Tx) -> None:
    anna = {"badge_hash": badge_hash("anna"), "permissions": '["pick"]', "language": "en"}
    tx.execute(update(people).where(people.c.id == ANNA).values(anna))
    tea = tx.scalar(select(items.c.id).where(items.c.sku == "TEA"))
    tx.execute(insert(barcodes).values(code="4901234567894", item_id=tea, qty=1))
    tx.execute(insert(terminals).values(id="HT-01", token_hash=token_hash(TOKEN), seen_ms=NOON))


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[int]:
    """The real web application of *site* on a port of this machine."""
    started = time.monotonic()
    settings = floor.Settings(rng=Random(3), pepper="pepper")
    app = make_app(
        site.book,
        clock_ms=lambda: NOON + int((time.monotonic() - started) * 1000),
        settings=HttpSettings(),
        routers=[terminal_door.routes(settings)],
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def test_a_picker_works_on_the_real_floor(sqlite_url: str) -> None:
    with site_at(sqlite_url) as site:
        site.put("A-01", "TEA", 10)
        site.write(_staff)
        site.release([site.order(("TEA", 2))])
        async with serving(site) as port:
            link = HttpLink(
                f"http://127.0.0.1:{port}", terminal="HT-01", token=TOKEN, clock=time.monotonic
            )
            ids = map(str, count())
            app = Handheld(link, terminal="HT-01", ids=ids.__next__, clock=time.monotonic)
            async with on_glass(app, 26, 16) as (glass, pilot):

                async def scan(text: str, shows: str) -> None:
                    app.post_message(Scanned(text))
                    await until(pilot, lambda: shows in glass.text())

                async def press(key: str, shows: str) -> None:
                    await pilot.press(key)
                    await until(pilot, lambda: shows in glass.text())

                await until(pilot, lambda: "名札をスキャン" in glass.text())
                await press("f10", "Scan your badge")
                await scan("BADGE:nobody", "!!")
                await scan("BADGE:anna", "1 Pick")
                await press("1", "1 Get work")
                await press("1", "Scan an empty tote")
                await scan("T-01", "Scan the place")
                await scan("A-01", "Scan the item")
                await scan("T-02", "!! First scan")
                await scan("]E04901234567894", "1 refused")
                await scan("CMD:ok", "Scan the item")
                one_left = "|  ##    Tote[1]"  # the top of a big 1
                await scan("]E04901234567894", "Scan the item")
                await until(pilot, lambda: one_left in glass.picture())
                await asyncio.sleep(0.35)  # a trigger that bounces would be faster
                await scan("]E04901234567894", "Put in the tote")
                await press("f10", say("pick.ask.tote", "ja"))
                await scan("T-01", say("pick.ask.drop", "ja"))
        assert site.in_tote("T-01") == {"TEA": 2}
