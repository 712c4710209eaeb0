"""The terminal API: whoever shows a terminal's token can work at it, and nobody else."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from app.http import HttpSettings, make_app
from picking import http as doors
from picking.http import AGE_MS_MAX, TEXT_MAX
from tests.floor_site import JAN, ON_BOTH, PIN, TOKEN, FloorSite, floor_at

TEA = f"]E0{JAN['TEA']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


class Device:
    """A terminal that speaks HTTP. Two seconds pass before each request."""

    def __init__(self, site: FloorSite, client: Any, name: str, token: str | None = None) -> None:
        self.site, self.client, self.name = site, client, name
        self.headers = {"Authorization": f"Bearer {TOKEN + name if token is None else token}"}

    def scan(self, text: str, status: int = 200, **body: Any) -> Any:
        self.site.now += 2_000
        wanted = {"scan_id": self.site.key("scan"), "text": text, **body}
        return self._ask("POST", f"/v1/terminals/{self.name}/scans", status, json=wanted)

    def sign_on(self, status: int = 200) -> Any:
        return self._ask("POST", "/v1/terminals", status, json={"terminal": self.name})

    def look(self, status: int = 200) -> Any:
        return self._ask("GET", f"/v1/terminals/{self.name}", status)

    def _ask(self, method: str, path: str, status: int, **body: Any) -> Any:
        answer = self.client.request(method, path, headers=self.headers, **body)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def client(site: FloorSite) -> Iterator[Any]:
    app = make_app(
        site.book, clock_ms=lambda: site.now, settings=HttpSettings(),
        routers=[doors.routes(site.settings)],
    )  # fmt: skip
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def device(site: FloorSite, client: Any) -> Device:
    return Device(site, client, "HT-01")


@ON_BOTH
def test_a_terminal_signs_on_and_works(site: FloorSite, device: Device) -> None:
    site.release([site.order(("TEA", 1), ("CUP", 1))])
    first = device.sign_on()
    assert (first["prompt"]["step"], first["prompt"]["awaits"]) == ("badge", ["badge"])
    menu = device.scan("BADGE:anna")
    assert (menu["fate"], menu["prompt"]["dialogue"], menu["prompt"]["person"]) == (
        "applied", "menu", "Anna",
    )  # fmt: skip
    for text, via, step in (
        ("1", "key", "get"), ("1", "key", "bind"), ("T-01", "scan", "place"),
        ("A-01", "scan", "item"), (TEA, "scan", "tote"),
    ):  # fmt: skip
        assert device.scan(text, via=via)["prompt"]["step"] == step
    refused = device.scan("T-02")
    assert refused["fate"] == "refused"
    assert refused["prompt"]["locked"]
    assert refused["prompt"]["message"]["expected"] == "T-01"
    assert device.scan("ok", via="command")["prompt"].get("message") is None
    assert device.scan("T-01")["prompt"]["step"] == "place"
    last = device.scan("B-02", version=first["version"])
    assert device.look()["version"] == last["version"] > first["version"]


@ON_BOTH
def test_a_repeated_scan_id_is_the_same_answer(site: FloorSite, device: Device) -> None:
    first = device.scan("BADGE:anna", scan_id="one")
    before = site.counts()
    assert device.scan("BADGE:anna", scan_id="one") == first
    assert site.counts() == before
    clash = device.scan("x", scan_id="two")
    assert clash["fate"] == "refused"
    assert device.scan("y", status=409, scan_id="two")["error"]["code"] == "key.reused"


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "HT-02", "token-of-HT-0"])
def test_only_its_own_token_opens_a_terminal(site: FloorSite, client: Any, token: str) -> None:
    thief = Device(site, client, "HT-01", token)
    before = site.counts()
    for answer in (thief.sign_on(401), thief.look(401), thief.scan("BADGE:anna", 401)):
        assert answer["error"]["code"] == "terminal.unknown"
    assert site.counts() == before


def test_who_tries_one_token_after_another_is_told_to_wait(site: FloorSite, client: Any) -> None:
    thief, honest = Device(site, client, "HT-01", "wrong"), Device(site, client, "HT-02")
    for _ in range(HttpSettings().burst):
        thief.look(401)
    assert thief.look(429)["error"]["code"] == "http.too_many_requests"
    honest.look()  # the same address, with the right one
    site.now += 1_000
    thief.look(401)


def test_an_unknown_terminal_looks_like_a_wrong_token(site: FloorSite, client: Any) -> None:
    ghost = Device(site, client, "HT-77")
    known = Device(site, client, "HT-01", "wrong")
    assert ghost.look(401)["error"]["code"] == known.look(401)["error"]["code"]
    for scheme in ("Basic x", "Bearer", ""):
        ghost.headers = {"Authorization": scheme}
        ghost.look(401)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"scan_id": "", "text": "x"}, 400, "scan_id"),
        ({"scan_id": "x" * 81, "text": "x"}, 400, "scan_id"),
        ({"text": "x"}, 400, "scan_id"),
        ({"scan_id": "a", "text": 5}, 400, "text"),
        ({"scan_id": "a", "text": "x" * (TEXT_MAX + 1)}, 400, "text"),
        ({"scan_id": "a", "text": "x", "via": "device"}, 400, "via"),
        ({"scan_id": "a", "text": "x", "via": "weight"}, 400, "via"),
        ({"scan_id": "a", "text": "x", "who": "me"}, 400, "who"),
        ({"scan_id": "a", "text": "x", "age_ms": -1}, 400, "age_ms"),
        ({"scan_id": "a", "text": "x", "age_ms": AGE_MS_MAX + 1}, 400, "age_ms"),
        ({"scan_id": "a\u0000", "text": "x"}, 400, "scan_id"),
        ({"scan_id": "a\u200b", "text": "x"}, 422, ""),
    ],
)
def test_a_malformed_input_is_refused_with_its_field_and_changes_nothing(
    site: FloorSite, device: Device, body: dict[str, Any], status: int, field: str
) -> None:
    before = site.counts()
    answer = device._ask("POST", "/v1/terminals/HT-01/scans", status, json=body)
    assert answer["error"].get("field", "") == field
    assert site.counts() == before


def test_what_is_too_long_for_a_barcode_is_journaled_and_answered(
    site: FloorSite, device: Device
) -> None:
    device.scan("BADGE:anna")
    answer = device.scan("x" * TEXT_MAX)
    assert (answer["fate"], answer["prompt"]["message"]["code"]) == ("refused", "scan.invalid")
    assert len(site.journal()[-1].text) == 512


def test_a_late_input_is_counted_at_its_own_time(site: FloorSite, device: Device) -> None:
    site.release([site.order(("TEA", 3), ("CUP", 1))])
    for text, via in (("BADGE:anna", "scan"), ("1", "key"), ("1", "key"), ("T-01", "scan"),
                      ("A-01", "scan"), (TEA, "scan")):  # fmt: skip
        device.scan(text, via=via)
    assert device.scan(TEA, age_ms=1_900)["fate"] == "repeat", "a bounce that had to wait"
    assert device.scan(TEA, age_ms=1_000)["fate"] == "applied"


def test_secret_prompts_leave_no_secret(site: FloorSite, client: Any) -> None:
    lead = Device(site, client, "LEAD-1")
    assert lead.scan("BADGE:lea")["prompt"]["secret"]
    assert lead.scan("000000", via="key")["fate"] == "refused"
    assert lead.scan(PIN, via="key")["prompt"]["dialogue"] == "menu"
    assert [row.text for row in site.journal()] == ["", "", ""]
    assert PIN not in str(site.journal())


@ON_BOTH
def test_looking_changes_nothing(site: FloorSite, device: Device) -> None:
    device.scan("BADGE:anna")
    before = (site.counts(), device.look())
    for _ in range(3):
        assert (site.counts(), device.look()) == before


def test_refusals_of_the_door_come_in_the_reader_s_language(site: FloorSite, client: Any) -> None:
    device = Device(site, client, "HT-01", "wrong")
    device.headers["Accept-Language"] = "ja"
    assert "登録されていません" in device.look(401)["error"]["message"]
