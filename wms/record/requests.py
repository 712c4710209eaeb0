"""Idempotency keys: the same request again gets the same answer, and has its effect once (I10)."""

import hashlib
from typing import NamedTuple

from sqlalchemy import insert, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import requests
from wms.text import shown


class Stored(NamedTuple):
    """An answer given before: an HTTP status and its body as JSON."""

    status: int
    response: str


def body_hash(body: bytes) -> str:
    """What two requests under one key must agree on."""
    return hashlib.sha256(body).hexdigest()


def answered(tx: Tx, *, scope: str, key: str, hash: str) -> Stored | None:
    """The answer that *key* got before; None when it is new.

    *scope* is whose keys they are (api:shop-a, import). Refuses `KEY_REUSED` when *key* came with
    another body.
    """
    chosen = (requests.c.scope == scope) & (requests.c.key == key)
    row = tx.execute(select(requests).where(chosen)).first()
    if row is None:
        return None
    if row.body_hash != hash:
        raise Rejected(Code.KEY_REUSED, key=shown(key))
    return Stored(row.status, row.response)


def keep(tx: Tx, *, scope: str, key: str, hash: str, status: int, response: str, now: int) -> None:
    """Keep the answer to a new *key*, in the transaction that had the effect."""
    tx.execute(insert(requests).values(
        scope=scope, key=key, body_hash=hash, status=status, response=response, at_ms=now,
    ))  # fmt: skip
