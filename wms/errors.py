"""Two kinds of wrong: the world asked for something the book refuses (`Rejected`), or our bug."""

from enum import StrEnum


class Code(StrEnum):
    """A stable name for every refusal. Its words live in `messages.toml` under the same name."""

    STOCK_SHORT = "stock.short"
    KEY_REUSED = "key.reused"
    CONTAINER_ELSEWHERE = "container.elsewhere"
    ALLOCATION_CLOSED = "allocation.closed"
    TEXT_NUL = "text.nul"
    TEXT_SURROGATE = "text.surrogate"
    TEXT_UNSEEN = "text.unseen"
    TEXT_SPACES = "text.spaces"
    TEXT_EMPTY = "text.empty"
    TEXT_TOO_LONG = "text.too_long"
    FIELD_MISSING = "field.missing"
    FIELD_UNKNOWN = "field.unknown"
    FIELD_TOO_SHORT = "field.too_short"
    FIELD_TOO_LONG = "field.too_long"
    FIELD_TOO_SMALL = "field.too_small"
    FIELD_TOO_BIG = "field.too_big"
    FIELD_TOO_BIG_AT_ALL = "field.too_big_at_all"
    FIELD_PATTERN = "field.pattern"
    FIELD_NOT_INT = "field.not_int"
    FIELD_NOT_TEXT = "field.not_text"
    FIELD_NOT_BOOL = "field.not_bool"
    FIELD_NOT_LIST = "field.not_list"
    FIELD_NOT_OBJECT = "field.not_object"
    FIELD_CHOICE = "field.choice"
    FIELD_WRONG = "field.wrong"
    REFERENCE_UNKNOWN = "reference.unknown"
    ROW_TWICE = "row.twice"
    DATE_WRONG = "date.wrong"
    DATE_RANGE = "date.range"
    CALENDAR_CLOSED = "calendar.closed"
    PHONE_WRONG = "phone.wrong"
    PREFECTURE_WRONG = "prefecture.wrong"
    TIME_SLOT_UNKNOWN = "time_slot.unknown"
    TIME_SLOT_RETIRED = "time_slot.retired"
    SERVICE_WITHOUT_DATE = "service.without_date"
    BARCODE_CHECK_DIGIT = "barcode.check_digit"
    BARCODE_TAKEN = "barcode.taken"
    PLACE_KIND = "place.kind"
    PLACE_OUTSIDE = "place.outside"
    SHOP_OF_ANOTHER_OWNER = "shop.of_another_owner"
    ORDER_STATE = "order.state"
    TOUR_NOT_YOURS = "tour.not_yours"
    TOUR_UNFINISHED = "tour.unfinished"
    SLOT_BOUND = "slot.bound"
    SLOT_UNBOUND = "slot.unbound"
    TOTE_UNKNOWN = "tote.unknown"
    TOTE_IN_USE = "tote.in_use"
    TOTE_NOT_EMPTY = "tote.not_empty"
    TOTE_WRONG = "tote.wrong"
    STOP_CLOSED = "stop.closed"
    STOP_TOO_MANY = "stop.too_many"
    UNDO_TOO_LATE = "undo.too_late"
    PLACE_NOT_DROP = "place.not_drop"
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
