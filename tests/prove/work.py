"""One slice of one part in a process of its own: a JSON line a round, until the time is over.

`python -m tests.prove.work PART SEED SECONDS`. A broken promise is a line, too, and the end;
anything else that goes wrong is said on stderr.
"""

import importlib
import json
import pkgutil
import sys
import time

from tests import prove
from tests.prove import Broken, Part

STARTER = sys.stdout  # what a part prints itself goes to stderr


def parts() -> dict[str, Part]:
    """Every part by its name."""
    names = sorted(each.name for each in pkgutil.iter_modules(prove.__path__))
    modules = [
        importlib.import_module(f"tests.prove.{name}") for name in names if name.startswith("part_")
    ]
    found: list[Part] = [module.PART for module in modules]
    return {part.name: part for part in found}


def say(**line: object) -> None:
    """One line to whoever started us."""
    STARTER.write(json.dumps(line, ensure_ascii=False) + "\n")
    STARTER.flush()


def main(name: str, seed: int, seconds: float) -> None:
    """Do rounds of part *name* from *seed* on."""
    sys.stdout = sys.stderr
    until_s = time.monotonic() + seconds
    rounds = parts()[name].rounds(seed)
    try:
        for done in rounds:
            say(done=dict(done))
            if time.monotonic() >= until_s:
                break
        rounds.close()  # type: ignore[attr-defined]  # a generator
    except Broken as broken:
        say(broken=str(broken))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
