"""Doors for whoever runs the site: its people with their badges, its terminals with their tokens.

`genba person` and `genba terminal` come in here while a server holds the book.
"""

import re
from collections.abc import Callable
from typing import Annotated, Literal

from litestar import Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from sqlalchemy import select

from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.people import roles, terminals
from wms.people import staff as people
from wms.record import commands
from wms.schema import people as people_table
from wms.text import clean, code, shown

BADGE_BYTES = 16
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Short = Annotated[str, Meta(min_length=1, max_length=40)]
Maybe = Annotated[str, Meta(max_length=100)]
Chance = NamedDependency[Callable[[int], bytes]]
Permission = Literal[
    "pick", "pack", "ship", "task", "receive", "putaway", "replenish", "sort", "returns", "count",
    "move", "work", "look", "receive_blind", "bind_barcode", "approve_count",
    "approve_short", "approve_disposal", "lead",
]  # fmt: skip


class NewTerminal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A terminal to be made: in the hand, or at a station; perhaps with a serial scanner."""

    terminal: Short
    station: Maybe = ""
    scanner: Maybe = ""
    language: Literal["ja", "en"] = "ja"


class MadeTerminal(Struct, frozen=True, kw_only=True):
    """The token of a new terminal, which nobody can ask for again."""

    token: str


class TerminalView(Struct, frozen=True, kw_only=True):
    """A terminal as the book knows it: everything but its token."""

    id: str
    station: str
    scanner: str
    person: str
    seen_ms: int
    revoked: bool


class TerminalList(Struct, frozen=True, kw_only=True):
    """Every terminal, by name."""

    terminals: tuple[TerminalView, ...]


class NewPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to be added. Without a PIN the badge alone lets them in; whoever leads or approves
    needs one."""

    code: Short
    name: Name
    permissions: Annotated[tuple[Permission, ...], Meta(min_length=1, max_length=40)]
    language: Literal["ja", "en"] = "ja"
    pin: Annotated[str, Meta(max_length=32)] = ""


class MadePerson(Struct, frozen=True, kw_only=True):
    """The badge's token, which nobody can ask for again. Its barcode says `BADGE:` before it."""

    badge: str


class RoleHeld(Struct, frozen=True, kw_only=True):
    """A role that somebody has; `owner` "" is for everybody's goods."""

    role: str
    owner: str


class PersonView(Struct, frozen=True, kw_only=True):
    """A person without what opens doors. `permissions` are their own, beside those of `roles`."""

    code: str
    name: str
    permissions: tuple[str, ...]
    roles: tuple[RoleHeld, ...]
    language: str
    has_pin: bool
    active: bool


class PersonList(Struct, frozen=True, kw_only=True):
    """Everybody, by code."""

    people: tuple[PersonView, ...]


@post("/registry/terminals", opt={"scope": "admin"}, summary="Make a terminal known")
async def post_terminal(
    data: JSONBody[NewTerminal], book: TheBook, token: TheToken, now: Now, randomness: Chance
) -> MadeTerminal:
    """The answer holds the terminal's token; the book keeps only its hash."""
    random = randomness(terminals.RANDOM_BYTES)
    return await book.write(
        make_terminal, data, random=random, actor=token.actor, device="api", now=now
    )


@get("/registry/terminals", opt={"scope": "admin"}, summary="Every terminal")
async def get_terminals(book: TheBook) -> TerminalList:
    """Where they stand, and who is signed on."""
    return await book.read(list_terminals)


@delete("/registry/terminals/{terminal:str}", opt={"scope": "admin"}, summary="End a terminal")
async def delete_terminal(
    terminal: FromPath[str], book: TheBook, token: TheToken, now: Now
) -> None:
    """Its next input is refused. Whoever was signed on goes on at another terminal."""
    await book.write(end_terminal, terminal, actor=token.actor, device="api", now=now)


