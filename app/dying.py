"""`GENBA_DIE_AT=POINT#N`: the server kills itself when it passes *POINT* for the N-th time.

Only for trials of crashes; see `wms.db.Book` for the points. Nothing is tidied up: SIGKILL.
"""

import os
import signal
from collections.abc import Callable, Mapping

from wms.db import nowhere

DIE_AT = "GENBA_DIE_AT"


def wish(environment: Mapping[str, str]) -> Callable[[str], None]:
    """What the environment asks of this process: to die somewhere, or nothing."""
    asked = environment.get(DIE_AT, "")
    return at(asked) if asked else nowhere


def at(asked: str) -> Callable[[str], None]:
    """Kill this process at `POINT#N` (`#1` if there is none); *POINT* may be the end of a name.

    `picking.floor.scan:written#3`, or `:committed#10` for any command.
    """
    point, _, number = asked.partition("#")
    left = [int(number or 1)]

    def reached(name: str) -> None:
        if not name.endswith(point):
            return
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
