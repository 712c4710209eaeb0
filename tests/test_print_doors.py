"""Paper by API: once for each key, all of it or none, and only where a printer stands."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import insert, select

from app import print_doors
from app.http import HttpSettings, make_app
from tests.intake_site import NOW, seeded
from wms.db import Book
from wms.people.tokens import token_hash
from wms.schema import commands, print_jobs, stations

SECRET = "only this machine knows"
LOCAL = {"Authorization": f"Bearer {SECRET}"}
ASKED: dict[str, Any] = {
    "key": "desk:0001", "station": "PACK-1", "template": "tote",
    "labels": [{"code": "T-1"}, {"code": "T-2"}],
}  # fmt: skip


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    book = seeded(database_url)
    row = {"code": "PACK-1", "kind": "pack", "place": "DOCK", "printer": "label-1"}
    book.write_now(lambda tx: tx.execute(insert(stations).values(row)))
    yield book
    book.close()


@pytest.fixture
def client(book: Book) -> Iterator[TestClient[Litestar]]:
    settings = HttpSettings(local_token_hash=token_hash(SECRET))
    app = make_app(book, clock_ms=lambda: NOW, settings=settings, routers=[print_doors.routes()])
    with TestClient(app) as client:
        yield client


def ask(client: TestClient[Litestar], **changes: Any) -> tuple[int, Any]:
    """The status, and the ids of the jobs or the code of the refusal."""
    answer = client.post("/v1/print-jobs", json={**ASKED, **changes}, headers=LOCAL)
    if answer.status_code == 201:
        return 201, [job["id"] for job in answer.json()["jobs"]]
    return answer.status_code, answer.json()["error"]["code"]


def jobs(book: Book) -> list[tuple[str, str]]:
    query = select(print_jobs.c.template, print_jobs.c.data).order_by(print_jobs.c.id)
    return [(row.template, row.data) for row in book.read_now(lambda tx: tx.execute(query).all())]


def test_asked_again_with_its_key_it_is_the_same_paper(
    client: TestClient[Litestar], book: Book
) -> None:
    first = ask(client)
    assert ask(client) == first == (201, first[1])
    assert jobs(book) == [("tote", '{"code":"T-1"}'), ("tote", '{"code":"T-2"}')]
    assert ask(client, labels=[{"code": "T-9"}]) == (409, "key.reused")
    assert ask(client, key="desk:0002")[0] == 201
    assert len(jobs(book)) == 4


def test_one_label_that_cannot_be_printed_prints_none(
    client: TestClient[Litestar], book: Book
) -> None:
    assert ask(client, labels=[{"code": "T-1"}, {"colour": "red"}]) == (422, "label.data")
    assert ask(client, template="shipping")[0] == 400  # it has a door of its own
    assert ask(client, station="PACK-9") == (422, "reference.unknown")
    assert ask(client, template="packing_slip", labels=[_slip()]) == (422, "station.no_printer")
    assert jobs(book) == []


def _slip() -> dict[str, Any]:
    party = {"name": "?"}
    return {"order": "O1", "sender": party, "recipient": party, "lines": [{"name": "?", "qty": 1}]}


def test_how_far_it_is_can_be_asked(client: TestClient[Litestar]) -> None:
    (number, _) = ask(client)[1]
    shown = client.get(f"/v1/print-jobs/{number}", headers=LOCAL).json()
    assert (shown["station"], shown["state"], shown["reason"]) == ("PACK-1", "requested", "")
    assert client.get("/v1/print-jobs/999", headers=LOCAL).status_code == 422


def test_nobody_prints_without_leave_and_who_did_is_written_down(
    client: TestClient[Litestar], book: Book
) -> None:
    for path in ("/v1/print-jobs", "/v1/parcels/P-1/reprints"):
        assert client.post(path, json=ASKED).status_code == 401
    ask(client)
    query = select(commands.c.actor, commands.c.name)
    (row,) = book.read_now(lambda tx: tx.execute(query).all())
    assert (row.actor, row.name) == ("api:local", "print.request")


def test_a_parcel_without_a_number_has_no_label_to_reprint(client: TestClient[Litestar]) -> None:
    answer = client.post("/v1/parcels/P-9/reprints", json={"station": "PACK-1"}, headers=LOCAL)
    assert answer.json()["error"]["code"] == "reference.unknown"
