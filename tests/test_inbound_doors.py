"""Deliveries through the doors: once each, files whole or not at all, owners see their own."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from sync import files
from sync.files import DryRun, Report
from tests.api_site import Api, api
from tests.intake_site import NOW, seeded
from tests.test_photos import JPEG
from wms.db import Book
from wms.papers import photos
from wms.schema import commands, inbound_lines, inbound_units, inbounds

SCOPE = "inbound:write"
BODY: dict[str, Any] = {
    "owner": "A", "external_id": "ASN-1", "supplier": "桜化学", "expected_date": "2026-11-25",
    "lines": [{"sku": "TEA", "qty": 24, "epcs": ["3" * 24]}, {"sku": "CUP", "qty": 6}],
    "ssccs": ["106141412345678908"],
}  # fmt: skip
HEAD = "荷主,入荷番号,入荷予定日,商品コード,数量,ロット,期限\n"


@pytest.fixture
def door(sqlite_url: str) -> Iterator[Api]:
    with api(sqlite_url) as site:
        yield site


def test_a_delivery_is_announced_seen_listed_and_cancelled(door: Api) -> None:
    headers = door.headers(SCOPE, owner="A")
    first = door.client.post("/v1/inbounds", json=BODY, headers=headers)
    again = door.client.post("/v1/inbounds", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "new": False}
    other = {**BODY, "lines": [{"sku": "TEA", "qty": 25}]}
    refused = door.client.post("/v1/inbounds", json=other, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "key.reused")
    for name in ("ASN-1", "IN0000001", "1"):
        seen = door.client.get(f"/v1/inbounds/{name}", headers=headers).json()
        assert (seen["state"], seen["units"], seen["units_seen"]) == ("expected", 2, 0)
        assert [(line["sku"], line["qty"]) for line in seen["lines"]] == [("TEA", 24), ("CUP", 6)]
    listed = door.client.get("/v1/inbounds?state=expected&limit=1", headers=headers).json()
    assert [(one["code"], one["qty"]) for one in listed["inbounds"]] == [("IN0000001", 30)]
    for _ in range(2):
        gone = door.client.post(
            "/v1/inbounds/ASN-1/cancel", json={"reason": "sunk"}, headers=headers
        )
        assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    names = door.book.read_now(lambda tx: list(tx.scalars(select(commands.c.name))))
    assert names == ["inbound.announce", "inbound.cancel"]


def test_deliveries_come_page_by_page(door: Api) -> None:
    headers = door.headers(SCOPE)
    for number in range(5):
        body = {**BODY, "external_id": f"ASN-{number}", "ssccs": []}
        assert door.client.post("/v1/inbounds", json=body, headers=headers).status_code == 201
    seen, after = [], ""
    while True:
        answer = door.client.get(f"/v1/inbounds?limit=2&after={after}", headers=headers).json()
        seen += [one["external_id"] for one in answer["inbounds"]]
        after = answer["next"]
        if not after:
            break
    assert seen == [f"ASN-{number}" for number in range(5)]
    wrong = door.client.get("/v1/inbounds?state=lost", headers=headers)
    assert wrong.status_code == 400


def test_an_owner_s_token_sees_only_its_own(door: Api) -> None:
    door.client.post("/v1/inbounds", json=BODY, headers=door.headers(SCOPE))
    theirs = door.headers(SCOPE, owner="B")
    assert door.client.post("/v1/inbounds", json=BODY, headers=theirs).status_code == 403
    assert door.client.get("/v1/inbounds/ASN-1", headers=theirs).status_code == 404
    assert door.client.get("/v1/inbounds", headers=theirs).json()["inbounds"] == []
    cancel = door.client.post("/v1/inbounds/IN0000001/cancel", json={}, headers=theirs)
    assert cancel.status_code == 404
    reader = door.headers("orders:read")
    assert door.client.get("/v1/inbounds", headers=reader).status_code == 403


def test_what_is_wrong_with_a_delivery_names_its_field(door: Api) -> None:
    headers = door.headers(SCOPE)
    wrong: dict[str, dict[str, Any]] = {
        "lines[0].sku": {"lines": [{"sku": "NOPE", "qty": 1}]},
        "lines[0].qty": {"lines": [{"sku": "TEA", "qty": 0}]},
        "lines": {"lines": []},
        "expected_date": {"expected_date": "2026-02-30"},
        "dock": {"dock": "NOWHERE"},
    }
    for field, change in wrong.items():
        answer = door.client.post("/v1/inbounds", json={**BODY, **change}, headers=headers)
        assert answer.status_code in (400, 422), answer.json()
        assert answer.json()["error"]["field"] == field


def test_an_owner_sees_what_arrived_damaged_and_a_lead_every_photo(door: Api) -> None:
    headers = door.headers(SCOPE, owner="A")
    door.client.post("/v1/inbounds", json=BODY, headers=headers)
    kept = [
        door.book.write_now(
            photos.keep, key=ref, ref=ref, type="", image=JPEG, person=None, now=NOW
        )
        for ref in ("inbound_line:2", "inbound:1", "stop:9", "inbound_line:22")
    ]
    seen = door.client.get("/v1/inbounds/ASN-1", headers=headers).json()
    assert seen["photos"] == kept[:2]
    path = f"/v1/inbounds/ASN-1/photos/{kept[0]}"
    picture = door.client.get(path, headers=headers)
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    assert door.client.get(path, headers=door.headers(SCOPE, owner="B")).status_code == 404
    other = door.client.get(f"/v1/inbounds/ASN-1/photos/{kept[2]}", headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "reference.unknown")
    lead = door.headers("board:read")
    first = door.client.get("/v1/photos?limit=3", headers=lead).json()
    rest = door.client.get(f"/v1/photos?after={first['next']}", headers=lead).json()
    refs = [one["ref"] for one in (*first["photos"], *rest["photos"])]
    assert refs == ["inbound_line:2", "inbound:1", "stop:9", "inbound_line:22"]
    assert rest["next"] == ""
    assert door.client.get(f"/v1/photos/{kept[2]}", headers=lead).content == JPEG
    assert door.client.get("/v1/photos", headers=headers).status_code == 403


# --- files -------------------------------------------------------------------------------------


def bring(book: Book, text: str, *, dry_run: bool = False) -> Report:
    parsed = files.read("inbounds", text.encode(), "file.csv")
    try:
        return book.write_now(
            files.bring_in, parsed, dry_run=dry_run, language="en", actor="cli", device="cli",
            now=NOW,
        )  # fmt: skip
    except DryRun as done:
        return done.report


def rows(book: Book) -> list[int]:
    tables = (inbounds, inbound_lines, inbound_units)
    return book.read_now(lambda tx: [
        int(tx.scalar(select(func.count()).select_from(table)) or 0) for table in tables
    ])  # fmt: skip


def test_a_file_of_deliveries_comes_in_once(database_url: str) -> None:
    book = seeded(database_url)
    text = HEAD + "A,ASN-1,2026/11/25,TEA,24,L1,2027/1/31\nA,ASN-1,,CUP,6,,\nB,ASN-1,,TEA,1,,\n"
    dry = bring(book, text, dry_run=True)
    assert (dry.new, dry.applied, rows(book)) == (2, False, [0, 0, 0])
    first, again = bring(book, text), bring(book, text)
    assert (first.rows, first.new, again.new, again.same) == (3, 2, 0, 2)
    assert rows(book) == [2, 3, 0]
    changed = bring(book, text.replace(",24,", ",25,"))
    assert [(one.row, one.code) for one in changed.faults] == [(2, "key.reused")]
    book.close()


def test_every_fault_of_a_file_of_deliveries_is_told_where_it_is(sqlite_url: str) -> None:
    book = seeded(sqlite_url)
    text = HEAD + (
        "A,ASN-1,,TEA,many,,\nA,ASN-2,,NOPE,1,,\nA,ASN-3,2026/11/25,TEA,1,,\n"
        "A,ASN-3,2026/11/26,CUP,1,,\nA,,,TEA,1,,\nA,ASN-4,,TEA,1,,2027-02-30\nZ,ASN-5,,TEA,0,,\n"
    )
    report = bring(book, text)
    assert [(one.row, one.column, one.code) for one in report.faults] == [
        (2, "数量", "field.not_int"), (3, "商品コード", "reference.unknown"),
        (5, "入荷予定日", "import.differs"), (6, "入荷番号", "text.empty"),
        (7, "期限", "date.wrong"), (8, "数量", "field.too_small"),
    ]  # fmt: skip
    assert rows(book) == [0, 0, 0]
    book.close()
