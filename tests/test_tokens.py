"""Tokens, idempotency keys and the record of commands."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.intake_site import DAY_MS, NOW, seeded
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.people import tokens
from wms.record import commands, requests
from wms.record.requests import Stored, body_hash
from wms.schema import api_tokens
from wms.schema import commands as command_table

RANDOM = bytes(range(32))
OMS = {"name": "oms", "scopes": ["orders:write"], "owner": "A", "days": 365}


@pytest.fixture
def book(database_url: str) -> Book:
    return seeded(database_url)


def make(book: Book, **changes: object) -> str:
    wanted = {**OMS, "now": NOW, "random": RANDOM, **changes}
    return book.write_now(tokens.create, **wanted)  # type: ignore[arg-type]


def test_the_book_never_knows_a_token(book: Book) -> None:
    secret = make(book)
    assert secret.startswith("genba_live_")
    assert len(secret) == len("genba_live_") + 43, "32 random bytes"
    row = book.read_now(lambda tx: tx.execute(select(api_tokens)).one())
    assert secret not in str(row)
    assert secret.removeprefix(tokens.PREFIX) not in str(row)


def test_a_token_is_known_by_its_secret_until_its_last_day(book: Book) -> None:
    secret = make(book, days=1)
    found = book.read_now(tokens.check, secret, now=NOW + DAY_MS - 1)
    assert found is not None
    assert (found.name, found.owner, found.actor) == ("oms", "A", "api:oms")
    assert found.may("orders:write")
    assert not found.may("orders:read")
    assert book.read_now(tokens.check, secret, now=NOW + DAY_MS) is None
    assert book.read_now(tokens.check, secret[:-1] + "?", now=NOW) is None


def test_a_revoked_token_is_over_at_once(book: Book) -> None:
    secret = make(book)
    book.write_now(tokens.revoke, "oms")
    assert book.read_now(tokens.check, secret, now=NOW) is None
    with pytest.raises(Rejected):
        book.write_now(tokens.revoke, "nobody")


def test_its_last_use_is_kept_to_the_minute(book: Book) -> None:
    secret = make(book)
    token = book.read_now(tokens.check, secret, now=NOW)
    assert token is not None
    assert tokens.needs_touch(token, now=NOW)
    book.write_now(tokens.touch, token.id, now=NOW)
    book.write_now(tokens.touch, token.id, now=NOW + 59_999)
    token = book.read_now(tokens.check, secret, now=NOW)
    assert token is not None
    assert token.used_ms == NOW
    assert not tokens.needs_touch(token, now=NOW + 59_999)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scopes": ["everything"]}, Code.FIELD_CHOICE),
        ({"scopes": []}, Code.TEXT_EMPTY),
        ({"scopes": ["admin"]}, Code.TOKEN_SCOPE_OF_SITE),
        ({"owner": "nobody"}, Code.REFERENCE_UNKNOWN),
        ({"days": 366}, Code.FIELD_TOO_BIG),
        ({"days": 0}, Code.FIELD_TOO_SMALL),
        ({"name": "../x"}, Code.FIELD_PATTERN),
    ],
)
def test_a_token_that_may_not_be_is_refused(
    book: Book, changes: dict[str, object], code: Code
) -> None:
    with pytest.raises(Rejected) as refused:
        make(book, **changes)
    assert refused.value.code == code


def test_two_tokens_never_share_a_name(book: Book) -> None:
    make(book)
    with pytest.raises(Rejected) as refused:
        make(book, random=bytes(32))
    assert refused.value.code == Code.ROW_TWICE


def test_i10_a_key_gets_its_answer_again_or_409(book: Book) -> None:
    asked: dict[str, str] = {"scope": "api:oms", "key": "k1", "hash": body_hash(b"one")}
    assert book.read_now(requests.answered, **asked) is None
    book.write_now(requests.keep, **asked, status=201, response="{}", now=NOW)
    assert book.read_now(requests.answered, **asked) == Stored(201, "{}")
    assert book.read_now(requests.answered, **{**asked, "scope": "api:other"}) is None
    with pytest.raises(Rejected) as refused:
        book.read_now(requests.answered, **{**asked, "hash": body_hash(b"two")})
    assert refused.value.code == Code.KEY_REUSED


def test_a_command_leaves_one_row_in_its_own_transaction(book: Book) -> None:
    def act(tx: Tx, then: Callable[[], None]) -> None:
        commands.record(
            tx, actor="person:3", device="HT-01", permission="pick", name="scan", key="s1",
            body={"line": 5}, now=NOW,
        )  # fmt: skip
        then()

    def fail() -> None:
        raise Rejected(Code.STOCK_SHORT, place="A", item="B", qty=1)

    with pytest.raises(Rejected):
        book.write_now(act, fail)
    book.write_now(act, lambda: None)
    rows = book.read_now(lambda tx: tx.execute(select(command_table)).all())
    assert [(row.actor, row.device, row.permission, row.name, row.body) for row in rows] == [
        ("person:3", "HT-01", "pick", "scan", '{"line":5}')
    ]
