"""Tags written one by one before a reader: alone in the field, read back, never twice."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select

from app.tag_doors import NewTag, wanted
from devices import tagging
from devices.capabilities import Health, NeedsHuman, TagReader
from devices.cases.llrp import CASE
from devices.conformance import NAME, Floor, until
from devices.tagging import Written
from devices.twins.llrp import LlrpReaderTwin
from devices.twins.llrp_field import WriteResult
from tests.receive_site import JAN, ReceiveSite, dock_at
from wms.errors import Code, Rejected
from wms.rooms.signals import TagSeen
from wms.schema import owners, tags
from wms.site.epc import gtin_of

BLANK = "e28011700000020f3a5c{:04x}"


class Bench:
    """A reader, its driver and the book."""

    def __init__(self, site: ReceiveSite) -> None:
        self.site, self.floor = site, Floor(CASE)
        self.twin = LlrpReaderTwin(random=random.Random(5))

    async def lay(self, epc: str) -> None:
        """A tag is laid before the reader, which sees it."""
        self.twin.field.place(epc, 1)
        await until(lambda: epc in self.epcs(), "the tag")

    def epcs(self) -> set[str]:
        return {one.epc for one in self.floor.heard if isinstance(one, TagSeen)}

    async def write(self) -> Written:
        item, gtin = self.site.read(wanted, NewTag(owner="acme", sku="SHIRT"))
        return await tagging.write_one(
            self.site.book, self.floor.supervisor, reader=NAME, item=item, gtin=gtin,
            now=lambda: self.site.now,
        )  # fmt: skip

    async def alone(self) -> None:
        """Until the reader has forgotten what it saw a moment ago."""
        async with asyncio.timeout(30):
            while True:
                try:
                    await self.floor.driver(TagReader).alone()
                except NeedsHuman:
                    await asyncio.sleep(0.02)
                else:
                    return

    def states(self) -> dict[str, str]:
        return {row.epc: row.state for row in self.site.rows(select(tags))}


@asynccontextmanager
async def bench(new_book: Callable[[], Any]) -> AsyncIterator[Bench]:
    with dock_at(new_book()) as site:
        site.set(owners, owners.c.code == "acme", company_prefix=JAN["SHIRT"][:7])
        here = Bench(site)
        await here.twin.start()
        try:
            await here.floor.start({"host": here.twin.host, "port": here.twin.port})
            await here.floor.seen(Health.ONLINE)
            yield here
        finally:
            await here.floor.stop()
            await here.twin.stop()


async def test_the_one_tag_gets_a_number_of_ours_and_keeps_it(new_sqlite: Any) -> None:
    async with bench(new_sqlite) as here:
        with pytest.raises(Rejected, match="none") as refused:
            await here.write()
        assert refused.value.code == Code.TAG_NOT_WRITTEN
        await here.lay(BLANK.format(1))
        done = await here.write()
        assert done.state == "written"
        assert here.twin.field.epcs() == [done.epc]
        assert gtin_of(done.epc) == JAN["SHIRT"]
        assert here.site.told("tag.commissioned") == 1
        await until(lambda: done.epc in here.epcs(), "the new number")
        await here.alone()
        with pytest.raises(Rejected, match="taken"):
            await here.write()
        await here.lay(BLANK.format(2))
        with pytest.raises(Rejected, match="several"):
            await here.write()
        assert here.states() == {done.epc: "written"}


async def test_an_interrupted_write_is_read_before_anything_else(new_sqlite: Any) -> None:
    async with bench(new_sqlite) as here:
        await here.lay(BLANK.format(1))
        (tag,) = here.twin.field.tags
        here.twin.faults.mute.add("ENABLE_ACCESSSPEC")  # the order lies in the reader
        writing = asyncio.create_task(here.write())
        await until(lambda: "ENABLE_ACCESSSPEC" in here.twin.heard, "the order")
        here.twin.drop()
        done = await writing
        assert done.state == "uncertain"
        assert here.states() == {done.epc: "uncertain"}
        here.twin.faults.mute.clear()
        tag.epc = bytes.fromhex(done.epc)  # suppose that the reader had got that far
        await here.floor.seen(Health.ONLINE, after_session=1)
        await until(lambda: done.epc in here.epcs(), "the tag again")
        await here.alone()
        assert await here.write() == Written(done.epc, "written")
        assert tag.written == 0, "it was read, not written again"
        assert here.states() == {done.epc: "written"}


async def test_a_tag_that_is_locked_is_not_ours(new_sqlite: Any) -> None:
    async with bench(new_sqlite) as here:
        await here.lay(BLANK.format(1))
        here.twin.field.tags[0].answer = WriteResult.LOCKED
        with pytest.raises(Rejected, match="locked"):
            await here.write()
        assert set(here.states().values()) == {"void"}
