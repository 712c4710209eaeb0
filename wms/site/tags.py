"""EPCs that are made here: one for each piece, from the goods' GTIN and a serial number of ours.

asked -> written when the tag was read back; uncertain when nobody knows, until some reader sees it;
void when it was not written at all. No EPC is ever given to a second tag: what is printed again
gets a new one.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import insert, select, update

from wms.db import Tx, insert_once
from wms.record.event_changes import TagCommissioned
from wms.record.events import emit
from wms.schema import items, meta, owners, tags
from wms.site.epc import SERIAL_BITS, sgtin96
from wms.site.items import CHUNK

# The lower half of the serial numbers of a GTIN is left to whoever makes the goods.
SERIAL_FROM = 1 << SERIAL_BITS - 1
AFTER = {"confirmed": "written", "failed": "void", "void": "void"}
OPEN = ("asked", "uncertain")


def can_carry(tx: Tx, item: int, gtin: str) -> bool:
    """Whether pieces of *item* get tags from us: they are tagged, their owner's company prefix is
    known, and they have no serial number of their maker's, which the tag would have to say."""
    query = (
        select(items.c.rfid_tagged, items.c.serial_tracked, owners.c.company_prefix)
        .join(owners, owners.c.code == items.c.owner)
        .where(items.c.id == item)
    )
    row = tx.execute(query).one()
    prefix = row.company_prefix
    mine = len(gtin) in (12, 13, 14) and gtin.zfill(14)[1:].startswith(prefix)
    return bool(row.rfid_tagged and not row.serial_tracked and prefix and mine)


def make(tx: Tx, *, item: int, gtin: str, job: int | None, now: int) -> str:
    """A new EPC for one piece of *item*, to be written (with the label *job*). It is in no other
    tag; whoever else asks for the same goods waits until this is committed."""
    name = f"sgtin.next:{gtin}"
    insert_once(tx, meta, {"key": name, "value": str(SERIAL_FROM)})
    here = select(meta.c.value).where(meta.c.key == name).with_for_update()
    serial = int(tx.execute(here).scalar_one())
    tx.execute(update(meta).where(meta.c.key == name).values(value=str(serial + 1)))
    prefix = select(owners.c.company_prefix).join(items, items.c.owner == owners.c.code)
    digits = len(tx.execute(prefix.where(items.c.id == item)).scalar_one())
    epc = sgtin96(gtin, serial, prefix_digits=digits)
    tx.execute(insert(tags).values(
        epc=epc, item_id=item, gtin=gtin, serial=str(serial), job_id=job, made_ms=now
    ))  # fmt: skip
    return epc


def belongs_to(tx: Tx, epc: str, *, job: int) -> None:
    """*epc* is in the label *job*."""
    tx.execute(update(tags).where(tags.c.epc == epc).values(job_id=job))


def labels_are(tx: Tx, *, jobs: Collection[int], state: str, now: int) -> None:
    """The labels *jobs* are in *state* (of a print job) now: so are their tags."""
    mine = tags.c.job_id.in_(jobs) & tags.c.state.in_(OPEN)
    _become(tx, list(tx.scalars(select(tags.c.epc).where(mine))), AFTER.get(state, "uncertain"),
            now)  # fmt: skip


def found(tx: Tx, *, epc: str, now: int) -> str | None:
    """What is known of a tag that was read with *epc*; None when it is none that counts. One of
    which nobody knew whether it was written ("uncertain"; a server that was killed meanwhile left
    it at that, too), was: it is from now on."""
    counts = (tags.c.epc == epc) & (tags.c.state != "void")
    state: str | None = tx.scalar(select(tags.c.state).where(counts))
    if state in OPEN:
        _become(tx, [epc], "written", now)
        return "uncertain"
    return state


def became(tx: Tx, *, epc: str, state: str, now: int) -> None:
    """The tag *epc* is written, uncertain or void now."""
    _become(tx, [epc], state, now)


def seen(tx: Tx, *, epcs: Collection[str], now: int) -> None:
    """Readers have seen *epcs*: whatever is known of their writing, they were written."""
    codes = sorted(epcs)
    for start in range(0, len(codes), CHUNK):
        query = select(tags.c.epc).where(tags.c.epc.in_(codes[start : start + CHUNK]))
        _become(tx, list(tx.scalars(query.where(tags.c.state.in_(OPEN)))), "written", now)


def _become(tx: Tx, epcs: Iterable[str], state: str, now: int) -> None:
    """Only those that are open still: what two see at once is told once."""
    open_ = tags.c.epc.in_(sorted(epcs)) & tags.c.state.in_(OPEN)
    changed = update(tags).where(open_).values(state=state, done_ms=now).returning(tags.c.epc)
    codes = list(tx.scalars(changed))
    if state != "written" or not codes:
        return
    query = (
        select(tags, items.c.sku, items.c.owner)
        .join(items, items.c.id == tags.c.item_id)
        .where(tags.c.epc.in_(codes))
        .order_by(tags.c.epc)
    )
    emit(tx, *(
        TagCommissioned(
            owner=row.owner, item_id=row.item_id, sku=row.sku, epc=row.epc, gtin=row.gtin,
            serial=row.serial,
        )
        for row in tx.execute(query)
    ), now=now)  # fmt: skip
