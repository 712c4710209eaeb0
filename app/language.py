"""Which language the command line speaks: the one of the terminal's locale; and codes in it."""

import os
import unicodedata

from wms.messages import Language, reason_words


def spoken() -> Language:
    """Japanese in a Japanese locale, else English. The strongest variable that is set decides."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := os.environ.get(name):
            return "ja" if locale.startswith("ja") else "en"
    return "en"


def word(code: str) -> str:
    """A code of the book in the reader's words; without words its last part, as it was stored.

    >>> word("look.order.held"), word("look.order.new-in-a-plugin")
    ('on hold', 'new-in-a-plugin')
    """
    told = reason_words(code, spoken())
    return code.rpartition(".")[2] if told == code else told


def padded(text: str, cells: int) -> str:
    """*text* and blanks up to so many cells of a terminal: a Japanese character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return text + " " * max(0, cells - taken)
