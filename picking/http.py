"""The terminal API: whoever can read a prompt can be a picker: a person, a bot, a phone.

A terminal shows its own token (`Authorization: Bearer`), made when it was registered. It is
checked inside the transaction that takes the input, and before: a stranger never holds up the book.
"""

import hmac
from functools import cache
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from msgspec.structs import replace
from sqlalchemy import Select, bindparam, select

from picking import floor
from picking.floor import Answer, Settings
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.messages import say
from wms.people.tokens import token_hash
from wms.rooms.prompts import Message, Prompt
from wms.schema import terminals

AGE_MS_MAX = 86_400_000
CLOCK_MS_MAX = 2**53  # what JavaScript counts exactly
TEXT_MAX = 4_096  # the floor refuses what is longer than a barcode, but it answers and journals it

TheBook = NamedDependency[Book]
Now = NamedDependency[int]
TheSettings = NamedDependency[Settings]


class SignOn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A terminal says that it is there."""

    terminal: Annotated[str, Meta(min_length=1, max_length=40)]


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One trigger pull or key. `scan_id` is made by the terminal, once per input.

    `age_ms` says how long ago that was, where the radio or an earlier input kept it waiting;
    `clock_ms` is that moment by the terminal's own steady clock, from any beginning: a bouncing
    trigger is known by its own time and not by that of the network. `version` is that of the prompt
    which was shown then: what a cable has changed meanwhile is not taken for it.
    """

    scan_id: Annotated[str, Meta(min_length=1, max_length=floor.SCAN_ID_MAX)]
    text: Annotated[str, Meta(max_length=TEXT_MAX)]
    via: floor.TerminalVia = "scan"
    age_ms: Annotated[int, Meta(ge=0, le=AGE_MS_MAX)] = 0
    clock_ms: Annotated[int, Meta(ge=0, le=CLOCK_MS_MAX)] | None = None
    version: Annotated[int, Meta(ge=0, le=CLOCK_MS_MAX)] | None = None


class Shown(Struct, frozen=True, kw_only=True):
    """The prompt now. `version` grows with every change of it."""

    prompt: Prompt
    version: int


def secret_of(request: Request[Any, Any, Any]) -> str:
    """The terminal's token as it was sent, or ""."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret if kind.lower() == "bearer" else ""


def admit(tx: Tx, terminal: str, secret: str) -> None:
    """Refuses `TERMINAL_UNKNOWN` for an unknown terminal and for a wrong token alike."""
    stored = tx.execute(_token(), {"terminal": terminal}).scalar() or ""
    if not hmac.compare_digest(stored, token_hash(secret)):
        raise Rejected(Code.TERMINAL_UNKNOWN, terminal=terminal[:40])


@cache
def _token() -> Select[str]:
    return select(terminals.c.token_hash).where(terminals.c.id == bindparam("terminal"))


def show(tx: Tx, terminal: str, secret: str, *, now: int, settings: Settings) -> Shown:
    """What *terminal* shows now."""
    admit(tx, terminal, secret)
    prompt, version = floor.show(tx, terminal=terminal, now=now, settings=settings)
    return Shown(prompt=prompt, version=version)


def with_trouble(shown: Shown, *, full: bool) -> Shown:
    """While nothing can be written, every screen says so, whatever it was about."""
    if not full:
        return shown
    text = say("floor.disk_full", shown.prompt.language)
    message = Message(severity="error", code=Code.BOOK_FULL, text=text)
    return replace(shown, prompt=replace(shown.prompt, message=message))


def take(
    tx: Tx, terminal: str, secret: str, given: Input, *, now: int, settings: Settings
) -> Answer:
    """Take one input of *terminal*."""
    admit(tx, terminal, secret)
    return floor.scan(
        tx, terminal=terminal, scan_id=given.scan_id, text=given.text, via=given.via, now=now,
        settings=settings, pulled_ms=now - given.age_ms, clock_ms=given.clock_ms,
        answers=given.version,
    )  # fmt: skip


@post("/terminals", opt={"public": True}, status_code=200, summary="Sign a terminal on")
async def sign_on(
    data: JSONBody[SignOn], request: Request[Any, Any, Any], book: TheBook, now: Now,
    settings: TheSettings,
) -> Shown:  # fmt: skip
    """The prompt of a registered terminal. 401 for any other."""
    shown = await book.read(show, data.terminal, secret_of(request), now=now, settings=settings)
    return with_trouble(shown, full=book.full)


@get("/terminals/{terminal:str}", opt={"public": True}, summary="The prompt of a terminal now")
async def get_terminal(
    terminal: FromPath[str], request: Request[Any, Any, Any], book: TheBook, now: Now,
    settings: TheSettings,
) -> Shown:  # fmt: skip
    """The prompt and its version."""
    shown = await book.read(show, terminal, secret_of(request), now=now, settings=settings)
    return with_trouble(shown, full=book.full)


@post(
    "/terminals/{terminal:str}/scans", opt={"public": True}, status_code=200,
    summary="One input of a terminal",
)  # fmt: skip
async def post_scan(
    terminal: FromPath[str], data: JSONBody[Input], request: Request[Any, Any, Any],
    book: TheBook, now: Now, settings: TheSettings,
) -> Answer:  # fmt: skip
    """The fate of the input and the prompt that follows. The same `scan_id`: the same answer."""
    secret = secret_of(request)
    await book.read(admit, terminal, secret)
    return await book.write(take, terminal, secret, data, now=now, settings=settings)


def routes(settings: Settings) -> Router:
    """The handlers of this room."""
    return Router(
        "/v1", route_handlers=[sign_on, get_terminal, post_scan],
        dependencies={"settings": Provide(lambda: settings, sync_to_thread=False)},
    )  # fmt: skip
