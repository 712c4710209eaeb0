"""What orders, deliveries and returns share: each is known by its owner and its external id."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from sqlalchemy import Row, Table, select, tuple_

from wms.db import Tx
from wms.errors import Code
from wms.shape import Fault, fault
from wms.site.items import CHUNK
from wms.text import shown

Pair = tuple[str, str]  # owner, external id


class Named(Protocol):
    """Whatever an owner calls by an id of their own."""

    @property
    def owner(self) -> str: ...

    @property
    def external_id(self) -> str: ...


def content_hash(row: Struct) -> str:
    """What two tellings of the same thing must agree on: SHA-256 of its content."""
    return hashlib.sha256(msgspec.json.encode(row, order="sorted")).hexdigest()


def twice(rows: Mapping[int, Named]) -> list[Fault]:
    """`ROW_TWICE` for each of *rows* whose owner and id an earlier one has."""
    seen: set[Pair] = set()
    found = []
    for number, row in rows.items():
        if (row.owner, row.external_id) in seen:
            value = shown(row.external_id)
            found.append(fault(number, Code.ROW_TWICE, field="external_id", value=value))
        seen.add((row.owner, row.external_id))
    return found


def existing(tx: Tx, table: Table, keys: Sequence[Pair]) -> dict[Pair, Row[Any]]:
    """Rows of *table* by owner and external id, those of *keys* that are there."""
    found = {}
    pair = tuple_(table.c.owner, table.c.external_id)
    for start in range(0, len(keys), CHUNK):
        query = select(table).where(pair.in_(keys[start : start + CHUNK]))
        found.update({(row.owner, row.external_id): row for row in tx.execute(query)})
    return found
