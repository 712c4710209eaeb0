"""An upgrade of a book in three steps: a backup, the migrations, and the whole audit.

It may be killed at any of them. The next start goes on: until the audit found nothing, the book
says so itself (`meta`), and no server starts on it.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import delete, select

from wms.db import Book, Tx, nowhere, upsert
from wms.errors import Code, Rejected
from wms.schema import meta
from wms.upkeep import backup, restore, upgrade

UNCHECKED = "upgrade.unchecked"  # the backup that was made before


def bring_up(
    url: str, folder: Path, *, now: int, anyway: bool = False,
    reached: Callable[[str], None] = nowhere,
) -> Path | None:  # fmt: skip
    """Bring the book at *url* to this program's schema; the backup in *folder* that was made first.

    None when there was nothing to do, or nothing yet. Refuses `UPGRADE_UNSOUND` when the audit
    finds faults afterwards, now and at every later start until *anyway*; else what
    `upgrade.to_newest` refuses.
    """
    with contextlib.closing(Book(url)) as book:
        before = upgrade.revision(book.reading)
        if before and before != upgrade.newest(book.reading):
            kept, _ = backup.make(url, folder, now=now, reached=reached)
            reached("kept")
            book.write_now(_mark, kept.name)
            reached("marked")
        upgrade.to_newest(url)
        reached("migrated")
        name = book.read_now(_marked)
        if not name:
            return None
        faults = sum(len(found) for _, found in restore.prove(url))
        if faults and not anyway:
            raise Rejected(Code.UPGRADE_UNSOUND, count=faults, file=name)
        reached("proven")
        book.write_now(_unmark)
    return folder / name


def _mark(tx: Tx, name: str) -> None:
    row = {"key": UNCHECKED, "value": name}
    upsert(tx, meta, [row], key=("key",), update=lambda new: {"value": new["value"]})


def _marked(tx: Tx) -> str:
    return tx.execute(select(meta.c.value).where(meta.c.key == UNCHECKED)).scalar() or ""


def _unmark(tx: Tx) -> None:
    tx.execute(delete(meta).where(meta.c.key == UNCHECKED))
