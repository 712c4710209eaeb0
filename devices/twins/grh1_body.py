"""The physical side of a robot twin: where it stands, what lies on its fork, what it has moved.

None of this is memory: it is true whatever the PLC remembers, through power cuts and wipes.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol


class World(Protocol):
    """What stands at the stations. A robot asks it with its sensors, and changes it."""

    def loads_at(self, station: int) -> Sequence[str]:
        """Codes of the containers that a robot could take there."""
        ...

    def has_room(self, station: int) -> bool:
        """Whether one more container can be put down there."""
        ...

    def picked_up(self, station: int, code: str) -> None:
        """A robot has it on its fork now."""
        ...

    def placed(self, station: int, code: str) -> None:
        """A robot has put it down there."""
        ...


@dataclass(slots=True)
class Stations:
    """The simplest world: lists of containers by station, with room for everything."""

    loads: dict[int, list[str]] = field(default_factory=dict)

    def loads_at(self, station: int) -> Sequence[str]:
        return tuple(self.loads.get(station, ()))

    def has_room(self, station: int) -> bool:
        return True

    def picked_up(self, station: int, code: str) -> None:
        self.loads[station].remove(code)

    def placed(self, station: int, code: str) -> None:
        self.loads.setdefault(station, []).append(code)

    def where(self, code: str) -> int | None:
        """The station at which *code* stands."""
        return next((at for at, codes in self.loads.items() if code in codes), None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One container that a robot has physically moved, and for which mission it did so."""

    mission: int
    load_id: int
    load: str
    source: int
    target: int
    at_ms: int


class DeliveryLog:
    """Append-only: in memory, and one JSON line each in *file* for readers in other processes."""

    def __init__(self, file: Path | None = None) -> None:
        self.deliveries: list[Delivery] = []
        self._file = file

    def append(self, delivery: Delivery) -> None:
        """Note one delivery."""
        self.deliveries.append(delivery)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(delivery), ensure_ascii=False) + "\n")


@dataclass(slots=True)
class Body:
    """A robot as one sees it. `station` 0 is between two of them; `fork` is what lies on it."""

    world: World
    station: int = 1
    fork: str | None = None
    taken_at: int = 0
    battery: int = 800  # 0.1 %

    def pick_up(self, station: int, code: str) -> None:
        """Take *code* from where it stands."""
        self.world.picked_up(station, code)
        self.fork, self.taken_at = code, station

    def put_down(self, station: int) -> str:
        """Put down what lies on the fork, and tell what it was."""
        assert self.fork is not None
        code, self.fork = self.fork, None
        self.world.placed(station, code)
        return code

    def lose(self) -> str | None:
        """It slips off, or a person takes it off by hand: the world is not told where it is."""
        code, self.fork = self.fork, None
        return code
