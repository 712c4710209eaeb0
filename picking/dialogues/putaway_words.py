"""Refusals of the storage in the worker's words: conditions, storage, why a place is closed."""

from collections.abc import Callable
from functools import wraps

from picking.dialogues.base import Say, Who
from wms.db import Tx
from wms.errors import Rejected
from wms.messages import Language, say

Run = Callable[[Tx, object, Who], Say | None]

# What the book calls them, and the code of what people call them.
SPOKEN = {
    "available": "condition.available", "quarantine": "condition.quarantine",
    "damaged": "condition.damaged", "expired": "condition.expired",
    "returned": "condition.returned", "ambient": "storage.ambient", "chilled": "storage.chilled",
    "frozen": "storage.frozen", "count": "storage.to_be_counted",
}  # fmt: skip


def spoken(refusal: Rejected, language: Language) -> Rejected:
    """The same refusal; what was expected and what was brought are words of *language*."""
    params = dict(refusal.params)
    for name in ("expected", "scanned"):
        code = SPOKEN.get(str(params.get(name, "")))
        if code is not None:
            params[name] = say(code, language)
    return Rejected(refusal.code, **params)


def in_words(run: Run) -> Run:
    """*run* of a dialogue that puts things down: its refusals come in the worker's words."""

    @wraps(run)
    def spoken_run(tx: Tx, effect: object, who: Who) -> Say | None:
        try:
            return run(tx, effect, who)
        except Rejected as refusal:
            raise spoken(refusal, who.person.language) from refusal

    return spoken_run
