"""What a failed statement says about the machine: the disk is full or broken, or somebody waits.

Pure. Codes: https://sqlite.org/rescode.html, and "PostgreSQL Error Codes" in its manual.
"""

import errno
import os
from typing import Any, Literal

from sqlalchemy.exc import DBAPIError, OperationalError

Trouble = Literal["full", "broken", "busy"]

SQLITE: dict[int, Trouble] = {
    5: "busy",  # SQLITE_BUSY: somebody else has been writing for longer than the busy time-out
    6: "busy",  # SQLITE_LOCKED
    10: "broken",  # SQLITE_IOERR: also a failed fsync, and a file system that became read-only
    11: "broken",  # SQLITE_CORRUPT
    13: "full",  # SQLITE_FULL: ENOSPC
    26: "broken",  # SQLITE_NOTADB
}
POSTGRESQL: dict[str, Trouble] = {
    "53100": "full",  # disk_full: "could not extend file"
    "58030": "broken",  # io_error
    "XX001": "broken",  # data_corrupted
    "XX002": "broken",  # index_corrupted
    "55P03": "busy",  # lock_not_available
    "40P01": "busy",  # deadlock_detected
    "40001": "busy",  # serialization_failure
}
PRIMARY = 0xFF  # the lowest byte of an extended result code


def trouble_of(error: DBAPIError) -> Trouble | None:
    """What *error* says about the machine; None for a mistake of ours, or a database that is away.

    >>> trouble_of(no_room()), trouble_of(DBAPIError("", {}, ValueError()))
    ('full', None)
    """
    cause: Any = error.orig
    if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
        return "full"
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE.get(code & PRIMARY)
    state: str | None = getattr(cause, "sqlstate", None)
    return POSTGRESQL.get(state) if state else None


def name_of(error: DBAPIError) -> str:
    """The database's own name for what went wrong: no data is in it."""
    cause: Any = error.orig
    name = getattr(cause, "sqlite_errorname", "") or getattr(cause, "sqlstate", "")
    return name or type(cause).__name__


def no_room() -> OperationalError:
    """What a command is told that was not even tried, because the disk is full."""
    return OperationalError(None, None, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
