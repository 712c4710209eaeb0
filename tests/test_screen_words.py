"""What the floor is told in answer to a scan fits the smallest screen, in both languages.

The blanks are filled with what is long on a real day. Answers that lock the screen may take six
rows with what was expected and read; others have the two rows below the line of input.
"""

import ast
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from tests.screens.making import JAN, LANGUAGES, PLACE, SKU, SSCC, TOTE
from tui.layout import message_lines
from wms.errors import Code
from wms.messages import texts
from wms.rooms.prompts import Message

ROOM = Path("picking")
WIDTH, LOCKED_ROWS, FREE_ROWS = 20, 6, 2
# Blanks of what no worker can cause: bodies of the API, files, the server's own trouble.
NOT_OF_THE_FLOOR = {
    "field", "path", "revision", "host", "pid", "database", "file", "scope", "method", "sheet",
    "value", "reference", "owners", "prefix", "first", "text", "state", "allocation", "wait_ms",
}  # fmt: skip
FILLED = {
    "expected": PLACE, "scanned": JAN, "place": PLACE, "item": SKU, "sku": SKU, "sscc": SSCC,
    "container": SSCC, "tote": TOTE, "totes": f"{TOTE}, T-000413", "slot": "W-12",
    "lot": "L26112201",
    "barcode": JAN, "station": "PACK-01", "service": "ネコポス", "parcel": "P0000123-2",
    "owner": "SAKURA", "cage": "CAGE-0412", "order": "O0000123", "reason": "用紙切れ",
    "why": "用紙切れ", "way_out": "1で PACK-02 に印刷", "difference": "-1 TEA", "name": "長谷川",
    "person": "長谷川", "holder": "長谷川", "permission": "approve_count", "key": "ひとつ戻す",
    "carrier": "ヤマト運輸", "cart": "CART-12", "manifest": "M0000012", "document": "INV-000123",
    "expiry": "2026-11-21", "earliest": "2026-11-21", "grade": "A", "tracking": "123456789012",
    "work": "W0000004", "inbound": "IN0000007", "returning": "R0000005", "other": "T-000999",
    "box": "BX-L100", "read": "BX-S", "what": "ギフト", "template": "slip", "character": "x",
    "code_point": "U+20BB7", "terminal": "HT-0012", "disposition": "B", "instead": "TEA",
    "count": 1_200, "qty": 1_200, "left": 1_188, "missing": 12, "behind": 12, "orders": 12,
    "limit": 2_000, "seconds": 300, "weight": 182, "grams": 1_416, "tour": 12, "job": 12,
}  # fmt: skip
COUNTS = {"inbound.short": {"expected": 1_200, "scanned": 1_188}}
READ = {"place.not_real": PLACE}  # what was read there is in the words already


@cache
def severities() -> dict[str, str]:
    """What the picking room says, by code, and how: from its calls of `Say`, `wrong`, `unexpected`.

    Each refusal of the book is an error.
    """
    known = texts()
    found = {str(code): "error" for code in Code}
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found |= {code: how for code, how in _said(node, node.func.id) if code in known}
    return found


def _said(call: ast.Call, name: str) -> list[tuple[str, str]]:
    if name not in ("Say", "wrong", "unexpected"):
        return []
    how = "error"
    if name == "Say":
        second = call.args[1] if len(call.args) > 1 else None
        how = str(second.value) if isinstance(second, ast.Constant) else "ok"
    words = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
    return [(word, how) for word in words if isinstance(word, str)]


def blanks(code: str) -> set[str]:
    return {str(name) for _, name, _, _ in Formatter().parse(texts()[code]["ja"]) if name}


CODES = sorted(code for code in severities() if not blanks(code) & NOT_OF_THE_FLOOR)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_answer_to_a_scan_is_cut(language: str) -> None:
    cut = {}
    for code in CODES:
        how, filled = severities()[code], FILLED | COUNTS.get(code, {})
        said = texts()[code][language].format_map(dict.fromkeys(blanks(code), "12") | filled)
        message = Message(severity=how, text=said)  # type: ignore[arg-type]
        if how == "error":
            expected = str(filled["expected"]) if "expected" in blanks(code) else ""
            read = READ.get(code, str(filled["scanned"]))
            message = Message(severity="error", text=said, expected=expected, scanned=read)
        lines = message_lines(message, language, WIDTH)  # type: ignore[arg-type]
        if len(lines) > (LOCKED_ROWS if how == "error" else FREE_ROWS):
            cut[code] = lines
    assert cut == {}


def test_the_answers_of_the_floor_are_known() -> None:
    assert len(CODES) > 300
    assert severities()["scan.too_soon"] == "attention"
    assert severities()["pick.wrong_item"] == "error"
    assert severities()["ship.loaded"] == "ok"
