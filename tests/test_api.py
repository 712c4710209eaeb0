"""The partner API: strangers get what is theirs, once, and a reason for everything else."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, insert, select, update

from tests.api_site import Api, api
from tests.intake_site import DAY_MS, NOW, TODAY, order_body
from wms import stock
from wms.db import Tx
from wms.errors import Code
from wms.schema import commands, lots, parcels
from wms.schema import orders as order_table
from wms.stock import Move
from wms.storage import places
from wms.upkeep import incarnation

CANARY = "千代田1-1"


@pytest.fixture
def site(database_url: str) -> Iterator[Api]:
    with api(database_url) as made:
        yield made


@pytest.fixture
def one(sqlite_url: str) -> Iterator[Api]:
    """A site on one engine, for what the database has no part in."""
    with api(sqlite_url) as made:
        yield made


def test_i10_an_order_is_created_once(site: Api) -> None:
    partner = site.headers("orders:write", "orders:read")
    first = site.client.post("/v1/orders", json=order_body(), headers=partner)
    again = site.client.post("/v1/orders", json=order_body(), headers=partner)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "new": False}
    other = site.client.post("/v1/orders", json=order_body(priority=2), headers=partner)
    assert other.status_code == 409
    assert other.json()["error"] == {
        "code": "key.reused", "field": "external_id",
        "message": "Key E-1 was used before with other content",
    }  # fmt: skip
    counted = select(func.count()).select_from(order_table)
    assert site.book.read_now(lambda tx: tx.execute(counted).scalar()) == 1


def test_i10_a_key_gets_the_very_answer_of_its_first_request(site: Api) -> None:
    partner = {**site.headers("orders:write"), "Idempotency-Key": "try-1"}
    first = site.client.post("/v1/orders", json=order_body(), headers=partner)
    again = site.client.post("/v1/orders", json=order_body(), headers=partner)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    other = site.client.post("/v1/orders", json=order_body("E-2"), headers=partner)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key.reused")
    counted = select(func.count()).select_from(order_table)
    assert site.book.read_now(lambda tx: tx.execute(counted).scalar()) == 1


def test_i14_every_order_is_on_the_record_without_personal_data(site: Api) -> None:
    site.client.post("/v1/orders", json=order_body(), headers=site.headers("orders:write"))
    row = site.book.read_now(lambda tx: tx.execute(select(commands)).one())
    assert (row.actor, row.device, row.permission) == ("api:token-0", "api", "orders:write")
    assert (row.name, row.key) == ("orders.accept", "E-1")
    assert "山田" not in row.body


def test_an_order_is_found_by_each_of_its_names(site: Api) -> None:
    partner = site.headers("orders:write", "orders:read")
    made = site.client.post("/v1/orders", json=order_body("R/1 あ"), headers=partner).json()
    for name in (made["code"], str(made["order_id"])):
        found = site.client.get(f"/v1/orders/{name}", headers=partner).json()
        assert (found["external_id"], found["state"]) == ("R/1 あ", "accepted")
        assert found["lines"] == [
            {"line_no": 1, "sku": "TEA", "name": "お茶", "kind": "goods", "qty": 1, "packed": 0,
             "shipped": 0, "cancelled": 0},
        ]  # fmt: skip
        assert "山田" not in str(found), "whom it is for is not told back"
    site.client.post("/v1/orders", json=order_body("あ-2"), headers=partner)
    assert site.client.get("/v1/orders/あ-2", headers=partner).json()["ship_date"] == TODAY
    assert site.client.get("/v1/orders/O9999999", headers=partner).status_code == 404


def test_an_id_of_several_owners_needs_the_owner(site: Api) -> None:
    partner = site.headers("orders:write", "orders:read")
    site.client.post("/v1/orders", json=order_body("X"), headers=partner)
    site.client.post("/v1/orders", json=order_body("X", owner="B", shop="SB"), headers=partner)
    assert site.client.get("/v1/orders/X", headers=partner).status_code == 409
    assert site.client.get("/v1/orders/X?owner=B", headers=partner).json()["owner"] == "B"


def test_i8_a_tracking_number_is_told_only_after_its_label_was_scanned(site: Api) -> None:
    partner = site.headers("orders:write", "orders:read")
    made = site.client.post("/v1/orders", json=order_body(), headers=partner).json()
    box = {
        "code": "P1", "order_id": made["order_id"], "service": "yamato-takkyubin",
        "carrier": "yamato", "tracking": "123456789012", "state": "labelled", "created_ms": NOW,
    }  # fmt: skip
    site.book.write_now(lambda tx: tx.execute(insert(parcels), [box]))
    seen = site.client.get("/v1/orders/E-1", headers=partner).json()["parcels"]
    assert [(one["parcel"], one["tracking"]) for one in seen] == [("P1", "")]
    site.book.write_now(lambda tx: tx.execute(update(parcels).values(verified_ms=NOW)))
    seen = site.client.get("/v1/orders/E-1", headers=partner).json()["parcels"]
    assert seen[0]["tracking"] == "123456789012"


def test_stock_tells_what_could_be_promised(site: Api) -> None:
    def fill(tx: Tx) -> None:
        tx.execute(insert(lots), [
            {"item_id": 1, "lot": "L1", "expiry": "2027-01-31", "held": 0},
            {"item_id": 1, "lot": "L2", "expiry": "2027-02-28", "held": 1},
        ])  # fmt: skip
        lines = [
            Move(key=f"k{number}", item=item, qty=qty, source="@supplier", target=place, lot=lot,
                 condition=condition)
            for number, (item, qty, place, lot, condition) in enumerate([
                (1, 5, "A-01", "L1", "available"), (1, 4, "A-02", "L1", "available"),
                (1, 3, "A-01", "L2", "available"), (1, 2, "A-01", "L1", "damaged"),
                (1, 1, "DOCK", "L1", "available"), (2, 7, "A-01", "", "available"),
            ])
        ]  # fmt: skip
        stock.post(tx, lines, actor="test", now=NOW)
        stock.promise(tx, {stock.Key("A-01", 1, "L1", "available", ""): 2})
        places.block(tx, ["A-02"], "棚になし")

    site.book.write_now(fill)
    everyone = site.headers("stock:read")
    rows = site.client.get("/v1/stock?owner=A&sku=TEA", headers=everyone).json()["stock"]
    told = [
        (row["lot"], row["expiry"], row["condition"], row["qty"], row["allocated"], row["free"])
        for row in rows
    ]
    assert told == [
        ("L1", "2027-01-31", "available", 10, 2, 3),
        ("L1", "2027-01-31", "damaged", 2, 0, 0),
        ("L2", "2027-02-28", "available", 3, 0, 0),
    ]
    mine = site.client.get("/v1/stock", headers=site.headers("stock:read", owner="B")).json()
    assert [(row["owner"], row["free"]) for row in mine["stock"]] == [("B", 7)]
    first = site.client.get("/v1/stock?limit=1", headers=everyone).json()
    rest = site.client.get(f"/v1/stock?after={first['next']}", headers=everyone).json()
    assert {row["owner"] for row in first["stock"]} == {"A"}
    assert ({row["owner"] for row in rest["stock"]}, rest["next"]) == ({"B"}, "")


def test_events_come_in_commit_order_and_once(site: Api) -> None:
    partner = site.headers("orders:write", "events:read")
    for number in range(5):
        site.client.post("/v1/orders", json=order_body(f"E-{number}"), headers=partner)
    seen, after = [], ""
    while True:
        page = site.client.get(f"/v1/events?limit=2&after={after}", headers=partner).json()
        after = page["next"]
        if not page["events"]:
            break
        seen += [(one["kind"], one["data"]["external_id"], one["seq"]) for one in page["events"]]
    assert seen == [("order.accepted", f"E-{number}", 1) for number in range(5)]
    site.client.post("/v1/orders", json=order_body("new"), headers=partner)
    page = site.client.get(f"/v1/events?after={after}", headers=partner).json()
    assert [one["data"]["external_id"] for one in page["events"]] == ["new"]


def test_f10_a_restored_book_tells_its_readers(site: Api) -> None:
    partner = site.headers("events:read")
    after = site.client.get("/v1/events", headers=partner).json()["next"]
    site.book.write_now(incarnation.renew, b"restored")
    answer = site.client.get(f"/v1/events?after={after}", headers=partner)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, Code.CURSOR_GONE)
    for nonsense in ("x", "%00", "AAAA", "é", "Li4u"):
        answer = site.client.get(f"/v1/events?after={nonsense}", headers=partner)
        assert answer.status_code == 400


def test_f47_an_owner_sees_nothing_of_another(site: Api) -> None:
    everyone = site.headers("orders:write")
    site.client.post("/v1/orders", json=order_body("of-A"), headers=everyone)
    site.client.post("/v1/orders", json=order_body("of-B", owner="B", shop="SB"), headers=everyone)
    scopes = ("orders:write", "orders:read", "stock:read", "events:read")
    mine = site.headers(*scopes, owner="B")
    assert site.client.get("/v1/orders/of-B", headers=mine).status_code == 200
    assert site.client.get("/v1/orders/of-A", headers=mine).status_code == 404
    assert site.client.get("/v1/orders/1", headers=mine).status_code == 404
    assert site.client.get("/v1/orders/of-A?owner=A", headers=mine).status_code == 403
    assert site.client.get("/v1/stock?owner=A", headers=mine).status_code == 403
    assert site.client.post("/v1/orders", json=order_body("n"), headers=mine).status_code == 403
    told = site.client.get("/v1/events", headers=mine).json()["events"]
    assert {one["owner"] for one in told} == {"B"}


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/orders", "orders:write"),
        ("GET", "/v1/orders/E-1", "orders:read"),
        ("GET", "/v1/stock", "stock:read"),
        ("GET", "/v1/events", "events:read"),
        ("POST", "/v1/imports/items", "admin"),
        ("GET", "/v1/tokens", "admin"),
        ("POST", "/v1/tokens", "admin"),
        ("DELETE", "/v1/tokens/x", "admin"),
    ],
)
def test_f47_each_door_opens_to_its_scope_alone(
    one: Api, method: str, path: str, scope: str
) -> None:
    others = [
        name for name in ("orders:write", "orders:read", "stock:read", "events:read",
                          "board:read") if name != scope
    ]  # fmt: skip
    refused = one.client.request(method, path, headers=one.headers(*others))
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "token.scope")
    entered = one.client.request(method, path, headers=one.headers(scope))
    assert entered.status_code != 403


def test_a_token_that_is_unknown_expired_or_revoked_is_no_token(one: Api) -> None:
    secret = one.token("stock:read", days=1)
    headers = {"Authorization": f"Bearer {secret}"}
    assert one.client.get("/v1/stock", headers=headers).status_code == 200
    for wrong in (secret[:-1], secret + "A", "genba_live_" + "A" * 43, "x", "", "\x00"):
        answer = one.client.get("/v1/stock", headers={"Authorization": f"Bearer {wrong}"})
        assert answer.status_code == 401, wrong
        assert answer.headers["www-authenticate"] == "Bearer"
    assert one.client.get("/v1/stock").status_code == 401
    assert one.client.get("/v1/stock", headers={"Authorization": secret}).status_code == 401
    one.clock.now += DAY_MS
    assert one.client.get("/v1/stock", headers=headers).status_code == 401


def test_a_caller_in_a_hurry_is_told_when_to_come_back(one: Api) -> None:
    hurried, calm = one.headers("stock:read"), one.headers("stock:read")
    codes = [one.client.get("/v1/stock", headers=hurried).status_code for _ in range(42)]
    assert codes == [200] * 40 + [429] * 2
    answer = one.client.get("/v1/stock", headers=hurried)
    assert answer.headers["retry-after"] == "1"
    assert one.client.get("/v1/stock", headers=calm).status_code == 200
    one.clock.now += 100  # two more at 20 a second
    codes = [one.client.get("/v1/stock", headers=hurried).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_refusals_speak_the_language_that_was_asked_for(one: Api) -> None:
    body = order_body(lines=[{"sku": "NO", "qty": 1}])
    japanese = one.client.post(
        "/v1/orders", json=body, headers=one.headers("orders:write", language="ja-JP, en;q=0.5")
    )
    assert japanese.status_code == 422
    assert japanese.json()["error"] == {
        "code": "reference.unknown", "message": "lines[0].sku の NO は登録されていません",
        "field": "lines[0].sku",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nowhere", 404, "http.no_such_path"),
        ("GET", "/", 404, "http.no_such_path"),
        ("PUT", "/v1/orders", 405, "http.no_such_method"),
        ("TRACE", "/v1/orders", 405, "http.no_such_method"),
        ("GET", "/v1/stock?limit=0", 400, "field.too_small"),
        ("GET", "/v1/stock?limit=x", 400, "field.not_int"),
        ("GET", "/v1/stock?limit=1&limit=2", 400, "body.key_twice"),
        ("GET", "/v1/stock?colour=red", 400, "field.unknown"),
        ("GET", "/v1/stock?sku=a%00b", 400, "text.nul"),
        ("GET", "/v1/orders/a%00b", 400, "text.nul"),
    ],
)
def test_every_refusal_has_one_form(
    one: Api, method: str, path: str, status: int, code: str
) -> None:
    headers = one.headers("stock:read", "orders:read")
    answer = one.client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]


def test_health_needs_no_token(one: Api) -> None:
    answer = one.client.get("/v1/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_f48_a_bug_of_ours_tells_nobody_s_address(
    one: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("sync.http.lifecycle.accept", broken)
    answer = one.client.post("/v1/orders", json=order_body(), headers=one.headers("orders:write"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "http.our_fault")
    said = capsys.readouterr()
    assert "RuntimeError" in said.out + said.err
    assert CANARY not in said.out + said.err + answer.text


def test_the_documentation_loads_nothing_from_elsewhere(one: Api) -> None:
    page = one.client.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    script = one.client.get("/docs/rapidoc.js")
    assert script.headers["content-encoding"] == "gzip"
    assert "RapiDoc" in script.text


def test_the_schema_says_what_the_parser_does(one: Api) -> None:
    schema = one.client.get("/docs/openapi.json").json()
    wanted = schema["components"]["schemas"]["NewOrder"]
    assert wanted["additionalProperties"] is False
    assert wanted["properties"]["lines"]["maxItems"] == 200
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            assert operation["responses"]["4XX"], f"{method} {path}"
