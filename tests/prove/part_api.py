"""Every door of the whole application, with every kind of token: never a 5xx, never a door open to
the wrong one, and a book that adds up whatever was asked."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from app import wiring
from devices import registry
from devices.supervisor import Supervisor
from tests.picking_site import NOON
from tests.postgres import make_book, memory_folder
from tests.prove import Broken, Part
from tests.prove.asking import Asking, Operation
from tests.prove.recorded import furnish, live
from wms.audit import auditor
from wms.config import Config, check
from wms.db import Book
from wms.people import tokens
from wms.people.tokens import OWNED_SCOPES, SCOPES
from wms.rooms import alive
from wms.upkeep import incarnation

WANTED = "API requests"
TURN = 250  # requests of a round
AUDIT_EVERY = 4  # rounds
LOCAL = "only this machine knows"
SAID = "python -m tests.prove.work api {} 60"
ROOT_TOKEN = f"Bearer {LOCAL}"
SLOW = ("/v1/board/stream",)  # these answer as long as somebody listens


@dataclass(slots=True)
class Doors:
    """The application, its doors by verb and path with the scope that they ask for, and tokens."""

    book: Book
    app: Litestar
    client: TestClient[Litestar]
    scopes: dict[tuple[str, str], str | None]
    bearers: dict[str, str]  # by what they may: a scope, `OWNER scope`, or why they may nothing
    now: list[int]


def rounds(seed: int, *, turn: int = TURN, inputs: int = 30) -> Iterator[Counter[str]]:
    """Some hundred requests a round, by everybody."""
    with doors(seed, inputs) as site:
        chance = Random(f"api {seed}")
        asking = Asking(_document(site), chance)
        known = [one for one in asking.operations if one.path not in SLOW]
        assert len(known) > 60
        number = 0
        while True:
            number += 1
            done: Counter[str] = Counter()
            for _ in range(turn):
                done += _one(site, asking, chance.choice(known), chance, seed)
            if number % AUDIT_EVERY == 0:
                _audited(site, seed)
                done["audits of the book"] += 1
            yield done


def _one(
    site: Doors, asking: Asking, operation: Operation, chance: Random, seed: int
) -> Counter[str]:  # fmt: skip
    """One request by one of them, and whether the answer is one that they may have."""
    site.now[0] += 300
    request = asking.request(operation)
    scope = site.scopes.get((operation.method.upper(), operation.path))
    who = "everything" if chance.random() < 0.6 else chance.choice(list(site.bearers))
    bearer = site.bearers[who]
    if who == "guessed":
        bearer = f"Bearer {tokens.PREFIX}{chance.randbytes(33).hex()[:43]}"
    headers = {**request.headers, **({"Authorization": bearer} if bearer else {})}
    answer = site.client.request(
        request.method, request.url, content=request.content, headers=headers
    )  # fmt: skip
    status = answer.status_code
    told = f"{request.method} {request.url} by {who}: {status} {answer.text[:300]}"
    if status >= 500:
        raise Broken(f"{told}; body {request.content[:1500]!r}; {SAID.format(seed)}")
    if scope is not None and not _may(who, scope):
        known = who not in ("nobody", "nonsense", "guessed", "expired")
        # An address that leads nowhere (a word where a number stands) belongs to no scope.
        elsewhere = status == 404 and "http.no_such_path" in answer.text
        if status not in (403 if known else 401, 429) and not elsewhere:
            raise Broken(f"{told}; it needs {scope}; {SAID.format(seed)}")
        return Counter({WANTED: 1, "refused to the wrong one": 1})
    return Counter({WANTED: 1, f"answered {status // 100}xx": 1})


def _may(who: str, scope: str) -> bool:
    return who in ("everything", "admin") or scope in who.split()


def _audited(site: Doors, seed: int) -> None:
    found = site.book.read_now(auditor.full)
    if found:
        raise Broken(f"after requests: {found[:3]}; {SAID.format(seed)}")


def _document(site: Doors) -> dict[str, Any]:
    answer = site.client.get("/docs/openapi.json", headers={"Authorization": ROOT_TOKEN})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


@contextmanager
def doors(seed: int, inputs: int) -> Iterator[Doors]:
    """The whole application over a site that has lived a little."""
    with tempfile.TemporaryDirectory(prefix="genba-api-", dir=memory_folder()) as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'book.db'}"
        make_book(url)
        furnish(url, seed)
        inputs and live(url, seed, inputs)
        book, now = Book(url), [NOON + 7_200_000]
        book.write_now(incarnation.ensure, bytes(8))
        app = _application(book, folder, now)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Doors(book, app, client, _scopes(app), _bearers(book, now[0]), now)
        book.close()
        shutil.rmtree(folder / "photos", ignore_errors=True)


def _application(book: Book, folder: Path, now: list[int]) -> Litestar:
    file = folder / "config.toml"
    file.write_text('[site]\nname = "prove"\n', "utf-8")
    config: Config = check(
        {"site": {"name": "prove"}, "server": {"requests_per_second": 100_000}}, "prove"
    )

    async def nobody_listens(*_of_health: Any) -> None: ...

    supervisor = Supervisor(
        load=registry.load, on_health=nobody_listens, clock=lambda: now[0] / 1_000,
        random=Random(1),
    )  # fmt: skip
    site = wiring.Site(
        config, folder, book, supervisor, Random(2), LOCAL, None, lambda: now[0],
        lambda: now[0] / 1_000, {}, {},
    )  # fmt: skip
    return wiring.application(site, wiring.reloader_of(site, file, alive.Crew(Random(3))))


def _scopes(app: Litestar) -> dict[tuple[str, str], str | None]:
    return {
        (str(method), route.path_format): handler.opt.get("scope")
        for route in app.routes if isinstance(route, HTTPRoute)
        for method, (handler, _model) in route.route_handler_map.items()
    }  # fmt: skip


def _bearers(book: Book, now: int) -> dict[str, str]:
    """A token for each scope, for each scope of one owner, and such as open nothing."""
    found = {"everything": ROOT_TOKEN, "nobody": "", "guessed": "", "nonsense": "Basic YTpi"}

    def token(name: str, scope: str, owner: str = "", days: int = 30, at: int = now) -> str:
        secret = book.write_now(
            tokens.create, name=f"token-{len(found)}", scopes=[scope], owner=owner, days=days,
            now=at, random=sha256(name.encode()).digest(),
        )  # fmt: skip
        return f"Bearer {secret}"

    for scope in SCOPES:
        found[scope] = token(scope, scope)
        if scope in OWNED_SCOPES:
            found[f"bloom {scope}"] = token(f"bloom {scope}", scope, "bloom")
    found["expired"] = token("expired", "admin", days=1, at=now - 10 * 86_400_000)
    return found


PART = Part("api", {WANTED: 20_000}, rounds)
