"""Commands of this machine reach the book: through the server's door while it runs, else directly.

One process writes to a SQLite book. While a server holds it, its lock file says where the server's
door is, and gives the token that lets this machine's own user in.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import httpx2
import msgspec
import typer

from app.answers import Refusal
from app.language import spoken
from wms import config, lock
from wms.db import Book
from wms.errors import Code, Rejected
from wms.messages import say

TIMEOUT_S = 120.0  # a big import takes its time
ACTOR = "cli"  # who did it, where nobody signed in

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    """The door of the running server."""

    client: httpx2.Client

    def ask(
        self, method: str, path: str, answer: type[T], *, also: tuple[int, ...] = (), **options: Any
    ) -> T:
        """Send a request and read its answer; statuses in *also* carry an answer too.

        A refusal ends the command, with the server's words in the reader's language.
        """
        try:
            response = self.client.request(method, path, **options)
        except httpx2.TransportError as error:
            fail(say(Code.SERVER_SILENT, spoken(), reason=type(error).__name__))
        if not (response.is_success or response.status_code in also):
            fail(msgspec.json.decode(response.content, type=Refusal).error.message)
        return msgspec.json.decode(response.content or b"null", type=answer)


def clock_ms() -> int:
    """UTC milliseconds, for commands that open the book themselves."""
    return time.time_ns() // 1_000_000


def fail(words: str) -> NoReturn:
    """Say why not, and end the command with exit code 1."""
    typer.echo(words, err=True)
    raise typer.Exit(1)


def database_url(settings: config.Config, root: Path) -> str:
    """The database's URL; a relative SQLite file lies beside the configuration in *root*."""
    from sqlalchemy import make_url

    url = make_url(settings.database.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return settings.database.url
    return f"sqlite:///{root / url.database}"


@contextlib.contextmanager
def reached(config_file: Path) -> Iterator[Book | Server]:
    """The book of the site in *config_file*: itself, or the server that has it.

    Refuses `BOOK_STARTING` while a server has the book but no open door yet.
    """
    try:
        settings = config.load(config_file)
    except config.ConfigError as error:
        fail(str(error))
    url = database_url(settings, config_file.resolve().parent)
    file = lock.path_of(url)
    holder = lock.holder_of(file)
    if holder is not None:
        if not holder.url:
            raise Rejected(Code.BOOK_STARTING)
        headers = {"Authorization": f"Bearer {holder.token}", "Accept-Language": spoken()}
        with httpx2.Client(base_url=holder.url, headers=headers, timeout=TIMEOUT_S) as client:
            yield Server(client)
        return
    with lock.hold(file):
        book = Book(url)
        try:
            yield book
        finally:
            book.close()
