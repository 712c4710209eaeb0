"""One slice of one part in a process of its own: a JSON line a round, until the time is over.

`python -m tests.prove.work PART SEED SECONDS`. A broken promise is a line, too, and the end;
anything else that goes wrong is said on stderr. SIGTERM ends it in the middle of a round, which
then does not count; what it had made is cleaned up.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from types import FrameType

from tests import prove
from tests.engines import share_statements
from tests.prove import Broken, Part


class Stopped(SystemExit):
    """Somebody wants this slice to end now."""


def names() -> list[str]:
    """All parts."""
    found = sorted(each.name for each in pkgutil.iter_modules(prove.__path__))
    return [name.removeprefix("part_") for name in found if name.startswith("part_")]


def part(name: str) -> Part:
    """The part *name*; what the others are made of is not loaded."""
    found: Part = importlib.import_module(f"tests.prove.part_{name}").PART
    return found


def speaker() -> Callable[..., None]:
    """Says one line to whoever started us; all else that anybody prints goes to stderr.

    Of the processes that a part starts, too: standard output is another one from now on.
    """
    starter = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(**line: object) -> None:
        starter.write(json.dumps(line, ensure_ascii=False) + "\n")
        starter.flush()

    return say


def main(name: str, seed: int, seconds: float) -> None:
    """Do rounds of part *name* from *seed* on."""
    say = speaker()
    signal.signal(signal.SIGTERM, _stop)
    # As in the tests: a story's book is new, its statements are not.
    share_statements()
    gc.set_threshold(100_000, 50, 100)
    until_s = time.monotonic() + seconds
    with suppress(Stopped):
        try:
            with closing(part(name).rounds(seed)) as rounds:  # type: ignore[type-var]
                for done in rounds:
                    say(done=dict(done))
                    if time.monotonic() >= until_s:
                        break
        except Broken as broken:
            say(broken=str(broken))


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
