"""What the ids in events are called: a query a table, for those ids only."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select

from wms.db import Tx
from wms.record.events import Told
from wms.schema import items, orders, people, print_jobs, tasks


@dataclass(frozen=True, slots=True)
class Names:
    """What ids and actors are called."""

    items: dict[int, str]
    orders: dict[int, str]
    people: dict[str, str]
    tasks: dict[int, dict[str, Any]]
    jobs: dict[int, str]  # print job -> station


def names_in(tx: Tx, happened: Iterable[Told]) -> Names:
    """Names for the ids in *happened*, and of everybody who works here."""
    ids: dict[str, set[int]] = {"item_id": set(), "order_id": set(), "task_id": set(),
                                "job_id": set()}  # fmt: skip
    for one in happened:
        for field, found in ids.items():
            if (value := getattr(one.event, field, None)) is not None:
                found.add(value)
    return Names(
        items=_by_id(tx, items, "sku", ids["item_id"]),
        orders=_by_id(tx, orders, "code", ids["order_id"]),
        people={
            f"person:{row.id}": row.name for row in tx.execute(select(people.c.id, people.c.name))
        },
        tasks={
            number: json.loads(body)
            for number, body in _by_id(tx, tasks, "body", ids["task_id"]).items()
        },
        jobs=_by_id(tx, print_jobs, "station", ids["job_id"]),
    )


def _by_id(tx: Tx, table: Table, column: str, ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    query = select(table.c.id, table.c[column]).where(table.c.id.in_(ids))
    return {row.id: row[1] for row in tx.execute(query)}
