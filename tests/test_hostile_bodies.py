"""F39: whatever a stranger sends, a reason comes back soon, and the book is as it was."""

import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.body import DEPTH_MAX, document
from app.http import BODY_BYTES_MAX
from tests.api_site import Api, api
from tests.intake_site import order_body
from wms.errors import Code, Rejected
from wms.schema import events, orders

ORDER = json.dumps(order_body(), ensure_ascii=False)
ANSWER_S_MAX = 2.0  # on a busy machine; each takes some milliseconds

# What is sent, and the status, code and field that come back.
HOSTILE: dict[str, tuple[bytes, int, str, str]] = {
    "nothing": (b"", 400, "body.empty", ""),
    "spaces": (b" \n ", 400, "body.empty", ""),
    "words": (b"hello", 400, "body.not_json", ""),
    "half": (ORDER[:-5].encode(), 400, "body.not_json", ""),
    "more": (ORDER.encode() + b"{}", 400, "body.not_json", ""),
    "a list": (b"[]", 400, "field.not_object", "$"),
    "null": (b"null", 400, "field.not_object", "$"),
    "Shift_JIS": (ORDER.encode("cp932"), 400, "body.not_utf8", ""),
    "UTF-16": (ORDER.encode("utf-16"), 400, "body.not_utf8", ""),
    "byte order mark": (b"\xef\xbb\xbf" + ORDER.encode(), 400, "body.not_json", ""),
    "same key twice": (ORDER.replace('"owner"', '"shop": "SA", "owner"', 1).encode(), 400,
                       "body.key_twice", "shop"),
    "NaN": (ORDER.replace('"priority": 0', '"priority": NaN').encode(), 400, "body.number", ""),
    "infinity": (ORDER.replace('"priority": 0', '"priority": 1e999').encode(), 400,
                 "body.number", ""),
    "endless number": (ORDER.replace('"priority": 0', '"priority": ' + "9" * 5_000).encode(), 400,
                       "body.number", ""),
    "a number as text": (ORDER.replace('"priority": 0', '"priority": "0"').encode(), 400,
                         "field.not_int", "priority"),
    "a fraction": (ORDER.replace('"qty": 1', '"qty": 1.5').encode(), 400, "field.not_int",
                   "lines[0].qty"),
    "yes for one": (ORDER.replace('"qty": 1', '"qty": true').encode(), 400, "field.not_int",
                    "lines[0].qty"),
    "unknown field": (ORDER.replace('"owner"', '"admin": true, "owner"', 1).encode(), 400,
                      "field.unknown", "admin"),
    "NUL": (ORDER.replace('"notes": ""', r'"notes": "a\u0000b"').encode(), 400, "text.nul",
            "notes"),
    "half a character": (ORDER.replace('"notes": ""', r'"notes": "\ud83d"').encode(), 400,
                         "text.surrogate", "notes"),
    "deep": (b"[" * 100_000, 400, "body.too_deep", ""),
    "deep inside": (b'{"owner":' * 40 + b"1" + b"}" * 40, 400, "body.too_deep", ""),
    "endless string": (b'"' + b'\\"' * 120_000, 400, "body.not_json", ""),
    "many keys": (("{" + ",".join(f'"{n}":1' for n in range(20_000)) + "}").encode(), 400,
                  "field.unknown", "0"),
    "too big": (b" " * (BODY_BYTES_MAX + 1), 413, "body.too_big", ""),
}  # fmt: skip


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Api]:
    with api(sqlite_url, requests_per_s=10_000, burst=10_000) as made:
        yield made


def rows(site: Api) -> int:
    count = select(func.count())
    return site.book.read_now(
        lambda tx: sum(
            tx.execute(count.select_from(table)).scalar_one() for table in (orders, events)
        )
    )


@pytest.mark.parametrize(
    ("body", "status", "code", "field"), HOSTILE.values(), ids=list(HOSTILE.keys())
)
def test_f39_hostile_bodies_get_a_reason(
    site: Api, body: bytes, status: int, code: str, field: str
) -> None:
    headers = {**site.headers("orders:write"), "Content-Type": "application/json"}
    started_s = time.monotonic()
    answer = site.client.post("/v1/orders", content=body, headers=headers)
    assert time.monotonic() - started_s < ANSWER_S_MAX
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("field", "")) == (status, code, field)
    assert error["message"]
    assert rows(site) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=shift_jis"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/x-msgpack"},
        {"Content-Type": ""},
    ],
    ids=str,
)
def test_only_json_is_json(site: Api, headers: dict[str, str]) -> None:
    answer = site.client.post(
        "/v1/orders", content=ORDER.encode(), headers={**site.headers("orders:write"), **headers}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "body.media_type")
    assert rows(site) == 0


def test_without_a_token_no_byte_of_a_body_is_read(site: Api) -> None:
    answer = site.client.post("/v1/orders", content=b"x" * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 401


def test_the_biggest_order_that_may_come_does_come(site: Api) -> None:
    lines = [{"sku": "TEA", "qty": 9_999, "note": "あ" * 200}] * 200
    answer = site.client.post(
        "/v1/orders", json=order_body(lines=lines), headers=site.headers("orders:write")
    )
    assert answer.status_code == 201


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_passes_the_door_is_what_was_sent(value: object) -> None:
    sent = json.dumps(value)
    if r"\u0000" in sent:
        with pytest.raises(Rejected) as refused:
            document(sent.encode())
        assert refused.value.code == Code.TEXT_NUL
    else:
        assert document(sent.encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_refusal(body: bytes) -> None:
    try:
        document(body)
    except Rejected as refused:
        assert refused.code.startswith(("body.", "text."))


@pytest.mark.parametrize("depth", [DEPTH_MAX, DEPTH_MAX + 1])
def test_brackets_in_text_do_not_count_as_depth(depth: int) -> None:
    assert document(json.dumps("[{" * 100).encode()) == "[{" * 100
    nested = b"[" * depth + b"]" * depth
    if depth > DEPTH_MAX:
        with pytest.raises(Rejected):
            document(nested)
    else:
        assert document(nested) is not None
