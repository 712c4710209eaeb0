"""Plants bugs in a copy of the project, one at a time, and sees whether the tests notice.

`python -m tests.plant_bugs` prints a line for each: what was planted, and which tests caught it.
Exit code 1 when one survived (or when the tests fail without any).
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from tests.planted import Bug
from tests.planted_controls import CONTROLS
from tests.planted_conveyor import CONVEYORS
from tests.planted_machine import MACHINE
from tests.planted_rfid import RFID
from tests.planted_rooms import ROOMS
from tests.planted_rules import RULES
from tests.planted_shift import SHIFT
from tests.planted_vda5050 import VDA5050

ROOT = Path(__file__).parent.parent
COPIED = ("app", "wms", "picking", "sync", "labels", "devices", "tui", "tests", "pyproject.toml")
RACES = ("tests/test_ledger_races.py",)
INBOUND = ("tests/test_inbound.py", "-k", "not postgresql")
COUNTS = ("tests/test_floor_count.py", "tests/test_floor_count_hard.py", "-k", "sqlite")
FAILED = 1  # pytest's exit code when tests ran and some failed
SHOWN = 90


ABSOLUTE = """

def _absolute(tx, guard, values, rows):
    import types

    done = 0
    for row in rows:
        was = tx.execute(select(stock).where(*_same_key()), row).mappings().first() or {}
        less = {name: was.get(name, 0) - row["b_qty"] for name in values}
        changed = update(stock).where(*_same_key(), guard).values(less)
        done += tx.execute(changed, row).rowcount
    return types.SimpleNamespace(rowcount=done)
