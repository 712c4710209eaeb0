"""Words for people. The book speaks in codes; only screens and paper speak a language.

They are in `words/`, a file a subject: one table a code, each in Japanese and English with the
same blanks. Refusals carry the name of a `Code`; words of screens begin with their dialogue.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["ja", "en"]


@cache
def texts() -> dict[str, dict[str, str]]:
    """All words by code and language."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(files("wms").joinpath("words").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            found |= tomllib.loads(file.read_text("utf-8"))
    return found


def say(code: str, language: Language, **params: str | int) -> str:
    """The words for *code* in *language*, its blanks filled with *params*.

    >>> say("stock.short", "en", place="A-01", item="TEA", qty=3)
    'A-01 does not have 3 of TEA free'
    """
    return texts()[code][language].format(**params)


def reason_words(text: str, language: Language) -> str:
    """A reason as it was stored (a code, perhaps with `name=value` behind it) in words.

    Words that are no code are shown as they are.

    >>> reason_words("printer.paper_out", "en"), reason_words("10.0.0.9: no connection", "en")
    ('Paper is out: load labels', '10.0.0.9: no connection')
    """
    code, _, rest = text.partition(" ")
    pairs = (pair.partition("=") for pair in rest.split(" ") if "=" in pair)
    try:
        return say(code, language, **{name: value for name, _, value in pairs})
    except (KeyError, IndexError):
        return text
