"""An event loop on which waiting costs nothing: hours of backoff run in milliseconds."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from app.simulation.loop import VirtualLoop

Result = TypeVar("Result")


def run(scene: Coroutine[Any, Any, Result]) -> Result:
    """Run *scene* to its end on a virtual clock."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scene)
