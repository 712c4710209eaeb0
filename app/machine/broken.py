"""What happens when the disk breaks: the process ends at once, and the next one looks first.

After a failed fsync nobody knows what is on the disk, and asking it again would hear that all is
well (the kernel forgets what it could not write). So nothing is tried again in this process; the
next one reads the file from the disk, proves it whole, and only then opens its doors.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from wms.db import Book
from wms.errors import Code, Rejected
from wms.trouble import Trouble, name_of
from wms.upkeep import lock, restore

log = structlog.get_logger(__name__)
EXIT_CODE = os.EX_IOERR  # 74
DOUBT = ".doubt"  # beside the book: it has to be proven before anybody works on it


def doubt_of(url: str) -> Path | None:
    """The file that says so; none for PostgreSQL, which looks after its own files."""
    held = lock.path_of(url)
    return held.with_suffix(DOUBT) if held is not None else None


def end_loudly(
    url: str, *, leave: Callable[[int], object] = os._exit
) -> Callable[[Trouble, str], None]:
    """What a book is to tell of a broken disk: leaves a doubt beside it, says why, and is gone.

    Nothing is tidied up: whatever would still be written might be the wrong half.
    """
    doubt = doubt_of(url)

    def troubled(kind: Trouble, why: str) -> None:
        if kind != "broken":
            return
        log.critical("disk.broken", why=why, exit_code=EXIT_CODE)
        if doubt is not None:
            with contextlib.suppress(OSError):  # on that disk even this may fail
                doubt.write_text(why, "utf-8")
        leave(EXIT_CODE)

    return troubled


def settle(url: str) -> None:
    """Prove the book at *url* if it is in doubt: SQLite's own check, and the whole audit.

    Refuses `BOOK_DOUBTFUL` when it is not whole; then it stays in doubt.
    """
    doubt = doubt_of(url)
    if doubt is None or not doubt.exists():
        return
    faults = _faults(url)
    log.warning("book.proven_again", faults=faults)
    if faults:
        raise Rejected(Code.BOOK_DOUBTFUL, path=doubt.with_suffix("").name, count=faults)
    doubt.unlink()


def _faults(url: str) -> int:
    check = text("PRAGMA integrity_check")
    try:
        with contextlib.closing(Book(url)) as book:
            found = book.read_now(lambda tx: list(tx.execute(check).scalars()))
        if found != ["ok"]:
            return len(found)
        return sum(len(each) for _, each in restore.prove(url))
    except DBAPIError as error:
        log.error("book.unreadable", why=name_of(error))
        return 1
