"""The web application: who may enter, what may be said, and the doors of all rooms side by side.

A room's handler declares `opt={"scope": "orders:write"}` (or `{"public": True}`) and takes what it
needs by name as `NamedDependency[...]`: `book`, `token` (who asks), `now` (UTC milliseconds) and
`language`. Its body is a msgspec struct, `data: JSONBody[...]`, that has passed this door. Refusals
are raised as `Rejected`.
"""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from typing import Any, Literal

from litestar import Litestar, Request, Response, get
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import VERSION, answers, openapi
from app.body import document
from app.limits import Limits
from wms.db import Book
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.people import tokens
from wms.people.tokens import Token
from wms.shape import convert
from wms.text import shown

AnyRequest = Request[Any, Any, Any]
Connection = ASGIConnection[Any, Any, Any, Any]

JSON = "application/json"
BODY_BYTES_MAX = 256_000
BODY_TIMEOUT_S = 10.0
LOCAL = Token(0, "local", frozenset({"admin"}), "", 0, None, revoked=False)


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rates a token, and the hash of the token that this machine's own commands use."""

    requests_per_s: int = 20
    burst: int = 40
    local_token_hash: str = ""


def make_app(
    book: Book,
    *,
    clock_ms: Callable[[], int],
    settings: HttpSettings,
    routers: Sequence[ControllerRouterHandler],
) -> Litestar:
    """The application over *book* with the handlers of all rooms. *clock_ms* gives UTC ms."""
    gate = Gate(book, clock_ms, settings)
    description = openapi.Description()
    app = Litestar(
        route_handlers=[health, openapi.script, *routers],
        guards=[gate.admit],
        before_request=gate.inspect,
        dependencies={
            "book": Provide(lambda: book, sync_to_thread=False),
            "now": Provide(clock_ms, sync_to_thread=False),
            "token": Provide(_token, sync_to_thread=False),
            "language": Provide(_language, sync_to_thread=False),
        },
        exception_handlers={
            Rejected: gate.refuse,
            HTTPException: answers.framework_refusal,
            OperationalError: answers.no_book,
            Exception: answers.fault,
        },
        request_max_body_size=BODY_BYTES_MAX,
        response_headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        openapi_config=openapi.config(description),
        logging_config=None,
    )
    description.structs = gate.learn(app)
    return app


