"""Doors for who may do what: roles, who has them, badges and PINs that change, badges that end.

`genba person` comes in here while a server holds the book.
"""

from collections.abc import Callable
from typing import Annotated

from litestar import Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from app.crew import BADGE_BYTES, Chance, MadePerson, Maybe, Permission, Short
from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.people import roles
from wms.people import staff as people
from wms.record import commands

Verbs = Annotated[tuple[Permission, ...], Meta(min_length=1, max_length=40)]


class NewRole(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role to be made, or changed if there is one of that name."""

    role: Short
    permissions: Verbs
    name: Maybe = ""


class RoleView(Struct, frozen=True, kw_only=True):
    """A role, and how many people have it."""

    role: str
    name: str
    permissions: tuple[str, ...]
    people: int


class RoleList(Struct, frozen=True, kw_only=True):
    """Every role, by its code."""

    roles: tuple[RoleView, ...]


class NewGrant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role for everybody's goods or for one owner's; or a single permission, for everybody's."""

    what: Short
    owner: Maybe = ""


class NewPin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PIN of at least six digits."""

    pin: Annotated[str, Meta(max_length=32)]


class Altered(Struct, frozen=True, kw_only=True):
    """Whether anything is different now."""

    changed: bool


class Ended(Struct, frozen=True, kw_only=True):
    """How many tasks are open to others again."""

    tasks: int


@post("/roles", opt={"scope": "admin"}, summary="Make or change a role")
async def post_role(data: JSONBody[NewRole], book: TheBook, token: TheToken, now: Now) -> Altered:
    """`changed` is true when the role is new. It holds for whoever has it, from the next input."""
    return await book.write(put_role, data, actor=token.actor, device="api", now=now)


@get("/roles", opt={"scope": "admin"}, summary="Every role")
async def get_roles(book: TheBook) -> RoleList:
    """What each allows, and how many have it."""
    return await book.read(list_roles)


@post("/people/{person:str}/grants", opt={"scope": "admin"}, summary="Give a role")
async def post_grant(
    person: FromPath[str], data: JSONBody[NewGrant], book: TheBook, token: TheToken, now: Now
) -> Altered:
    """The person may do more from the next input on."""
    return await book.write(grant, person, data, actor=token.actor, device="api", now=now)


@delete(
    "/people/{person:str}/grants/{what:str}", opt={"scope": "admin"}, summary="Take a role back",
    status_code=200,
)  # fmt: skip
async def delete_grant(
    person: FromPath[str], what: FromPath[str], book: TheBook, token: TheToken, now: Now,
    owner: FromQuery[str] = "",
) -> Altered:  # fmt: skip
    """The person may do less from the next input on."""
    gone = NewGrant(what=what, owner=owner)
    return await book.write(revoke, person, gone, actor=token.actor, device="api", now=now)


@post("/people/{person:str}/badge", opt={"scope": "admin"}, summary="A new badge")
async def post_badge(
    person: FromPath[str], book: TheBook, token: TheToken, now: Now, randomness: Chance
) -> MadePerson:
    """The old one opens nothing any more. The answer holds the new badge's token."""
    return await book.write(
        new_badge, person, random=randomness(BADGE_BYTES), actor=token.actor, device="api", now=now
    )


@post("/people/{person:str}/pin", opt={"scope": "admin"}, summary="A new PIN")
async def post_pin(
    person: FromPath[str], data: JSONBody[NewPin], book: TheBook, token: TheToken, now: Now,
    pepper: NamedDependency[str],
) -> Altered:  # fmt: skip
    """It is asked for from now on; mistakes made before are forgotten."""
    return await book.write(
        new_pin, person, data.pin, pepper=pepper, actor=token.actor, device="api", now=now
    )


@delete("/people/{person:str}", opt={"scope": "admin"}, summary="End a badge", status_code=200)
async def delete_person(
    person: FromPath[str], book: TheBook, token: TheToken, now: Now
) -> Ended:  # fmt: skip
    """Lost, or left: nobody is signed in with it any more, and their tasks are open to others."""
    return await book.write(end, person, actor=token.actor, device="api", now=now)


def put_role(tx: Tx, wanted: NewRole, *, actor: str, device: str, now: int) -> Altered:
    """Make or change a role and write down who did."""
    fresh = roles.put(tx, code=wanted.role, name=wanted.name, permissions=wanted.permissions)
    _record(tx, "role.put", wanted.role, actor, device, now)
    return Altered(changed=fresh)


def list_roles(tx: Tx) -> RoleList:
    """Every role, by code."""
    return RoleList(roles=tuple(
        RoleView(role=each.code, name=each.name, permissions=each.permissions, people=each.people)
        for each in roles.listed(tx)
    ))  # fmt: skip


def grant(tx: Tx, person: str, wanted: NewGrant, *, actor: str, device: str, now: int) -> Altered:
    """Give a role or a permission and write down who did."""
    done = roles.grant(tx, person=person, what=wanted.what, owner=wanted.owner)
    _record(tx, "person.grant", _key(person, wanted), actor, device, now)
    return Altered(changed=done)


def revoke(tx: Tx, person: str, gone: NewGrant, *, actor: str, device: str, now: int) -> Altered:
    """Take a role or a permission back and write down who did."""
    done = roles.revoke(tx, person=person, what=gone.what, owner=gone.owner)
    _record(tx, "person.revoke", _key(person, gone), actor, device, now)
    return Altered(changed=done)


def new_badge(
    tx: Tx, person: str, *, random: bytes, actor: str, device: str, now: int
) -> MadePerson:
    """Give a person a new badge and write down who did."""
    badge = random.hex()
    people.new_badge(tx, code=person, badge=badge)
    _record(tx, "person.badge", person, actor, device, now)
    return MadePerson(badge=badge)


def new_pin(
    tx: Tx, person: str, pin: str, *, pepper: str, actor: str, device: str, now: int
) -> Altered:
    """Set a person's PIN and write down who did; never what it is."""
    people.new_pin(tx, code=person, pin=pin, pepper=pepper)
    _record(tx, "person.pin", person, actor, device, now)
    return Altered(changed=True)


def end(tx: Tx, person: str, *, actor: str, device: str, now: int) -> Ended:
    """End a badge at once and write down who did."""
    freed = people.end(tx, code=person)
    _record(tx, "person.end", person, actor, device, now)
    return Ended(tasks=freed)


def _key(person: str, grant: NewGrant) -> str:
    return f"{person} {grant.what} {grant.owner}".strip()


def _record(tx: Tx, name: str, key: str, actor: str, device: str, now: int) -> None:
    commands.record(tx, actor=actor, device=device, permission="admin", name=name, key=key, now=now)


def routes(randomness: Callable[[int], bytes], pepper: str) -> Router:
    """The handlers of these doors. *randomness* gives bytes nobody can guess; *pepper* is what
    PINs are hashed with."""
    return Router(
        "/v1",
        route_handlers=[
            post_role, get_roles, post_grant, delete_grant, post_badge, post_pin, delete_person,
        ],
        dependencies={
            "randomness": Provide(lambda: randomness, sync_to_thread=False),
            "pepper": Provide(lambda: pepper, sync_to_thread=False),
        },
    )  # fmt: skip
