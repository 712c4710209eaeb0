"""The door for tags that are written at a bench, one by one."""

from typing import Annotated

from litestar import Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from sqlalchemy import select

from app.reload import Reloader
from devices import tagging
from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.inbound.lpn import gtin_of
from wms.record import commands
from wms.schema import items
from wms.site import tags
from wms.text import shown


class NewTag(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For a piece of which goods the tag is."""

    owner: Annotated[str, Meta(min_length=1, max_length=40)]
    sku: Annotated[str, Meta(min_length=1, max_length=80)]


class TagView(Struct, frozen=True, kw_only=True):
    """The tag's EPC in hex; `state`: written and read back, or uncertain."""

    epc: str
    state: str


@post("/devices/{device:str}/tags", opt={"scope": "admin"}, summary="Write the tag before a reader")
async def post_tag(
    device: FromPath[str], data: JSONBody[NewTag], book: TheBook, token: TheToken, now: Now,
    reloader: NamedDependency[Reloader],
) -> TagView:  # fmt: skip
    """The one tag that lies there gets a new EPC: by a mask over all of its old one, read back."""
    if device not in reloader.supervisor.names():
        raise Rejected(Code.REFERENCE_UNKNOWN, field="device", value=shown(device))
    item, gtin = await book.read(wanted, data)
    body = {"device": device, "owner": data.owner, "sku": data.sku}
    await book.write(
        commands.record, actor=token.actor, device="api", permission="admin", name="tags.write",
        body=body, now=now,
    )  # fmt: skip
    done = await tagging.write_one(
        book, reloader.supervisor, reader=device, item=item, gtin=gtin, now=lambda: now
    )
    return TagView(epc=done.epc, state=done.state)


def wanted(tx: Tx, data: NewTag) -> tuple[int, str]:
    """The item and its GTIN. Refuses `REFERENCE_UNKNOWN`, and goods that get no tags from us
    (`TAG_NOT_OURS`): they must be tagged, with a GTIN under their owner's company prefix."""
    query = select(items.c.id).where(items.c.owner == data.owner, items.c.sku == data.sku)
    item = tx.scalar(query)
    if item is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="sku", value=shown(data.sku))
    gtin = gtin_of(tx, item)
    if not gtin or not tags.can_carry(tx, item, gtin):
        raise Rejected(Code.TAG_NOT_OURS, sku=data.sku)
    return int(item), gtin


def routes(reloader: Reloader) -> Router:
    """The handlers of tags."""
    return Router(
        "/v1", route_handlers=[post_tag],
        dependencies={"reloader": Provide(lambda: reloader, sync_to_thread=False)},
    )  # fmt: skip
