"""A webhook on the wire: signed as the standard's own vectors, never inside by accident."""

import csv
import json
from ipaddress import ip_address
from pathlib import Path
from random import Random

import pytest

from sync.addresses import Forbidden, allowed, pinned
from sync.webhooks import (
    BACKOFF_S,
    BadSecret,
    Fate,
    Outgoing,
    body_of,
    delay_ms,
    headers_of,
    judged,
    words_of,
)
from wms.record.event_kinds import OrderAccepted, WaveReleased
from wms.record.events import Cursor, Told

VECTORS = list(
    csv.DictReader((Path(__file__).parent / "fixtures/webhooks.csv").open(encoding="utf-8"))
)
OURS = [
    row for row in VECTORS if row["scheme"] == "standard-webhooks" and row["expect"] == "ok"
]  # fmt: skip
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_Z2VuYmEtZGVtby1zZWNyZXQtMDEyMzQ1Njc4OTAxMg=="
NOON = 1_795_316_400_000  # 2026-11-22 12:00 in Tokyo, 03:00 UTC
ACCEPTED = Told(
    7, Cursor(0, 7), "order:12", 3, "acme", NOON,
    OrderAccepted(owner="acme", order_id=12, external_id="S-1001 贈", ship_date="2026-11-22"),
)  # fmt: skip


def outgoing(attempts: int = 0) -> Outgoing:
    return Outgoing(
        delivery=1, endpoint=1, name="oms", url="http://x", secret="", webhook_id="msg_1",
        body=b"{}", attempts=attempts,
    )  # fmt: skip


def fate(status: int, attempts: int = 0) -> Fate:
    return judged(outgoing(attempts), status, "", scale=1, random=Random(1)).fate


@pytest.mark.parametrize("row", OURS, ids=lambda row: row["id"])
def test_signatures_are_those_of_the_published_vectors(row: dict[str, str]) -> None:
    headers = headers_of(
        row["msg_id_or_header"], row["body"].encode(), secrets=row["secret"],
        now=int(row["timestamp"]) * 1000 + 999,
    )  # fmt: skip
    assert headers["webhook-signature"] in row["signature"].split(" ")
    assert headers["webhook-timestamp"] == row["timestamp"]
    assert headers["webhook-id"] == row["msg_id_or_header"]


def test_while_a_secret_changes_both_sign() -> None:
    headers = headers_of("msg_1", b"{}", secrets=f"{SECRET} {OTHER}", now=NOON)
    alone = [
        headers_of("msg_1", b"{}", secrets=secret, now=NOON)["webhook-signature"]
        for secret in (SECRET, OTHER)
    ]
    assert headers["webhook-signature"].split(" ") == alone


@pytest.mark.parametrize("secret", ["", " ", "whsec_", "whsec_é", "whsec_a"])
def test_what_is_no_secret_never_signs(secret: str) -> None:
    with pytest.raises(BadSecret):
        headers_of("msg_1", b"{}", secrets=secret, now=NOON)


def test_a_body_is_a_cloud_event_that_names_its_order() -> None:
    body = body_of(ACCEPTED, life="a1b2", order="O0000012")
    event = json.loads(body)
    assert {name: event[name] for name in event if name != "data"} == {
        "specversion": "1.0", "id": "7", "source": "urn:genba:a1b2", "type": "order.accepted",
        "subject": "S-1001 贈", "time": "2026-11-22T03:00:00Z",
        "datacontenttype": "application/json",
    }  # fmt: skip
    assert event["data"]["order"] == "O0000012"
    assert (event["data"]["about"], event["data"]["seq"]) == ("order:12", 3)
    assert body == body_of(ACCEPTED, life="a1b2", order="O0000012"), "the same in every attempt"


def test_an_event_of_no_order_is_about_what_happened() -> None:
    wave = Told(8, Cursor(0, 8), "wave:3", 1, "", NOON, WaveReleased(wave_id=3, orders=4))
    event = json.loads(body_of(wave, life="a", order=""))
    assert event["subject"] == "wave:3"
    assert "order" not in event["data"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, "delivered") for status in (200, 201, 202, 204)),
        *((status, "parked") for status in (400, 404, 405, 413, 422)),
        *((status, "retry") for status in (0, 301, 307, 401, 403, 408, 409, 425, 429, 500, 503)),
        (410, "gone"),
    ],
)
def test_an_answer_decides_what_follows(status: int, expected: Fate) -> None:
    assert fate(status) == expected


def test_the_tenth_failure_is_the_last() -> None:
    assert [fate(500, attempts) for attempts in (0, 8, 9)] == ["retry", "retry", "parked"]
    assert fate(204, 9) == "delivered"


def test_waits_are_those_of_the_schedule_give_or_take_a_fifth() -> None:
    assert BACKOFF_S == (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    random = Random(7)
    for attempts, base_s in enumerate(BACKOFF_S):
        drawn = [delay_ms(attempts, scale=1, random=random) / base_s for _ in range(200)]
        assert 800 <= min(drawn) < 830
        assert 1170 < max(drawn) <= 1200
    assert delay_ms(0, scale=0.001, random=random) <= 6


def test_a_refusals_words_are_short_and_steer_no_terminal() -> None:
    said = words_of(b"\x1b]52;c;AAAA\x07 no\r\n" + "だめ".encode() * 500)
    assert len(said) == 200
    assert not any(ord(character) < 32 for character in said)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.9/x", "http://192.168.1.5/", "http://172.16.0.1/", "http://169.254.169.254/",
        "http://0.0.0.0/", "http://[fd00::1]/", "http://[fe80::1]/", "http://[::ffff:10.0.0.1]/",
        "http://2130706433/", "http://127.1/", "http://100.64.0.1/", "ftp://example.com/",
        "file:///etc/passwd", "http:///x",
    ],
)  # fmt: skip
async def test_no_url_leads_inside_by_accident(url: str) -> None:
    with pytest.raises(Forbidden):
        await pinned(url, private_hosts=())


async def test_a_url_that_says_this_machine_may_lead_there() -> None:
    for url in ("http://127.0.0.1:8099/hook", "http://localhost:8099/hook"):
        where, host = await pinned(url, private_hosts=())
        assert str(where) == "http://127.0.0.1:8099/hook"
        assert host in url
    assert str((await pinned("http://[::1]/h", private_hosts=()))[0]) == "http://[::1]/h"


async def test_a_listed_host_may_be_inside_but_never_link_local() -> None:
    where, host = await pinned("http://10.0.0.9:81/x?y=1", private_hosts={"10.0.0.9"})
    assert (str(where), host) == ("http://10.0.0.9:81/x?y=1", "10.0.0.9")
    with pytest.raises(Forbidden):
        await pinned("http://169.254.169.254/", private_hosts={"169.254.169.254"})
    assert allowed(ip_address("203.0.113.7"), "oms.example", ()) is False
    assert allowed(ip_address("1.1.1.1"), "oms.example", ())