"""


BUGS = (
    Bug(
        what="a count that loses promised goods tells nobody",
        file="picking/count_settle.py",
        right="        orders=elsewhere(tx, gone, key=key, now=now, today=today),\n",
        wrong="",
        tests=COUNTS,
    ),
    Bug(
        what="the most urgent order loses its goods first",
        file="picking/count_settle.py",
        right="func.coalesce(orders.c.priority, 0),",
        wrong="func.coalesce(orders.c.priority, 0).desc(),",
        tests=COUNTS,
    ),
    Bug(
        what="a difference is booked after one count",
        file="wms/counts/rules.py",
        right='return "recount" if last or twice else "agreed"',
        wrong='return "settle" if last else "agreed"',
        tests=COUNTS,
    ),
    Bug(
        what="a yes to one difference is a yes to every other",
        file="wms/counts/counting.py",
        right='return f"count:{count}:{round}:{owner}"',
        wrong='return f"count:{owner}"',
        tests=COUNTS,
    ),
    Bug(
        what="whoever asked may say yes",
        file="wms/people/approvals.py",
        right="    if giver == asker:\n",
        wrong="    if giver < 0:\n",
        tests=("tests/test_approval.py", "-k", "may_not and sqlite"),
    ),
    Bug(
        what="a wrong PIN at somebody else's terminal is not counted",
        file="picking/dialogues/approval.py",
        right='    return Say("sign_in.wrong_pin", "error")',
        wrong="    raise Rejected(Code.PIN_WEAK, digits=6)",
        tests=("tests/test_approval.py", "-k", "wrong_pin and sqlite"),
    ),
    Bug(
        what="one person's two counts are two counts",
        file="wms/counts/counting.py",
        right="row.round > 1 and row.person_id == person",
        wrong="row.round > 1 and not person",
        tests=("tests/test_stocktakes.py", "-k", "twice_is_not and sqlite"),
    ),
    Bug(
        what="a count that is late takes goods that are there",
        file="picking/count_settle.py",
        right="all(key in have and have[key].qty >= qty for",
        wrong="all(key in have or qty for",
        tests=COUNTS,
    ),
    Bug(
        what="somebody with rights for one owner counts another's goods",
        file="picking/dialogues/count_effects.py",
        right='        staff.must(tx, who.person.id, "count", owner)\n',
        wrong='        staff.must(tx, who.person.id, "count", owner[:0] or "beta")\n',
        tests=COUNTS,
    ),
    Bug(
        what="a PIN is remembered by its hash",
        file="picking/floor.py",
        right='"last_text": "" if hidden else pull.mark',
        wrong='"last_text": pull.mark',
        tests=("tests/test_approval.py", "-k", "no_pin_is_journaled and sqlite"),
    ),
    Bug(
        what="free units are taken without looking how many are free",
        file="wms/stock.py",
        right="(free, left >= stock.c.allocated, {",
        wrong="(free, left == left, {",
    ),
    Bug(
        what="a balance is read, counted down here, and written back",
        file="wms/stock.py",
        right="tx.execute(update(stock).where(*_same_key(), guard).values(values), rows)",
        wrong="_absolute(tx, guard, values, rows)",
        also=ABSOLUTE,
        tests=RACES,
    ),
    Bug(
        what="what arrives replaces what was there",
        file="wms/stock.py",
        right='"qty": stock.c.qty + new.qty,',
        wrong='"qty": new.qty,',
    ),
    Bug(
        what="a pick leaves its promise behind",
        file="wms/stock.py",
        right='            if line.promise == "kept":\n',
        wrong='            if line.promise == "lost":\n',
    ),
    Bug(
        what="a key may be used for something else",
        file="wms/stock.py",
        right="            if not same:\n",
        wrong="            if not same and not row:\n",
    ),
    Bug(
        what="the second half of a regrade is forgotten",
        file="wms/stock.py",
        right="    return post(tx, [line, back], actor=actor, now=now) == 2",
        wrong="    return post(tx, [line], actor=actor, now=now) == len([back])",
    ),
    Bug(
        what="a container is carried away from where it is not",
        file="wms/stock.py",
        right="    here = (places.c.code == container) & (places.c.parent == source)\n",
        wrong="    here = places.c.code == container\n",
    ),
    Bug(
        what="a container may be put into itself",
        file="wms/stock.py",
        right="        if above == container:\n",
        wrong="        if above == container + '?':\n",
    ),
    Bug(
        what="packing does not end the promise",
        file="wms/promises/allocation.py",
        right='promise="ended", reason="pack"',
        wrong='promise="kept", reason="pack"',
    ),
    Bug(
        what="an undone pick is not added to what was left of it",
        file="wms/promises/allocation.py",
        right="grown.values(qty=allocations.c.qty + row.qty)",
        wrong="grown.values(qty=allocations.c.qty)",
    ),
    Bug(
        what="a released promise still binds the stock",
        file="wms/promises/allocation.py",
        right="        ledger.promise(tx, freed)\n",
        wrong="",
    ),
    Bug(
        what="the same pick again is another pick",
        file="wms/promises/allocation.py",
        right="    if booked is None:\n        return None\n    part = booked",
        wrong="    if booked is None or booked:\n        return None\n    part = booked",
    ),
    Bug(
        what="goods that left stay in their box",
        file="wms/shipping/parcels.py",
        right="    ledger.post(tx, lines, actor=actor, now=now)\n",
        wrong="    del lines\n",
    ),
    Bug(
        what="readers do not wait for slow writers",
        file="wms/record/events.py",
        right='        .where(table.c.xid < bindparam("horizon"))\n',
        wrong="",
        tests=("tests/test_events.py",),
    ),
    Bug(
        what="seals do not wait for slow writers",
        file="wms/record/events.py",
        right='        .where(table.c.xid < bindparam("horizon"))\n',
        wrong="",
        tests=("tests/test_seals.py",),
    ),
    Bug(
        what="the same receipt again is not known",
        file="wms/inbound/receiving.py",
        right="    if _booked_before(tx, what, key):\n        return 0\n    row",
        wrong="    row",
        tests=INBOUND,
        also="\n\ndef _booked_before(tx, what, key):\n    return False\n",
    ),
    Bug(
        what="a receipt replaces what was counted before",
        file="wms/inbound/receiving.py",
        right="{column: column + part.qty}",
        wrong="{column: part.qty}",
        tests=INBOUND,
    ),
    Bug(
        what="what is taken back stays counted",
        file="wms/inbound/receiving.py",
        right="    _uncount(tx, booked)\n",
        wrong="",
        tests=INBOUND,
    ),
    Bug(
        what="more than announced needs no reason",
        file="wms/inbound/receiving.py",
        right="    if over and not what.over and",
        wrong="    if over < 0 and not what.over and",
        tests=INBOUND,
    ),
    Bug(
        what="goods of another owner are taken in",
        file="wms/inbound/receiving.py",
        right="    if item.owner != row.owner:\n",
        wrong="    if not item.owner:\n",
        tests=INBOUND,
    ),
    Bug(
        what="goods that expire today are expired at the dock, but not for an order",
        file="wms/inbound/rules.py",
        right="    if expiry < usable_from(today, 0):\n",
        wrong="    if expiry <= usable_from(today, 0):\n",
        tests=INBOUND,
    ),
    Bug(
        what="a tag that was received is received again",
        file="wms/inbound/tagged.py",
        right="inbound_units.c.seen_ms.is_(None),",
        wrong="inbound_units.c.seen_ms.is_not(None),",
        tests=("tests/test_inbound_portal.py", "-k", "again and sqlite"),
    ),
    Bug(
        what="a reader that was away has seen that nothing is there",
        file="wms/rooms/gaps.py",
        right="device_gaps.c.until_ms > since_ms",
        wrong="device_gaps.c.until_ms > now",
        tests=("tests/test_inbound_portal.py", "-k", "blind or gap"),
    ),
    *SHIFT,
    *RULES,
    *ROOMS,
    *RFID,
    *CONVEYORS,
    *MACHINE,
    *VDA5050,
    *CONTROLS,
)


@contextmanager
def copy_of_project() -> Iterator[Path]:
    """A copy of the code and its tests; the installed packages are those of this Python."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    with tempfile.TemporaryDirectory(prefix="genba-bugs-") as name:
        folder = Path(name)
        for part in COPIED:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=ignored)
            else:
                shutil.copy(ROOT / part, folder / part)
        yield folder


def run(folder: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """The exit code of *tests* in *folder*, and which of them failed first."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, failed[0].split(" - ")[0].removeprefix("FAILED ") if failed else ""


def is_caught(folder: Path, bug: Bug) -> bool:
    """Plant *bug*, run its tests, and put the file back. Says what came of it."""
    file = folder / bug.file
    whole = file.read_text("utf-8")
    if whole.count(bug.right) != 1:
        typer.echo(f"LOST      {bug.what}: {bug.file} no longer has the place for it")
        return False
    file.write_text(whole.replace(bug.right, bug.wrong) + bug.also, "utf-8")
    code, by = run(folder, bug.tests)
    file.write_text(whole, "utf-8")
    word = "caught" if code == FAILED else "SURVIVED"
    typer.echo(f"{word:10}{bug.what}\n{'':10}by {by[:SHOWN] or 'nobody'}")
    return code == FAILED


def main() -> int:
    """Run everything. Returns the exit code."""
    with copy_of_project() as folder:
        for tests in dict.fromkeys(bug.tests for bug in BUGS):
            code, by = run(folder, tests)
            if code != 0:
                typer.echo(f"{' '.join(tests)} fails without any bug: {by}")
                return 1
        caught = [is_caught(folder, bug) for bug in BUGS]
    typer.echo(f"{sum(caught)} of {len(caught)} bugs caught")
    return 0 if all(caught) else 1


if __name__ == "__main__":
    raise SystemExit(main())
