"""The record of commands: who asked for what, through which door, and with which permission."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import insert

from wms.db import Tx
from wms.schema import commands


def record(
    tx: Tx,
    *,
    actor: str,
    device: str,
    permission: str,
    name: str,
    now: int,
    key: str = "",
    body: Mapping[str, object] | None = None,
) -> None:
    """Write one row for one command, in the transaction of what it did.

    *actor* person:3, api:oms, worker:planner; *device* the terminal or door; *name* like
    orders.accept; *key* the command's idempotency key. *body* tells which rows it was about and
    never holds personal data: rows of this table are sealed and stay.
    """
    assert actor and name
    tx.execute(
        insert(commands).values(
            actor=actor, device=device, permission=permission, name=name, key=key, at_ms=now,
            body=msgspec.json.encode(body or {}).decode(),
        )
    )  # fmt: skip
