"""The seeded driver of the whole shift, in the suite: a short run, and the long ones in shares.

Twenty-five thousand operations a share and eight shares on each engine: two hundred thousand. The
whole of it in one go, with its table of flows, is `python -m tests.whole_day`.
"""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from picking.dialogues import DIALOGUES
from tests.day_checks import LOOKED_AT, Watch
from tests.day_flows import done_in
from tests.day_site import DaySite
from tests.whole_day import ANSWERS, drive, never_done, world
from wms.audit import auditor
from wms.schema import commands, stock

SHARES, SHARE = 8, 25_000
SHORT = 90
# What a share of the long run may do without: it takes luck, and the whole run has it.
RARE_MAX = 12  # ten of 114 were the most after 24,000 operations


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def new(
    engine: str, request: pytest.FixtureRequest
) -> Callable[[], tuple[str, Callable[[], None]]]:
    """Makes empty books, as the driver wants them."""
    make: Callable[[], str] = request.getfixturevalue(f"new_{engine}")
    return lambda: (make(), lambda: None)


def test_a_little_of_everything(new: Callable[[], tuple[str, Callable[[], None]]]) -> None:
    """The same seed and world make the same day, to the last operation."""
    first, second = (world(new()[0], seed=1, number=0, operations=SHORT) for _ in range(2))
    assert first == second
    assert first["applied"] > SHORT // 3


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("share", range(SHARES))
def test_a_share_of_the_whole_day(
    share: int, new: Callable[[], tuple[str, Callable[[], None]]]
) -> None:
    tally = drive(new, seed=100 + share, operations=SHARE)
    missing = never_done(tally)
    assert len(missing) <= RARE_MAX, missing


def test_a_check_runs_whenever_a_table_that_it_reads_was_written(
    new: Callable[[], tuple[str, Callable[[], None]]],
) -> None:
    """What the driver looks at after a step is what the whole audit would have found."""
    from random import Random

    assert all(one.tables for one in LOOKED_AT)
    site = DaySite(new()[0], Random(1))
    watch = Watch(site.book)
    assert watch.look() == []
    site.write(lambda tx: tx.execute(update(stock).where(stock.c.place == "RS-1").values(qty=7)))
    seen, everything = watch.look(), site.read(auditor.full)
    assert seen
    assert watch.look() == [], "nothing was written since"
    known = {"name": "scan", "device": "HT-01", "key": "HT-01:1", "at_ms": 1, "body": "{}"}
    site.add(commands, {**known, "actor": "person:99", "permission": "pick"})
    unknown = watch.look()
    assert {one.invariant for one in unknown} == {"I10", "I14"}, "no such person, and no such scan"
    assert set(unknown) <= set(site.read(auditor.full))
    assert sorted(seen) == sorted(one for one in everything if one.invariant != "agree")
    assert done_in(site)["goods received"] == 0
    site.book.close()


def test_every_dialogue_has_its_answers() -> None:
    """Whoever adds a dialogue to the floor adds its hands to the driver."""
    named = {name.partition(".")[0] for name in ANSWERS} | {"menu"}
    assert named >= set(DIALOGUES)
