"""The day report in the reader's language, in columns that fit Japanese, too."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from app.demo.report import Row
from wms.messages import Language, reason_words, say

COLUMNS = ("flow", "owner", "unit", "hand", "ledger", "bill")
NUMBERS_FROM = COLUMNS.index("hand")
BILLED = "bill "  # what the name of a bill's line begins with
CANCELS = "cancels"


def table(rows: Sequence[Row], language: Language) -> list[str]:
    """The report as lines of text."""
    texts = [
        tuple(say(f"demo.column.{column}", language) for column in COLUMNS),
        *(_cells(row, language) for row in rows),
    ]
    widths = [max(cell_len(text[column]) for text in texts) for column in range(len(COLUMNS))]
    return [_aligned(text, widths) for text in texts]


def _cells(row: Row, language: Language) -> tuple[str, ...]:
    owner = row.owner or say("demo.everybody", language)
    numbers = map(_number, (row.hand, row.ledger, row.billed))
    return flow_words(row.flow, language), owner, _unit_words(row, language), *numbers


def flow_words(flow: str, language: Language) -> str:
    """What a flow is called: its name, and what it is about as the book says it.

    >>> flow_words("graded A", "en"), flow_words("bill work kit", "en")
    ('graded A', 'bill: value-added work kit')
    """
    if flow.startswith(BILLED):
        activity, _, detail = flow.removeprefix(BILLED).partition(" ")
        words = f"{say('demo.flow.bill', language)}: {say(f'billing.{activity}', language)}"
        return f"{words} {detail}".rstrip()
    name, _, detail = flow.partition(" ") if flow.startswith("graded ") else (flow, "", "")
    return f"{say(f'demo.flow.{name}', language)} {detail}".rstrip()


def _unit_words(row: Row, language: Language) -> str:
    if row.flow.startswith(BILLED):
        return say(f"billing.{row.unit}", language)
    if row.flow == CANCELS:  # what was told, and how far the goods were
        outcome, _, stage = row.unit.partition(", ")
        return f"{_known('orders.outcome', outcome, language)}, " + _known(
            "orders.stage", stage, language
        )
    return say(f"demo.unit.{row.unit}", language)


def _known(kind: str, word: str, language: Language) -> str:
    code = f"{kind}.{word}"
    told = reason_words(code, language)
    return word if told == code else told


def _aligned(texts: Iterable[str], widths: Sequence[int]) -> str:
    cells = []
    for column, (text, width) in enumerate(zip(texts, widths, strict=True)):
        gap = " " * (width - cell_len(text))
        cells.append(text + gap if column < NUMBERS_FROM else gap + text)
    return "  ".join(cells).rstrip()


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
