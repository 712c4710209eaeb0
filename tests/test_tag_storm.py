"""A thousand tags a second through one gate, by the real wire: none is lost, and all is counted."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import fields
from time import process_time
from typing import Any

import pytest
from sqlalchemy import func, select

from devices import intake
from devices.capabilities import Health
from devices.conformance import until
from devices.drivers.llrp import LlrpReader
from devices.patience import Metrics
from devices.sightings import QUIET
from devices.supervisor import Supervisor
from devices.twins.llrp import LlrpReaderTwin
from tests.floor_site import floor_at
from wms.db import Book
from wms.schema import device_gaps, tag_reads

EPC = "3034257bf7194e40{:08x}"
ROUND_S = 0.1
SHARE_MAX = 0.8  # of one core, for the reader, its driver and the book together


async def push_through(tags: int, per_second: int, book: Book) -> tuple[float, Metrics]:
    """*tags* go through the gate, each in the field for half a second. Returns seconds of CPU."""
    twin = LlrpReaderTwin(random=random.Random(5), round_s=ROUND_S)
    await twin.start()
    online = asyncio.Event()

    async def on_health(_device: str, health: Health, _reason: str) -> None:
        if health is Health.ONLINE:
            online.set()

    loop = asyncio.get_running_loop()
    supervisor = Supervisor(
        load={"llrp": LlrpReader}.__getitem__, on_health=on_health, clock=loop.time,
        random=random.Random(1),
    )  # fmt: skip
    # A machine that is busy with other tests reads as often, in more time.
    options = {"host": twin.host, "port": twin.port, "within_ms": 60_000}
    await supervisor.start("gate-1", "llrp", options)
    await online.wait()
    worker = asyncio.create_task(
        intake.run(book, supervisor.queue, now=lambda: int(loop.time() * 1000))
    )
    began, step = process_time(), int(per_second * ROUND_S)
    for first in range(0, tags, step):
        for number in range(first, first + step):
            twin.field.place(EPC.format(number), 1)
        del twin.field.tags[: max(0, len(twin.field.tags) - 5 * step)]
        await asyncio.sleep(ROUND_S)

    def seen() -> int:
        query = select(func.count()).select_from(tag_reads)
        return book.read_now(lambda tx: int(tx.scalar(query) or 0))

    await until(lambda: seen() == tags, lambda: f"every tag, {seen()} came", within_s=60)
    used = process_time() - began
    worker.cancel()
    await asyncio.wait({worker})
    await supervisor.stop_all()
    await twin.stop()
    return used, supervisor.metrics("gate-1")


@pytest.mark.long
async def test_a_thousand_tags_a_second_go_through_one_gate_and_none_is_lost(
    new_sqlite: Callable[[], Any],
) -> None:
    with floor_at(new_sqlite()) as site:
        used, metrics = await push_through(10_000, 1_000, site.book)
        lost = device_gaps.c.reason.not_in(["", QUIET])  # which a busy machine may be
        assert not site.rows(select(device_gaps).where(lost)), "nothing had to be dropped"
    missed = {field.name: getattr(metrics, field.name) for field in fields(Metrics)
              if field.name == "dropped" or field.name.startswith("unread_")}  # fmt: skip
    assert set(missed.values()) == {0}, missed
    assert used < 10 * SHARE_MAX, f"{used:.1f} s of CPU for 10 s of tags"
