"""A tag that lies alone before a reader gets an EPC of ours, or it is said what became of it."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from devices.capabilities import ConfigFault, NeedsHuman, TagReader, Unavailable, Uncertain
from devices.supervisor import Supervisor
from wms.db import Book
from wms.errors import Code, Rejected
from wms.site import tags


class Written(NamedTuple):
    """The tag's EPC, lower-case hex; `uncertain`: perhaps, and some reader will see it if so."""

    epc: str
    state: Literal["written", "uncertain"]


async def write_one(
    book: Book, supervisor: Supervisor, *, reader: str, item: int, gtin: str,
    now: Callable[[], int],
) -> Written:  # fmt: skip
    """Write the one tag in front of *reader* for a piece of *item*.

    A tag of which nobody knew whether it was written is read first: when it was, it is done.
    Refuses `TAG_NOT_WRITTEN` (nothing was changed; with the reason) and `TAG_TAKEN`, a tag that
    has an EPC of ours already.
    """
    try:
        driver = supervisor.need(reader, TagReader)
        old = await driver.alone()
    except (ConfigFault, NeedsHuman, Unavailable, Uncertain) as error:
        raise Rejected(Code.TAG_NOT_WRITTEN, device=reader, reason=str(error)) from error
    before = await book.write(tags.found, epc=old.hex(), now=now())
    if before is not None:
        if before == "uncertain":
            return Written(old.hex(), "written")
        raise Rejected(Code.TAG_TAKEN, epc=old.hex())
    epc = await book.write(tags.make, item=item, gtin=gtin, job=None, now=now())
    try:
        if len(old) * 2 != len(epc):
            raise NeedsHuman("tag.length")
        await driver.write_epc(old, bytes.fromhex(epc))
    except (ConfigFault, NeedsHuman, Unavailable) as error:
        await book.write(tags.became, epc=epc, state="void", now=now())
        raise Rejected(Code.TAG_NOT_WRITTEN, device=reader, reason=str(error)) from error
    except Uncertain:
        state: Literal["written", "uncertain"] = await _look_again(driver, epc)
    else:
        state = "written"
    await book.write(tags.became, epc=epc, state=state, now=now())
    return Written(epc, state)


async def _look_again(driver: TagReader, epc: str) -> Literal["written", "uncertain"]:
    """Whether it was written after all: read, never tried a second time."""
    try:
        return "written" if await driver.read_epc(bytes.fromhex(epc)) else "uncertain"
    except (Unavailable, Uncertain):
        return "uncertain"
