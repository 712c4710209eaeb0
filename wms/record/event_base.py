"""What every kind of event has: a name, its aggregate, and whose it is."""

from typing import ClassVar

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """The base of all kinds. `about` names the field that identifies the aggregate."""

    kind: ClassVar[str] = ""
    noun: ClassVar[str] = ""
    about: ClassVar[str] = ""
    owner: str = ""

    @property
    def aggregate(self) -> str:
        return f"{self.noun}:{getattr(self, self.about)}"


class OrderEvent(Event, frozen=True, kw_only=True):
    """Anything that the OMS must hear of in the order in which it happened to one order."""

    noun: ClassVar[str] = "order"
    about: ClassVar[str] = "order_id"
    order_id: int
    external_id: str = ""
