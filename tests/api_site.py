"""The web application over a small site, and partners who call it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from random import Random
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from app.http import HttpSettings, make_app
from sync import (
    change_doors,
    document_doors,
    doors,
    inbound_doors,
    photo_doors,
    return_doors,
    work_doors,
)
from sync import http as partners
from tests.intake_site import NOW, seeded
from wms.db import Book
from wms.people import tokens
from wms.upkeep import incarnation

LOCAL_SECRET = "only this machine knows"


@dataclass(slots=True)
class Clock:
    """A clock that a test moves."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Api:
    """The application, its book and its clock."""

    book: Book
    clock: Clock
    app: Litestar
    client: TestClient[Litestar]
    numbers: Iterator[int] = field(default_factory=count)

    def token(self, *scopes: str, owner: str = "", days: int = 30) -> str:
        """A new token's secret."""
        number = next(self.numbers)
        return self.book.write_now(
            tokens.create, name=f"token-{number}", scopes=scopes, owner=owner, days=days,
            now=self.clock.now, random=sha256(str(number).encode()).digest(),
        )  # fmt: skip

    def headers(self, *scopes: str, owner: str = "", language: str = "en") -> dict[str, str]:
        """The headers of a partner with a new token."""
        secret = self.token(*scopes, owner=owner)
        return {"Authorization": f"Bearer {secret}", "Accept-Language": language}


def application(book: Book, clock: Clock, **settings: Any) -> Litestar:
    """The application with every handler of `sync`."""
    return make_app(
        book, clock_ms=clock,
        settings=HttpSettings(local_token_hash=tokens.token_hash(LOCAL_SECRET), **settings),
        routers=[
            partners.routes(), doors.routes(Random(7).randbytes), inbound_doors.routes(),
            return_doors.routes(), photo_doors.routes(),
            change_doors.routes(), work_doors.routes(), document_doors.routes(),
        ],
    )  # fmt: skip


@contextmanager
def api(url: str, **settings: Any) -> Iterator[Api]:
    """An application over a fresh small site at *url*."""
    book, clock = seeded(url), Clock()
    book.write_now(incarnation.ensure, bytes(8))
    app = application(book, clock, **settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Api(book, clock, app, client)
    book.close()
