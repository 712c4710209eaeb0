"""What the web application answers when it refuses: one form, in the language that was asked for.

`{"error": {"code": "stock.short", "message": "...", "field": "lines[0].qty"}}`
"""

import traceback
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct
from sqlalchemy.exc import OperationalError

from wms.errors import Code, Rejected
from wms.messages import Language, say
from wms.shape import refusal_of
from wms.text import shown
from wms.trouble import name_of, trouble_of

NOT_FOUND = frozenset({
    Code.ORDER_UNKNOWN, Code.INBOUND_UNKNOWN, Code.NO_SUCH_PATH, Code.PICTURE_UNKNOWN,
    Code.WORK_UNKNOWN,
    Code.RETURN_UNKNOWN,
})  # fmt: skip
CONFLICT = frozenset({
    Code.KEY_REUSED, Code.STOCK_SHORT, Code.CONTAINER_ELSEWHERE, Code.ALLOCATION_CLOSED,
    Code.ORDER_STATE, Code.WORK_STATE, Code.ORDER_AMBIGUOUS, Code.INBOUND_STATE,
    Code.INBOUND_AMBIGUOUS, Code.RETURN_STATE, Code.RETURN_AMBIGUOUS, Code.ROBOT_MODE,
})  # fmt: skip
BAD_REQUEST = ("body.", "field.", "text.", "import.", "http.bad")  # codes that begin so
STATUS: dict[Code, int] = {
    **dict.fromkeys(NOT_FOUND, 404),
    **dict.fromkeys(CONFLICT, 409),
    Code.BODY_TOO_BIG: 413,
    Code.BODY_TOO_SLOW: 408,
    Code.BODY_MEDIA_TYPE: 415,
    Code.CURSOR_GONE: 410,
    Code.CURSOR_WRONG: 400,
    Code.TOKEN_MISSING: 401,
    Code.TOKEN_WRONG: 401,
    Code.TERMINAL_UNKNOWN: 401,
    Code.TERMINAL_UNKNOWN: 401,
    Code.TOKEN_SCOPE: 403,
    Code.TOKEN_OWNER: 403,
    Code.TOO_MANY_REQUESTS: 429,
    Code.NO_SUCH_METHOD: 405,
    Code.OUR_FAULT: 500,
    Code.NO_BOOK: 503,
    Code.BOOK_FULL: 503,
    Code.BOOK_BUSY: 503,
}

log = structlog.get_logger("http")


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why not: a stable code, words for people, and the field that is to blame."""

    code: str
    message: str
    field: str = ""


class Refusal(Struct, frozen=True, kw_only=True):
    """The body of every answer that is not a success."""

    error: Problem


def status_of(code: Code) -> int:
    """The HTTP status of a refusal: 400 not understood, 409 in conflict, 422 understood but no."""
    if code in STATUS:
        return STATUS[code]
    return 400 if code.startswith(BAD_REQUEST) else 422


def language_of(accept: str) -> Language:
    """The language that an Accept-Language header prefers, of the two we speak; English if neither.

    >>> language_of("fr, ja;q=0.8, en;q=0.5"), language_of("*")
    ('ja', 'en')
    """
    best: tuple[float, Language] = (0.0, "en")
    for part in accept[:1000].split(","):
        name, _, quality = part.strip().partition(";q=")
        language: Language = "ja" if name.lower().startswith("ja") else "en"
        if name.lower()[:2] == language:
            best = max(best, (_quality(quality), language), key=lambda pair: pair[0])
    return best[1]


def _quality(text: str) -> float:
    try:
        return float(text or "1")
    except ValueError:
        return 0.0


def refusal(request: Request[Any, Any, Any], rejected: Rejected) -> Response[Refusal]:
    """A refusal of the book, or of this door, as an answer."""
    words = say(rejected.code, language_of(request.headers.get("accept-language", "")),
                **rejected.params)  # fmt: skip
    problem = Problem(
        code=rejected.code, message=words, field=str(rejected.params.get("field", ""))
    )
    status = status_of(rejected.code)
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if rejected.code == Code.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(-(-int(rejected.params["wait_ms"]) // 1000))
    return Response(Refusal(error=problem), status_code=status, headers=headers)


def framework_refusal(request: Request[Any, Any, Any], error: HTTPException) -> Response[Refusal]:
    """What the web framework refuses by itself, in our form."""
    path = shown(request.url.path)
    match error.status_code:
        case 404:
            rejected = Rejected(Code.NO_SUCH_PATH, path=path)
        case 405:
            rejected = Rejected(Code.NO_SUCH_METHOD, path=path, method=shown(request.method))
        case 413:
            limit = request.route_handler.resolve_request_max_body_size() or 0
            rejected = Rejected(Code.BODY_TOO_BIG, limit=limit)
        case status if status < 500:
            rejected = _parameter_refusal(error)
        case _:
            return fault(request, error)
    answer = refusal(request, rejected)
    answer.headers.update({
        name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"
    })  # fmt: skip
    return answer


def _parameter_refusal(error: HTTPException) -> Rejected:
    """A fault of a query or path parameter, which the framework found with msgspec."""
    match error.extra:
        case [{"message": str(message), "key": str(key)}, *_]:
            return refusal_of(msgspec.ValidationError(f"{message} - at `$.{key}`"))
        case _:
            return Rejected(Code.BAD_REQUEST)


def no_book(request: Request[Any, Any, Any], error: OperationalError) -> Response[Refusal]:
    """Nothing was written: the disk is full, somebody wrote through all tries, or the database is
    away. The caller may ask again."""
    code = {"full": Code.BOOK_FULL, "busy": Code.BOOK_BUSY}.get(
        trouble_of(error) or "", Code.NO_BOOK
    )
    log.warning("http.no_book", error=name_of(error), path=shown(request.url.path))
    return refusal(request, Rejected(code))


def fault(request: Request[Any, Any, Any], error: Exception) -> Response[Refusal]:
    """Our own bug. Only the frames are written down: a message may hold somebody's address."""
    log.error(
        "http.fault", error=type(error).__name__, method=request.method,
        path=shown(request.url.path), frames=traceback.format_tb(error.__traceback__),
    )  # fmt: skip
    return refusal(request, Rejected(Code.OUR_FAULT))
