"""Words for people. The book speaks in codes; only screens and paper speak a language."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["ja", "en"]


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("wms").joinpath("messages.toml").read_text("utf-8"))


def say(code: str, language: Language, **params: str | int) -> str:
    """The words for *code* in *language*, its blanks filled with *params*.

    >>> say("stock.short", "en", place="A-01", item="TEA", qty=3)
    'A-01 does not have 3 of TEA free'
    """
    return _texts()[code][language].format(**params)


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
