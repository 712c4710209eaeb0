"""Commands of this machine reach the book: through the server's door while it runs, else directly.

One process writes to a SQLite book. While a server holds it, its lock file says where the server's
door is, and gives the token that lets this machine's own user in.
"""

import contextlib
import ssl
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
from wms import config
from wms.db import Book
from wms.errors import Code, Rejected
from wms.messages import say
from wms.site import calendar
from wms.upkeep import lock, safe_upgrade, upgrade

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
    """The database's URL; a relative SQLite file lies beside the configuration in *root*.

    >>> database_url(config.Config(site=config.Site(name="x")), Path("/srv"))
    'sqlite:////srv/data/genba.db'
    """
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
        fail("\n".join(error.told(spoken())))
    root = config_file.resolve().parent
    url = database_url(settings, root)
    file = lock.path_of(url)
    holder = lock.holder_of(file)
    if holder is not None:
        if not holder.url:
            raise Rejected(Code.BOOK_STARTING)
        with _client(holder, settings.server, root) as client:
            yield Server(client)
        return
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    with lock.hold(file):
        safe_upgrade.bring_up(url, root / settings.backups.folder, now=clock_ms())
        book = Book(url)
        try:
            book.write_now(calendar.set_timezone, settings.site.timezone)
            yield book
        finally:
            book.close()


@contextlib.contextmanager
def read_only(config_file: Path) -> Iterator[tuple[config.Config, Book]]:
    """The site of *config_file* and its book, to be read and not written, beside a server too.

    Refuses what `reading` refuses.
    """
    try:
        settings = config.load(config_file)
    except config.ConfigError as error:
        fail("\n".join(error.told(spoken())))
    with reading(database_url(settings, config_file.resolve().parent)) as book:
        yield settings, book


@contextlib.contextmanager
def reading(url: str) -> Iterator[Book]:
    """The book at *url*, to be read and not written.

    Refuses `BOOK_MISSING` where nothing was ever written, `BOOK_OLDER` where this program would
    look for columns that are not there yet, and what `upgrade.pending` refuses.
    """
    file = lock.path_of(url)
    if file is not None and not file.with_suffix("").exists():
        raise Rejected(Code.BOOK_MISSING, path=file.with_suffix("").name)
    if upgrade.pending(url):
        raise Rejected(Code.BOOK_OLDER)
    book = Book(url)
    try:
        yield book
    finally:
        book.close()


def door_url(server: config.Server) -> str:
    """Where this machine reaches its own server.

    >>> door_url(config.Server(host="0.0.0.0", port=8470))
    'http://127.0.0.1:8470'
    """
    scheme = "https" if server.tls_certificate else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(server.host, server.host)
    return f"{scheme}://{host}:{server.port}"


def _client(holder: lock.Holder, server: config.Server, root: Path) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {holder.token}", "Accept-Language": spoken()}
    verify = _own_certificate(root / server.tls_certificate) if server.tls_certificate else True
    return httpx2.Client(
        base_url=holder.url, headers=headers, timeout=TIMEOUT_S, verify=verify, trust_env=False
    )


def _own_certificate(path: Path) -> ssl.SSLContext:
    """Trust the server's own certificate and no other: its name is not that of the loopback."""
    trust = ssl.create_default_context(cafile=str(path))
    trust.check_hostname = False
    trust.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return trust
