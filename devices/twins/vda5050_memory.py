"""What a vehicle twin of VDA 5050 knows of its last order."""

from dataclasses import dataclass, field
from typing import Any

FINAL = ("FINISHED", "FAILED")


@dataclass(slots=True)
class Memory:
    """What it keeps over a power cut, unless it is wiped."""

    order: str = ""
    update: int = 0
    nodes: list[dict[str, Any]] = field(default_factory=list)  # still to be reached
    edges: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)  # with `status` and `node`
    instants: list[dict[str, Any]] = field(default_factory=list)
    at_node: str = ""
    at_sequence: int = 0

    @property
    def is_busy(self) -> bool:
        """Whether something is left of its order."""
        left = any(action["status"] not in FINAL for action in self.actions)
        return left or bool(self.nodes or self.edges)
