"""One person's data: all that the book knows of them, told or erased at their request.

A recipient is found by one of their orders, by the shop's number for them, by telephone number or
by mail address; somebody of the staff by their number. A name alone finds nobody: it may be
another's. What is asked for is never written into the record, only by what it was sought.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import ColumnElement, Row, Table, delete, func, or_, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import view
from wms.orders.new import normal_phone
from wms.people import staff as people
from wms.privacy import forgetting
from wms.record import commands
from wms.schema import (
    approvals,
    documents,
    order_lines,
    orders,
    parcels,
    person_roles,
    photos,
    return_units,
    returns,
    scans,
    sessions,
    tasks,
)
from wms.schema import people as people_table
from wms.text import shown

SOUGHT_MAX = 50_000  # orders whose recipients are compared
Words = Annotated[str, Meta(max_length=254)]


class Subject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose data: exactly one of `order` (a code or external id), `customer` (the shop's number),
    `phone`, `email`, or `person` (of the staff). `owner` limits all but the last."""

    owner: Annotated[str, Meta(max_length=32)] = ""
    order: Words = ""
    customer: Words = ""
    phone: Words = ""
    email: Words = ""
    person: Annotated[str, Meta(max_length=32)] = ""

    @property
    def by(self) -> str:
        """What is sought by. Refuses `PRIVACY_ONE` unless it is one thing."""
        told = [name for name in ("order", "customer", "phone", "email", "person")
                if getattr(self, name)]  # fmt: skip
        if len(told) != 1:
            raise Rejected(Code.PRIVACY_ONE)
        return told[0]


class OrderData(Struct, frozen=True, kw_only=True):
    """What the book knows of a recipient by one order. `masked_ms` is None while it knows them."""

    order: str
    owner: str
    external_id: str
    state: str
    accepted_ms: int
    masked_ms: int | None
    customer: str
    notes: str
    recipient: dict[str, Any]
    gift: dict[str, Any]
    lines: tuple[dict[str, Any], ...] = ()
    parcels: tuple[dict[str, Any], ...] = ()
    papers: tuple[dict[str, Any], ...] = ()
    returns: tuple[dict[str, Any], ...] = ()
    photos: tuple[int, ...] = ()


class PersonData(Struct, frozen=True, kw_only=True):
    """What the book knows of somebody of the staff: their own row, rights, and what they did, as
    counts; each scan is in the journal while that is kept."""

    person: str
    name: str
    language: str
    active: bool
    permissions: tuple[str, ...]
    roles: tuple[str, ...]
    scans: int
    first_ms: int | None
    last_ms: int | None
    tasks: int
    approvals: int


class Told(Struct, frozen=True, kw_only=True):
    """Everything about one subject."""

    orders: tuple[OrderData, ...] = ()
    people: tuple[PersonData, ...] = ()


class Erased(Struct, frozen=True, kw_only=True):
    """What was erased. `waiting`: orders that are still under way, by their codes; cancel them, or
    ask again when they have left."""

    orders: int = 0
    people: int = 0
    waiting: tuple[str, ...] = ()


def export(tx: Tx, subject: Subject, *, actor: str, device: str, now: int) -> Told:
    """All that is known of *subject*, and a record that it was told. Refuses `PRIVACY_ONE`,
    `PRIVACY_NOBODY`, and what finding them refuses."""
    if subject.by == "person":
        told = Told(people=(_of_person(tx, subject.person),))
    else:
        told = Told(orders=tuple(_of_orders(tx, _found(tx, subject))))
    _record(tx, "export", subject, len(told.orders), actor, device, now)
    return told


