"""An empty book as the bytes of a file: made once, written wherever a story needs one."""

import tempfile
from functools import cache
from pathlib import Path

from tests.postgres import make_book, memory_folder


@cache
def empty_book() -> bytes:
    """A book on SQLite with its tables and nothing in them."""
    with tempfile.TemporaryDirectory(prefix="genba-book-", dir=memory_folder()) as folder:
        book = Path(folder) / "empty.db"
        make_book(f"sqlite:///{book}")
        return book.read_bytes()