class Gate:
    """What every request passes: who asks, how often, and whether it is well-formed."""

    def __init__(self, book: Book, clock_ms: Callable[[], int], settings: HttpSettings) -> None:
        self.book = book
        self.clock_ms = clock_ms
        self.local_hash = settings.local_token_hash
        self.limits = Limits(settings.requests_per_s, settings.burst)
        self.queries: dict[BaseRouteHandler, frozenset[str]] = {}  # names that each handler takes

    def learn(self, app: Litestar) -> list[type]:
        """Note what each handler takes; one that does not say who may call it is our bug.

        Returns the structs that bodies and answers are made of.
        """
        structs: dict[type, None] = {}
        for route in app.routes:
            if not isinstance(route, HTTPRoute):
                continue
            for method, (handler, model) in route.route_handler_map.items():
                declared = "scope" in handler.opt or "public" in handler.opt
                assert method == "OPTIONS" or declared, f"{route.path} declares no scope"
                self.queries[handler] = frozenset(
                    parameter.field_alias for parameter in model.expected_query_params
                )
                if handler.resolve_include_in_schema():
                    structs.update(dict.fromkeys(_structs(handler)))
        return list(structs)

    async def admit(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Let in whom the handler asks for. Runs before anything of the body is read.

        Refuses `TOKEN_MISSING`, `TOKEN_WRONG`, `TOO_MANY_REQUESTS` and `TOKEN_SCOPE`.
        """
        scope = handler.opt.get("scope")
        if scope is None:  # public, or OPTIONS
            return
        now = self.clock_ms()
        token = await self._token(connection, now)
        self._limit(f"token:{token.id}", now)
        if not token.may(scope):
            raise Rejected(Code.TOKEN_SCOPE, scope=scope)
        connection.scope["auth"] = token

    async def _token(self, connection: Connection, now: int) -> Token:
        kind, _, secret = connection.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secret:
            raise Rejected(Code.TOKEN_MISSING)
        hashed = tokens.token_hash(secret)
        if self.local_hash and hmac.compare_digest(hashed, self.local_hash):
            return LOCAL
        token = await self.book.read(tokens.check, secret, now=now)
        if token is None:
            self._limit(_address(connection), now)
            raise Rejected(Code.TOKEN_WRONG)
        if tokens.needs_touch(token, now=now) and not self.book.full:
            await self.book.write(tokens.touch, token.id, now=now)
        return token

    def _limit(self, caller: str, now: int) -> None:
        if wait_ms := self.limits.take(caller, now):
            raise Rejected(Code.TOO_MANY_REQUESTS, wait_ms=wait_ms)

    def refuse(self, request: AnyRequest, refusal: Rejected) -> Response[answers.Refusal]:
        """Answer a refusal; who tries one terminal's token after another is told to wait, too."""
        if refusal.code == Code.TERMINAL_UNKNOWN:
            try:
                self._limit(_address(request), self.clock_ms())
            except Rejected as too_many:
                refusal = too_many
        return answers.refusal(request, refusal)

    async def inspect(self, request: AnyRequest) -> None:
        """Prove path, query and body before a handler sees them.

        Refuses unknown and repeated query names, NUL, and whatever `document` and the handler's
        struct refuse: the framework alone would take "3" for a number and 500 for an answer.
        """
        for name, value in request.path_params.items():
            _refuse_unstorable(name, str(value))
        seen: set[str] = set()
        for name, value in request.query_params.multi_items():
            if name not in self.queries[request.route_handler]:
                raise Rejected(Code.FIELD_UNKNOWN, field=shown(name))
            if name in seen:
                raise Rejected(Code.BODY_KEY_TWICE, field=shown(name))
            seen.add(name)
            _refuse_unstorable(name, value)
        data = request.route_handler.parsed_data_field
        if data is not None:
            convert(document(await _json_body(request)), data.annotation)


def _address(connection: Connection) -> str:
    """Whom a limit is for that is not for a token."""
    return f"address:{connection.client.host if connection.client else ''}"


def _structs(handler: BaseRouteHandler) -> list[type]:
    """The structs in what *handler* takes and gives."""
    signature = handler.parsed_fn_signature
    fields = [handler.parsed_data_field, signature.return_type]
    types = {
        part for field in fields if field is not None
        for part in (field.annotation, *(inner.annotation for inner in field.inner_types))
    }  # fmt: skip
    return [part for part in types if isinstance(part, type) and issubclass(part, Struct)]


def _refuse_unstorable(name: str, value: str) -> None:
    if "\x00" in value:
        raise Rejected(Code.TEXT_NUL, field=shown(name))


async def _json_body(request: AnyRequest) -> bytes:
    kind, options = request.content_type
    encoded = request.headers.get("content-encoding", "identity")
    charset = options.get("charset", "utf-8").lower()
    if kind != JSON or charset != "utf-8" or encoded != "identity":
        raise Rejected(Code.BODY_MEDIA_TYPE, expected=JSON)
    return await whole_body(request)


async def whole_body(request: AnyRequest) -> bytes:
    """The body, if it arrives in time. Refuses `BODY_TOO_SLOW`."""
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await request.body()
    except TimeoutError:
        raise Rejected(Code.BODY_TOO_SLOW, seconds=int(BODY_TIMEOUT_S)) from None


def _token(request: AnyRequest) -> Token:
    token: Token = request.auth
    return token


def _language(request: AnyRequest) -> Language:
    return answers.language_of(request.headers.get("accept-language", ""))


class Health(Struct, frozen=True, kw_only=True):
    """The server can do its work."""

    status: Literal["ok"] = "ok"
    version: str = VERSION


@get(
    "/v1/health",
    opt={"public": True},
    security=[{}],
    summary="Whether the server can do its work",
)
async def health(book: NamedDependency[Book]) -> Health:
    """200 when the book can be read, else 503."""
    await book.read(lambda tx: tx.execute(select(1)).all())
    return Health()
