"""Two kinds of wrong: the world asked for something the book refuses (`Rejected`), or our bug."""

from enum import StrEnum


class Code(StrEnum):
    """A stable name for every refusal. Its words live in `messages.toml` under the same name."""

    STOCK_SHORT = "stock.short"
    KEY_REUSED = "key.reused"
    CONTAINER_ELSEWHERE = "container.elsewhere"
    ALLOCATION_CLOSED = "allocation.closed"
    LABEL_TEMPLATE = "label.template"
    LABEL_DATA = "label.data"
    LABEL_GLYPH = "label.glyph"
    LABEL_TOO_LONG = "label.too_long"
    LABEL_BARCODE = "label.barcode"
    LABEL_BARCODE_WIDE = "label.barcode_wide"


class Rejected(Exception):
    """A request the book refuses: nothing was written. Shown in the reader's language.

    >>> str(Rejected(Code.STOCK_SHORT, place="A-01", qty=3))
    'stock.short place=A-01 qty=3'
    """

    def __init__(self, code: Code, **params: str | int) -> None:
        words = " ".join(f"{name}={value}" for name, value in params.items())
        super().__init__(f"{code} {words}".strip())
        self.code = code
        self.params = params
