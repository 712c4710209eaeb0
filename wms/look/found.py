"""What a look-up is asked and what it answers: values, and who may see whose goods."""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from wms.look.goods import Passage, Promise, Stored
from wms.people.staff import Person

Kind = Literal[
    "item", "lot", "serial", "place", "tote", "parcel", "manifest", "box", "badge", "order",
    "inbound", "return", "work", "stocktake",
]  # fmt: skip


class Subject(Struct, frozen=True, kw_only=True):
    """What is asked about: `id` of a row, or `items` and what narrows them."""

    kind: Kind
    code: str = ""
    id: int = 0
    items: tuple[int, ...] = ()
    lot: str = ""
    serial: str = ""


class Fact(Struct, frozen=True, kw_only=True):
    """One thing worth knowing. `name` is a word of `look.fact`; `value` may be a code of ours."""

    name: str
    value: str


class Found(Struct, frozen=True, kw_only=True):
    """The answer. `stock` is what lies there (or is inside), the newest passage comes first."""

    kind: Kind
    code: str
    name: str = ""
    picture: str = ""
    facts: tuple[Fact, ...] = ()
    stock: tuple[Stored, ...] = ()
    promises: tuple[Promise, ...] = ()
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when. `owners` are those whose goods they may see; None: everybody's."""

    now: int
    owners: frozenset[str] | None = None

    def sees(self, owner: str) -> bool:
        """Whether they may see the goods and papers of *owner*."""
        return self.owners is None or owner in self.owners


def owners_of(person: Person) -> frozenset[str] | None:
    """Whose goods *person* may see: of whom they may do anything at all; None: everybody's."""
    if not person.permissions or not person.limited:
        return None
    if any(verb not in person.limited for verb in person.permissions):
        return None
    return frozenset().union(*person.limited.values())


def facts(*pairs: tuple[str, object]) -> tuple[Fact, ...]:
    """Those that have a value."""
    return tuple(Fact(name=name, value=str(value)) for name, value in pairs if value not in ("", 0))