def erase(tx: Tx, subject: Subject, *, actor: str, device: str, now: int) -> Erased:
    """Mask every order of *subject* that is over, whatever its owner's days; or erase somebody who
    has left (`PERSON_ACTIVE` else). Refuses what `export` refuses."""
    forgetting.wipe(tx)
    if subject.by == "person":
        _erase_person(tx, subject.person)
        done = Erased(people=1)
    else:
        rows = _found(tx, subject)
        numbers = [row.id for row in rows]
        late = tuple(row.code for row in rows if row.state not in forgetting.OVER)
        done = Erased(orders=forgetting.mask_orders(tx, numbers, now), waiting=late)
    _record(tx, "erase", subject, done.orders + done.people, actor, device, now)
    return done


def _record(
    tx: Tx, what: str, subject: Subject, rows: int, actor: str, device: str, now: int
) -> None:  # fmt: skip
    commands.record(
        tx, actor=actor, device=device, permission="admin", name=f"privacy.{what}",
        body={"by": subject.by, "rows": rows}, now=now,
    )  # fmt: skip


def _found(tx: Tx, subject: Subject) -> Sequence[Row[Any]]:
    """The orders of *subject*, the oldest first. Refuses `PRIVACY_NOBODY`."""
    whose = orders.c.owner == subject.owner if subject.owner else orders.c.id > 0
    rows: Sequence[Row[Any]]
    if subject.by == "order":
        rows = [view.find(tx, subject.order, owner=subject.owner)]
    elif subject.by == "customer":
        mine = (orders.c.customer == subject.customer) & whose
        rows = tx.execute(select(orders).where(mine).order_by(orders.c.id)).all()
    else:
        phone = normal_phone(subject.phone, field="phone") if subject.phone else ""
        rows = _reached_by(tx, phone or subject.email.strip().lower(), whose)
    if not rows:
        raise Rejected(Code.PRIVACY_NOBODY)
    return rows


def _reached_by(tx: Tx, contact: str, whose: ColumnElement[bool]) -> list[Row[Any]]:
    """Orders for or from somebody with this number or address, compared as it is stored; a phone
    by its digits, for a purchaser's is kept as the shop wrote it."""
    near = "%".join(part for part in _parts(contact) if part)
    wide = orders.c.recipient.ilike(f"%{near}%") | orders.c.gift.ilike(f"%{near}%")
    query = select(orders).where(whose, orders.c.masked_ms.is_(None), wide)
    rows = tx.execute(query.order_by(orders.c.id).limit(SOUGHT_MAX))
    return [row for row in rows if _plain(contact) in _contacts(row)]


def _parts(contact: str) -> list[str]:
    """A net for the database, in which its own patterns have no meaning."""
    digits = [one for one in contact if one.isalnum()]
    return digits if "@" not in contact else contact.replace("_", "%").split("%")


def _contacts(row: Row[Any]) -> set[str]:
    to = msgspec.json.decode(row.recipient, type=dict[str, Any])
    gift = msgspec.json.decode(row.gift, type=dict[str, Any])
    told = (to.get("phone", ""), to.get("email", ""), gift.get("sender_phone", ""))
    return {_plain(one) for one in told if one}


def _plain(contact: str) -> str:
    if "@" in contact:
        return contact.strip().lower()
    return "".join(one for one in contact if one.isdigit() or one == "+")


def _of_orders(tx: Tx, rows: Sequence[Row[Any]]) -> list[OrderData]:
    """Their data, by as many queries as there are tables."""
    numbers = [row.id for row in rows]
    lines = _by_order(tx, order_lines, numbers, "line_no", "qty", "note")
    boxes = _by_order(tx, parcels, numbers, "code", "state", "carrier", "tracking", "shipped_ms")
    papers = _by_order(tx, documents, numbers, "kind", "code", "bill")
    back = _by_order(tx, returns, numbers, "id", "code", "kind", "state", "reason")
    notes = _notes(tx, [one["id"] for found in back.values() for one in found])
    pictures = _pictures(tx, [one["id"] for found in back.values() for one in found])
    return [
        OrderData(
            order=row.code, owner=row.owner, external_id=row.external_id, state=row.state,
            accepted_ms=row.accepted_ms, masked_ms=row.masked_ms, customer=row.customer,
            notes=row.notes, recipient=msgspec.json.decode(row.recipient),
            gift=msgspec.json.decode(row.gift), lines=tuple(lines.get(row.id, ())),
            parcels=tuple(boxes.get(row.id, ())), papers=tuple(papers.get(row.id, ())),
            returns=tuple(
                {**one, "notes": notes.get(one["id"], [])} for one in back.get(row.id, ())
            ),
            photos=tuple(
                number for one in back.get(row.id, ()) for number in pictures.get(one["id"], ())
            ),
        )
        for row in rows
    ]  # fmt: skip


