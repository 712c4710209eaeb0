"""The grader's screens on the smallest terminal: one question on one row, every digit in sight."""

from typing import Any

import pytest

from picking.dialogues.returns import RETURNS
from picking.dialogues.returns_facts import Facts, State
from tests import returns_table as table
from tui.layout import View, lay_out
from tui.text import cells
from wms.messages import Language
from wms.returns_find import CHOICES_MAX, Candidate

MANY = table.replace_facts(
    table.NOBODY, owners=("acme", "bloom"),
    candidates=tuple(
        Candidate(order=n, name=f"O{n:07d}", note="2026-11-20") for n in range(CHOICES_MAX)
    ),
    holders=("",) * CHOICES_MAX,
)  # fmt: skip
EVERYTHING = table.open_box(
    table.CUP_HERE, dispositions=("restock", "quarantine", "repair", "dispose", "to_owner")
)
SCREENS: list[tuple[State, Facts]] = [
    *((State(at=at), MANY) for at in ("arrive", "choose", "search", "unknown")),
    *((State(at=at), table.OPEN) for at in ("evidence", "aside", "unit", "instead", "close")),
    (State(at="evidence"), table.waiting()), (State(at="evidence"), table.waiting(waits=True)),
    (State(at="unit", listing=True), table.OPEN),
    (State(at="lot", item=11), table.open_box(table.FOOD_HERE)),
    (State(at="serial", item=12), EVERYTHING),
    (State(at="swapped", item=12, serial="S9"), EVERYTHING),
    (State(at="strange", item=11), table.open_box(table.STRANGE)),
    (State(at="grade", item=12, serial="S1"), EVERYTHING),
    (State(at="disposition", item=12, serial="S1", grade="A"), EVERYTHING),
    (table.PUTTING, EVERYTHING), (table.APPROVING, EVERYTHING),
]  # fmt: skip


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("state", "facts"), SCREENS, ids=[one.at for one, _ in SCREENS])
def test_a_small_screen_shows_the_question_and_its_answers(
    state: State, facts: Facts, language: Language
) -> None:
    prompt = RETURNS.prompt(state, facts, language)
    assert cells(f"> {prompt.ask}") <= 20, "it would take a second row from the answers"
    shown = rows(lay_out(View(prompt), 20, 11))
    for option in prompt.options:
        if option.key.isdigit():
            assert any(row.startswith(f"{option.key} {option.label[:6]}") for row in shown), shown
    assert len(shown) == 11
    assert all(cells(row) <= 20 for row in shown)


def rows(painted: Any) -> list[str]:
    """The text of each row."""
    return ["".join(span.text for span in row) for row in painted]