@post("/people", opt={"scope": "admin"}, summary="Add a person")
async def post_person(
    data: JSONBody[NewPerson], book: TheBook, token: TheToken, now: Now, randomness: Chance,
    pepper: NamedDependency[str],
) -> MadePerson:  # fmt: skip
    """The answer holds the badge's token; the book keeps only its hash."""
    return await book.write(
        make_person, data, random=randomness(BADGE_BYTES), pepper=pepper, actor=token.actor,
        device="api", now=now,
    )  # fmt: skip


@get("/people", opt={"scope": "admin"}, summary="Everybody who may work here")
async def get_people(book: TheBook) -> PersonList:
    """What they may do; nothing that opens a door."""
    return await book.read(list_people)


def make_terminal(
    tx: Tx, wanted: NewTerminal, *, random: bytes, actor: str, device: str, now: int
) -> MadeTerminal:
    """Make a terminal known and write down who did."""
    secret = terminals.add(
        tx, terminal=wanted.terminal, station=wanted.station, scanner=wanted.scanner,
        language=wanted.language, random=random, now=now,
    )  # fmt: skip
    _record(tx, "terminal.add", wanted.terminal, actor, device, now)
    return MadeTerminal(token=secret)


def end_terminal(tx: Tx, terminal: str, *, actor: str, device: str, now: int) -> None:
    """End a terminal's token and write down who did."""
    terminals.revoke(tx, terminal)
    _record(tx, "terminal.revoke", terminal, actor, device, now)


def list_terminals(tx: Tx) -> TerminalList:
    """Every terminal, without its token."""
    return TerminalList(terminals=tuple(
        TerminalView(
            id=each.id, station=each.station, scanner=each.scanner, person=each.person,
            seen_ms=each.seen_ms, revoked=each.revoked,
        )
        for each in terminals.all_terminals(tx)
    ))  # fmt: skip


def make_person(
    tx: Tx, wanted: NewPerson, *, random: bytes, pepper: str, actor: str, device: str, now: int
) -> MadePerson:
    """Add a person with a new badge and write down who did.

    Refuses a code in use, a weak PIN, and a lead without one.
    """
    number = code(wanted.code, field="code", max=40)
    if not re.fullmatch(terminals.NAME, number):
        raise Rejected(Code.FIELD_PATTERN, field="code")
    taken = select(people_table.c.id).where(people_table.c.code == number)
    if tx.execute(taken).first() is not None:
        raise Rejected(Code.ROW_TWICE, field="code", value=shown(number))
    name = clean(wanted.name, field="name", max=100)
    if not name:
        raise Rejected(Code.TEXT_EMPTY, field="name")
    badge = random.hex()
    people.add(
        tx, code=number, name=name, badge=badge, permissions=wanted.permissions,
        language=wanted.language, pin=wanted.pin, pepper=pepper,
    )  # fmt: skip
    _record(tx, "person.add", number, actor, device, now)
    return MadePerson(badge=badge)


def list_people(tx: Tx) -> PersonList:
    """Everybody, without what opens doors."""
    held: dict[str, list[RoleHeld]] = {}
    for grant in roles.granted(tx):
        held.setdefault(grant.person, []).append(RoleHeld(role=grant.role, owner=grant.owner))
    rows = tx.execute(select(people_table).order_by(people_table.c.code))
    return PersonList(people=tuple(
        PersonView(
            code=row.code, name=row.name, language=row.language, has_pin=bool(row.pin_hash),
            permissions=tuple(people.verbs_of(row.permissions)), active=bool(row.active),
            roles=tuple(held.get(row.code, ())),
        )
        for row in rows
    ))  # fmt: skip


def _record(tx: Tx, name: str, key: str, actor: str, device: str, now: int) -> None:
    commands.record(tx, actor=actor, device=device, permission="admin", name=name, key=key, now=now)


def routes(randomness: Callable[[int], bytes], pepper: str) -> Router:
    """The handlers of these doors. *randomness* gives bytes nobody can guess; *pepper* is what
    PINs are hashed with."""
    return Router(
        "/v1",
        route_handlers=[post_terminal, get_terminals, delete_terminal, post_person, get_people],
        dependencies={
            "randomness": Provide(lambda: randomness, sync_to_thread=False),
            "pepper": Provide(lambda: pepper, sync_to_thread=False),
        },
    )
