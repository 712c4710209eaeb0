"""The frame of the proof: figures add up, belong to the code that ran, and are told as they are."""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from devices.conformance import until
from tests.postgres import memory_folder
from tests.prove import Part, code, work
from tests.prove.__main__ import Run
from tests.prove.ledger import Ledger, Slice, Summary
from tests.prove.page import NOTHING, page
from tests.sources import ROOT

DOCS = ROOT / "docs"


def rounds(seed: int) -> Iterator[Counter[str]]:
    yield Counter({"kills": seed})


PARTS = {"kills": Part("kills", {"kills": 100}, rounds), "cuts": Part("cuts", {"cuts": 9}, rounds)}


def ledger(folder: Path, **tests: str) -> Ledger:
    return Ledger.of(
        folder / "one.json", "abc", "2 cores", PARTS, {"kills": "k", "cuts": "c", **tests}
    )


def ran(part: str, seed: int, *, tests: str = "k", broken: str = "", **done: int) -> Slice:
    return Slice(part, tests, "c0ffee", seed, f"2026-11-22 10:0{seed}", 60.0, done, broken)


def test_runs_of_one_code_add_up_and_go_on(tmp_path: Path) -> None:
    ledger(tmp_path).add(ran("kills", 1, kills=30, late=2))
    ledger(tmp_path).add(ran("kills", 2, kills=45))
    found = ledger(tmp_path)
    assert found.done("kills") == {"kills": 75, "late": 2}
    assert (found.share("kills"), found.share("cuts")) == (0.75, 0)
    assert (found.next_seed("kills"), found.next_seed("cuts")) == (3, 1)


def test_what_other_tests_have_shown_does_not_count(tmp_path: Path) -> None:
    ledger(tmp_path).add(ran("kills", 1, kills=30, broken="lost"))
    ledger(tmp_path).add(ran("cuts", 1, tests="c", cuts=3))
    found = ledger(tmp_path, kills="changed since")
    assert not found.done("kills")
    assert not found.broken()
    assert found.done("cuts") == {"cuts": 3}


def test_the_page_says_what_was_done_what_broke_and_what_did_not_run(tmp_path: Path) -> None:
    found = ledger(tmp_path)
    found.add(ran("kills", 1, kills=60, late=2))
    found.add(ran("kills", 4, kills=39, broken="a row is gone\npython -m again 4"))
    told = page(found.summary())
    assert "| kills | kills | 99 | 100 | 99% |" in told
    assert "| kills | The frame of the proof: figures add up" in told
    assert "| 1 to 4 | 2026-11-22 10:01 | 2026-11-22 10:04 | 2.0 |" in told
    assert "* kills, seed 4, 2026-11-22 10:04:\n\n  ```\n  a row is gone\n  python" in told
    assert "* kills: 99.0%.\n* cuts: did not run." in told
    assert "* kills: late 2." in told
    assert "at commit c0ffee" in told


def test_nearly_is_not_reached(tmp_path: Path) -> None:
    found = ledger(tmp_path)
    found.parts = {"kills": Part("kills", {"kills": 10**6}, rounds)}
    found.add(ran("kills", 1, kills=10**6 - 1))
    (figures,) = found.summary().parts
    assert figures.share < 1
    assert "| 999,999 | 1,000,000 | 99% |" in page(found.summary())


def test_the_page_in_the_documents_is_that_of_its_figures() -> None:
    """`proof.md` says nothing but `proof.json`, and that holds together."""
    found = msgspec.json.decode((DOCS / "proof.json").read_bytes(), type=Summary)
    assert (DOCS / "proof.md").read_text("utf-8") == page(found)
    assert {part.name for part in found.parts} <= set(work.names())
    for part in found.parts:
        shares = [part.done.get(what, 0) / many for what, many in part.wanted.items()]
        assert abs(min(1.0, *shares) - part.share) <= 0.0001, part.name
        assert bool(part.slices) == bool(part.seconds) == bool(part.began[0]), part.name
    short = page(found).partition("## What did not reach its number\n\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\* (\w+):", short, re.M)) == {
        part.name for part in found.parts if part.share < 1
    }
    assert (short == NOTHING) == all(part.share == 1 for part in found.parts)


def test_the_code_of_a_part_is_all_that_it_imports_of_the_tests() -> None:
    files = {path.as_posix() for path in code.files_of(work.part("ledger"))}
    assert files >= {"tests/prove/crowd.py", "tests/whole_day.py", "tests/ledger_site.py"}
    assert "tests/prove/part_fuzz.py" not in files
    assert all(path.startswith("tests/") for path in files)


@pytest.mark.long
def test_a_slice_that_is_stopped_cleans_up_and_is_written_down(tmp_path: Path) -> None:
    part = work.part("power")
    found = Ledger.of(tmp_path / "one.json", "abc", "2 cores", {"power": part}, {"power": "p"})
    memory = Path(memory_folder() or tempfile.gettempdir())

    def made() -> set[Path]:
        return set(memory.glob("genba-power-*"))

    async def stopped() -> None:
        run = Run(found, "c0ffee", lambda _one: None)
        before = made()
        working = asyncio.create_task(run.one_slice("power", 300))
        await until(lambda: made() > before, "a story", within_s=300)
        run.stop.set()
        one = await working
        assert not one.broken
        assert made() <= before

    asyncio.run(stopped())
    assert len(found.slices("power")) == 1
