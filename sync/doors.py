"""Doors for the site's own commands: imports and tokens, for whoever runs the server.

`genba import` and `genba token` come in here while a server holds the book.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter, RawBody
from msgspec import Meta, Struct

from sync import files
from sync.columns import Kind
from sync.files import DryRun, Report
from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.messages import Language
from wms.people import tokens
from wms.people.tokens import Scope
from wms.record import commands

FILE_BYTES_MAX = 20_000_000


@dataclass
class FileUpload(Operation):
    """An operation whose body is a file."""

    def __post_init__(self) -> None:
        schema = Schema(description="The file as it is")
        kinds = (
            "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )  # fmt: skip
        self.request_body = RequestBody(
            content={kind: OpenAPIMediaType(schema=schema) for kind in kinds}, required=True
        )


@post(
    "/imports/{kind:str}",
    opt={"scope": "admin"},
    status_code=200,
    summary="Bring a file in",
    request_max_body_size=FILE_BYTES_MAX,
    operation_class=FileUpload,
    responses={422: ResponseSpec(Report, description="Nothing was written: see its faults")},
)
async def post_import(
    kind: FromPath[Kind],
    body: RawBody,
    book: TheBook,
    token: TheToken,
    language: NamedDependency[Language],
    now: Now,
    name: Annotated[str, QueryParameter(max_length=200)] = "",
    dry_run: FromQuery[bool] = False,
) -> Response[Report]:
    """Items, places, stock, orders or inbounds: CSV (UTF-8, CP932) or XLSX, all of it or none."""
    parsed = await book.read(lambda _: files.read(kind, body, name))  # off the event loop
    try:
        report = await book.write(
            files.bring_in, parsed, dry_run=dry_run, language=language, actor=token.actor,
            device="api", now=now,
        )  # fmt: skip
    except DryRun as done:
        report = done.report
    return Response(report, status_code=422 if report.fault_count else 200)


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to be made. `owner` "" may see every owner."""

    name: Annotated[str, Meta(max_length=64, pattern=tokens.NAME)]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=20)]
    owner: Annotated[str, Meta(max_length=32)] = ""
    days: Annotated[int, Meta(ge=1, le=tokens.DAYS_MAX)] = tokens.DAYS_MAX


class Made(Struct, frozen=True, kw_only=True):
    """The secret of a new token, which nobody can ask for again."""

    token: str


class TokenView(Struct, frozen=True, kw_only=True):
    """A token as the book knows it: everything but the secret."""

    name: str
    scopes: tuple[str, ...]
    owner: str
    expires_ms: int
    used_ms: int | None
    revoked: bool


class TokenList(Struct, frozen=True, kw_only=True):
    """Every token ever made, by name."""

    tokens: tuple[TokenView, ...]


@post("/tokens", opt={"scope": "admin"}, summary="Make a token")
async def post_token(
    data: JSONBody[NewToken], book: TheBook, token: TheToken, now: Now,
    randomness: NamedDependency[Callable[[int], bytes]],
) -> Made:  # fmt: skip
    """The answer holds the secret; the book keeps only its hash."""
    random = randomness(tokens.RANDOM_BYTES)
    secret = await book.write(
        make_token, data, random=random, actor=token.actor, device="api", now=now
    )
    return Made(token=secret)


@get("/tokens", opt={"scope": "admin"}, summary="Every token ever made")
async def get_tokens(book: TheBook) -> TokenList:
    """Without their secrets, which the book does not know."""
    return await book.read(list_tokens)


@delete("/tokens/{name:str}", opt={"scope": "admin"}, summary="End a token at once")
async def delete_token(name: FromPath[str], book: TheBook, token: TheToken, now: Now) -> None:
    """The next request with it is refused."""
    await book.write(end_token, name, actor=token.actor, device="api", now=now)


def make_token(
    tx: Tx, wanted: NewToken, *, random: bytes, actor: str, device: str, now: int
) -> str:
    """Make a token and write down who did. Returns the secret."""
    secret = tokens.create(
        tx, name=wanted.name, scopes=wanted.scopes, owner=wanted.owner, days=wanted.days, now=now,
        random=random,
    )  # fmt: skip
    _record(tx, "token.create", wanted.name, actor=actor, device=device, now=now)
    return secret


def end_token(tx: Tx, name: str, *, actor: str, device: str, now: int) -> None:
    """Revoke a token and write down who did."""
    tokens.revoke(tx, name)
    _record(tx, "token.revoke", name, actor=actor, device=device, now=now)


def list_tokens(tx: Tx) -> TokenList:
    """Every token, without its secret."""
    return TokenList(tokens=tuple(
        TokenView(
            name=token.name, scopes=tuple(sorted(token.scopes)), owner=token.owner,
            expires_ms=token.expires_ms, used_ms=token.used_ms, revoked=token.revoked,
        )
        for token in tokens.all_tokens(tx)
    ))  # fmt: skip


def _record(tx: Tx, name: str, key: str, *, actor: str, device: str, now: int) -> None:
    commands.record(tx, actor=actor, device=device, permission="admin", name=name, key=key, now=now)


def routes(randomness: Callable[[int], bytes]) -> Router:
    """The handlers of these doors; *randomness* gives bytes that nobody can guess."""
    return Router(
        "/v1", route_handlers=[post_import, post_token, get_tokens, delete_token],
        dependencies={"randomness": Provide(lambda: randomness, sync_to_thread=False)},
    )  # fmt: skip