def _by_order(
    tx: Tx, table: Table, numbers: Sequence[int], *names: str
) -> dict[int, list[dict[str, Any]]]:
    columns = [table.c[name] for name in names]
    query = select(table.c.order_id, *columns).where(table.c.order_id.in_(numbers))
    found: dict[int, list[dict[str, Any]]] = {}
    for row in tx.execute(query.order_by(table.c.id)):
        found.setdefault(row.order_id, []).append({name: row._mapping[name] for name in names})
    return found


def _notes(tx: Tx, numbers: Sequence[int]) -> dict[int, list[str]]:
    query = select(return_units.c.return_id, return_units.c.note)
    mine = return_units.c.return_id.in_(numbers) & (return_units.c.note != "")
    found: dict[int, list[str]] = {}
    for row in tx.execute(query.where(mine).order_by(return_units.c.id)):
        found.setdefault(row.return_id, []).append(row.note)
    return found


def _pictures(tx: Tx, numbers: Sequence[int]) -> dict[int, list[int]]:
    by_ref = {f"return:{number}": number for number in numbers}
    query = select(photos.c.id, photos.c.ref).where(photos.c.ref.in_(list(by_ref)))
    found: dict[int, list[int]] = {}
    for row in tx.execute(query.order_by(photos.c.id)):
        found.setdefault(by_ref[row.ref], []).append(row.id)
    return found


def _of_person(tx: Tx, code: str) -> PersonData:
    one = people.of_code(tx, code)
    mine = scans.c.person_id == one.id
    first, last, count = tx.execute(
        select(func.min(scans.c.at_ms), func.max(scans.c.at_ms), func.count()).where(mine)
    ).one()
    done = select(func.count()).where(tasks.c.person_id == one.id)
    asked = or_(approvals.c.asked_by == one.id, approvals.c.given_by == one.id)
    given = select(person_roles.c.role, person_roles.c.owner)
    roles = tx.execute(given.where(person_roles.c.person_id == one.id).order_by("role", "owner"))
    return PersonData(
        person=one.code, name=one.name, language=one.language, active=one.active,
        permissions=tuple(sorted(one.permissions)), scans=count, first_ms=first, last_ms=last,
        roles=tuple(f"{row.role} {row.owner}".strip() for row in roles),
        tasks=tx.execute(done).scalar_one(),
        approvals=tx.execute(select(func.count()).where(asked)).scalar_one(),
    )  # fmt: skip


def _erase_person(tx: Tx, code: str) -> None:
    """The ledger keeps a number (person:3), and nobody can say any more whose it was."""
    one = people.of_code(tx, code)
    if one.active:
        raise Rejected(Code.PERSON_ACTIVE, person=shown(code))
    gone = {"code": f"gone-{one.id}", "name": "", "pin_hash": "", "permissions": "[]"}
    tx.execute(update(people_table).where(people_table.c.id == one.id).values(gone))
    tx.execute(delete(person_roles).where(person_roles.c.person_id == one.id))
    mine = update(scans).where(scans.c.person_id == one.id)
    tx.execute(mine.values(text="", answer=forgetting.FORGOTTEN))
    called = (tasks.c.kind == "assist") & (tasks.c.ref == f"person:{one.id}")
    tx.execute(update(tasks).where(called).values(body="{}"))
    talk = update(sessions).where(sessions.c.person_id == one.id)
    tx.execute(talk.values(state="{}", message="", last_text="", moved=""))
