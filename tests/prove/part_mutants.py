"""Planted bugs: each seed plants one in a copy of the project, and its tests have to notice.

The last ones are the negative controls: the careless ways that everybody tries first.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout

from tests.plant_bugs import BUGS, copy_of_project, is_caught, run
from tests.planted import Bug
from tests.planted_controls import CONTROLS
from tests.prove import Broken, Part

WANTED, CONTROL = "mutants", "negative controls"
SAID = "python -m tests.prove.work mutants {} 1"


def rounds(seed: int, *, bugs: tuple[Bug, ...] = BUGS) -> Iterator[Counter[str]]:
    """Bug number *seed*, and no other: the next seed is the next bug."""
    bug = bugs[(seed - 1) % len(bugs)]
    with copy_of_project() as folder, redirect_stdout(sys.stderr):  # ours is for the frame
        code, by = run(folder, bug.tests)
        if code != 0:
            raise Broken(f"{bug.tests} fails without any bug: {by}; {SAID.format(seed)}")
        if not is_caught(folder, bug):
            raise Broken(f"nobody notices: {bug.what}; {SAID.format(seed)}")
    done = Counter({WANTED: 1, f"in {bug.file.partition('/')[0]}": 1})
    yield done + Counter({CONTROL: int(bug in CONTROLS)})


PART = Part(
    "mutants",
    {WANTED: 60, CONTROL: len(CONTROLS)},
    rounds,
    tuple(sorted({bug.tests[0] for bug in BUGS})),
)
