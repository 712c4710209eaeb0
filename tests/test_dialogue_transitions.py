"""Every transition that a dialogue lists has a test named for it, and no test invents one."""

from collections import Counter
from pathlib import Path

import pytest

from picking.dialogues import DIALOGUES
from tests.dialogue_table import transitions_listed, transitions_tested

ROOT = Path(__file__).parent.parent
NAMES = ("sign_in", *DIALOGUES)


@pytest.mark.parametrize("name", NAMES)
def test_every_listed_transition_has_its_tests(name: str) -> None:
    wanted = transitions_listed(ROOT / "picking" / "dialogues" / f"{name}.py")
    have = transitions_tested(ROOT / "tests" / f"test_dialogue_{name}.py")
    more = ROOT / "tests" / f"test_dialogue_{name}_more.py"  # of a long table, the second half
    have += transitions_tested(more) if more.exists() else Counter()
    assert wanted, f"{name} lists no transitions"
    assert not wanted - have, f"listed, but not tested: {dict(wanted - have)}"
    assert set(have) <= set(wanted), f"tested, but not listed: {set(have) - set(wanted)}"


def test_the_check_sees_what_is_missing(tmp_path: Path) -> None:
    table = tmp_path / "table.py"
    table.write_text('"""T.\n\nTransitions:\n* a, b -> c: one\n* a -> c: two\n"""\n', "utf-8")
    tests = tmp_path / "tests.py"
    tests.write_text("def test_a_to_c_first(): ...\ndef test_b_to_c(): ...\n", "utf-8")
    assert transitions_listed(table) - transitions_tested(tests) == {("a", "c"): 1}
