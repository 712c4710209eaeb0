"""Words for people: each code has its words in both languages, and no word is left over."""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from tests.sources import CODE, calls, dotted, python_files, strings, text_of, tree_of
from wms.errors import Code
from wms.messages import texts

TEXTS = texts()
ERRORS = Path("wms/errors.py")
FILES = [path for path in python_files(*CODE) if path != ERRORS]


def blanks(text: str) -> set[str]:
    """The names of the blanks in *text*."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@cache
def literals() -> frozenset[str]:
    """Every string that the code mentions."""
    return frozenset(str(text.value) for path in FILES for text in strings(path))


@cache
def prefixes() -> frozenset[str]:
    """The fixed beginnings of codes that the code puts together, as in `f"screen.{name}"`."""
    return frozenset(
        str(node.values[0].value)
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.JoinedStr)
        and len(node.values) > 1
        and isinstance(node.values[0], ast.Constant)
        and str(node.values[0].value).endswith(".")
    )


def said_with() -> Iterator[tuple[str, str, set[str]]]:
    """Each `say("code", ...)` and `Rejected(Code.NAME, ...)`: where, the code, and its blanks."""
    for path in FILES:
        for name, call in calls(path):
            if not call.args or any(keyword.arg is None for keyword in call.keywords):
                continue
            given = {str(keyword.arg) for keyword in call.keywords}
            first, where = call.args[0], f"{path}:{call.lineno}"
            if name == "say" and isinstance(first, ast.Constant):
                yield where, str(first.value), given
            member = dotted(first).removeprefix("Code.")
            if name == "Rejected" and member in Code.__members__:
                yield where, Code[member], given


def test_no_code_has_its_words_in_two_files() -> None:
    files = sorted(Path("wms/words").glob("*.toml"))
    found = Counter(code for file in files for code in tomllib.loads(text_of(file)))
    assert [code for code, times in found.items() if times > 1] == []


def test_every_text_is_in_both_languages_with_the_same_blanks() -> None:
    for code, words in TEXTS.items():
        assert set(words) == {"ja", "en"}, code
        assert blanks(words["ja"]) == blanks(words["en"]), code
        assert words["ja"].strip(), code
        assert words["en"].strip(), code


def test_every_refusal_has_words() -> None:
    assert {str(code) for code in Code} <= set(TEXTS)


def test_no_word_is_left_over() -> None:
    refused = {
        str(Code[node.attr])
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and dotted(node.value) == "Code"
        and node.attr in Code.__members__
    }
    unused = [code for code in TEXTS if code not in refused and not _is_said(code)]
    if unused:
        pytest.fail("nothing says these:\n" + "\n".join(unused), pytrace=False)


def _is_said(code: str) -> bool:
    """Whether the code mentions *code*, whole or as a known beginning with a known end."""
    return code in literals() or any(
        code.startswith(prefix) and code.removeprefix(prefix) in literals() for prefix in prefixes()
    )


def test_whatever_is_said_has_words_and_fills_their_blanks() -> None:
    faults = []
    for where, code, given in said_with():
        if code not in TEXTS:
            faults.append(f"{where}: {code} has no words")
        elif missing := blanks(TEXTS[code]["en"]) - given:
            faults.append(f"{where}: {code} needs {sorted(missing)}")
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)
