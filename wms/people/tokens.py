"""API tokens: 32 random bytes that a program shows, of which the book keeps only the SHA-256."""

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import msgspec
from sqlalchemy import Row, insert, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import api_tokens, owners
from wms.text import code, shown

PREFIX = "genba_live_"
RANDOM_BYTES = 32
DAYS_MAX = 365
NAME = "^[A-Za-z0-9._-]+$"
DAY_MS = 86_400_000
Scope = Literal[
    "orders:write", "orders:read", "stock:read", "events:read", "inbound:write",
    "returns:write", "work:write", "board:read", "robots:write", "admin",
]  # fmt: skip
SCOPES: tuple[str, ...] = get_args(Scope)
SITE_SCOPES = ("board:read", "robots:write", "admin")  # these see the whole site
OWNED_SCOPES = tuple(scope for scope in SCOPES if scope not in SITE_SCOPES)
USED_EVERY_MS = 60_000  # how exactly the last use is kept
_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


class Token(NamedTuple):
    """Who is asking. *owner* "" may see every owner. The secret itself is never kept."""

    id: int
    name: str
    scopes: frozenset[str]
    owner: str
    expires_ms: int
    used_ms: int | None
    revoked: bool

    @property
    def actor(self) -> str:
        """How moves and commands name it."""
        return f"api:{self.name}"

    def may(self, scope: str) -> bool:
        """Whether it may do what needs *scope*: admin may do everything."""
        return scope in self.scopes or "admin" in self.scopes


def create(
    tx: Tx, *, name: str, scopes: Sequence[str], owner: str, days: int, now: int, random: bytes
) -> str:
    """A new token, valid for *days* (at most 365). Returns the secret: it is shown only now.

    *random* are 32 bytes nobody can guess. Refuses an unknown scope or owner, a name in use, and
    an owner's token for what has no owner.
    """
    assert len(random) == RANDOM_BYTES
    if not re.fullmatch(NAME, code(name, field="name", max=64)):
        raise Rejected(Code.FIELD_PATTERN, field="name")
    _refuse_wrong_rights(tx, scopes, owner)
    if days < 1:
        raise Rejected(Code.FIELD_TOO_SMALL, field="days", limit=1)
    if days > DAYS_MAX:
        raise Rejected(Code.FIELD_TOO_BIG, field="days", limit=DAYS_MAX)
    if tx.execute(select(api_tokens.c.id).where(api_tokens.c.name == name)).first():
        raise Rejected(Code.ROW_TWICE, field="name", value=shown(name))
    secret = PREFIX + base64.urlsafe_b64encode(random).rstrip(b"=").decode()
    tx.execute(insert(api_tokens).values(
        name=name, token_hash=token_hash(secret), owner=owner, expires_ms=now + days * DAY_MS,
        scopes=msgspec.json.encode(sorted(set(scopes))).decode(),
    ))  # fmt: skip
    return secret


def check(tx: Tx, secret: str, *, now: int) -> Token | None:
    """The token that *secret* is; None when it is unknown, expired or revoked.

    The hash is looked up by its index: whoever measures that time learns about SHA-256 of guesses,
    not about tokens.
    """
    if not _SHAPE.fullmatch(secret):
        return None
    row = tx.execute(
        select(api_tokens).where(api_tokens.c.token_hash == token_hash(secret))
    ).first()
    if row is None or row.revoked or row.expires_ms <= now:
        return None
    return _token(row)


def touch(tx: Tx, token_id: int, *, now: int) -> None:
    """Remember that the token was used, to the minute."""
    stale = api_tokens.c.used_ms.is_(None) | (api_tokens.c.used_ms <= now - USED_EVERY_MS)
    tx.execute(update(api_tokens).where(api_tokens.c.id == token_id, stale).values(used_ms=now))


def needs_touch(token: Token, *, now: int) -> bool:
    """Whether `touch` would write anything."""
    return token.used_ms is None or token.used_ms <= now - USED_EVERY_MS


def owner_for(token: Token, asked: str) -> str:
    """Whose data a request is about: the token's own owner, or the one *asked* for ("" = all).

    Refuses `TOKEN_OWNER` when the token belongs to another owner.
    """
    if token.owner and asked not in ("", token.owner):
        raise Rejected(Code.TOKEN_OWNER, field="owner", owner=shown(asked))
    return token.owner or asked


def revoke(tx: Tx, name: str) -> None:
    """End a token at once, for good. Refuses a name that is unknown."""
    changed = update(api_tokens).where(api_tokens.c.name == name).values(revoked=1)
    if tx.execute(changed).rowcount == 0:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="name", value=shown(name))


def all_tokens(tx: Tx) -> list[Token]:
    """Every token ever made, by name."""
    return [_token(row) for row in tx.execute(select(api_tokens).order_by(api_tokens.c.name))]


def token_hash(secret: str) -> str:
    """What the book keeps of a token. 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _refuse_wrong_rights(tx: Tx, scopes: Sequence[str], owner: str) -> None:
    if not scopes:
        raise Rejected(Code.TEXT_EMPTY, field="scopes")
    for scope in scopes:
        if scope not in SCOPES:
            raise Rejected(Code.FIELD_CHOICE, field="scopes", value=shown(scope))
        if owner and scope not in OWNED_SCOPES:
            raise Rejected(Code.TOKEN_SCOPE_OF_SITE, field="scopes", scope=scope)
    if owner and not tx.execute(select(owners.c.code).where(owners.c.code == owner)).first():
        raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(owner))


def _token(row: Row[Any]) -> Token:
    scopes = frozenset(msgspec.json.decode(row.scopes, type=list[str]))
    return Token(
        row.id, row.name, scopes, row.owner, row.expires_ms, row.used_ms, bool(row.revoked)
    )
