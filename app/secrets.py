"""Secrets by reference: configuration says where they are, never what they are."""

import os
import secrets as randomness
from pathlib import Path

from wms.errors import Code, Rejected


def read_secret(reference: str, root: Path, *, make: bool = False) -> str:
    """The secret behind `env:NAME` or `file:PATH` (relative to *root*).

    With *make* a missing file is made, readable by its owner alone. Refuses `SECRET_MISSING`, and
    `SECRET_READABLE` when others may read the file.
    """
    kind, _, where = reference.partition(":")
    if kind == "env":
        value = os.environ.get(where, "")
    elif kind == "file":
        value = _from_file(root / where, make)
    else:
        value = ""
    if not value:
        raise Rejected(Code.SECRET_MISSING, reference=reference)
    return value


def _from_file(path: Path, make: bool) -> str:
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(randomness.token_urlsafe(32))
    try:
        if path.stat().st_mode & 0o077:
            raise Rejected(Code.SECRET_READABLE, path=str(path))
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
