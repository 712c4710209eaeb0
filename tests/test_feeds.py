"""The worker that tells the OMS, against a real one that fails in every way it can."""

import asyncio
import ssl
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from sync import feeds, outbox
from sync.webhooks import Outgoing
from tests.feed_site import FAST, all_told, event_count, point_at, quiet, until, wall_ms, working
from tests.picking_site import Site, site_at
from tests.sources import ROOT
from tests.webhook_receiver import SECRET, Answer, Receiver, receiving
from wms.config import Webhook
from wms.errors import Code, Rejected
from wms.schema import deliveries, orders

CERTIFICATE = Path(__file__).parent / "fixtures/localhost.pem"
pytestmark = pytest.mark.usefixtures("silence")


@pytest.fixture(scope="module")
def silence() -> None:
    quiet()


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    with site_at(sqlite_url) as site:
        site.put("A-01", "PEN", 500)
        yield site


def storm(seed: int) -> Receiver:
    """A receiver that fails seven times in ten, and each webhook at most thrice."""
    random = Random(seed)
    faults: list[Answer] = [
        500, 503, 429, 307, "reset_before", "reset_after", "never", "drip_head", "drip_body",
        "big_body",
    ]  # fmt: skip

    def decide(event: dict[str, Any], arrival: int) -> Answer:
        return 204 if arrival > 3 or random.random() < 0.6 else random.choice(faults)

    return Receiver(decide)


def numbered_densely(receiver: Receiver) -> bool:
    """Whether each order's events first arrived as 1, 2, 3..."""
    return all(seqs == list(range(1, len(seqs) + 1)) for seqs in receiver.first_seqs().values())


def waiting(site: Site) -> list[Any]:
    return site.rows(select(deliveries).where(deliveries.c.state != "delivered"))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_through_any_storm_everything_arrives_in_order_under_one_id(
    engine: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{engine}_url")
    with site_at(url) as site:
        site.put("A-01", "PEN", 500)
        async with receiving(storm(seed=4)) as oms:
            point_at(site, oms)
            site.release(site.orders([[("PEN", 2)]] * 12))
            async with working(url) as book:
                await all_told(book)
            assert len(oms.taken) == event_count(site) == 24
            assert numbered_densely(oms)
            ids: dict[Any, set[str]] = {}
            for identity, event in oms.arrivals:
                ids.setdefault((event["source"], event["id"]), set()).add(identity)
            assert all(len(each) == 1 for each in ids.values()), "one id for all attempts"
            assert len(oms.arrivals) > 24, "there was no storm"


async def test_killed_at_any_moment_it_goes_on_and_nothing_is_lost(site: Site) -> None:
    url = site.book.url
    async with receiving(storm(seed=9)) as oms:
        oms.slow_s = 0.02
        point_at(site, oms)
        site.release(site.orders([[("PEN", 2)]] * 15))
        for arrivals in (3, 15):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.feeds_process", url, cwd=ROOT
            )
            await until(lambda upto=arrivals: len(oms.arrivals) >= upto)  # type: ignore[misc]
            process.kill()
            await process.wait()
        async with working(url) as book:
            await all_told(book)
        assert len(oms.taken) == event_count(site)
        assert numbered_densely(oms)


async def test_a_slow_loris_holds_up_its_own_order_only(site: Site) -> None:
    first, *_ = site.orders([[("PEN", 2)]] * 6)
    site.release([])
    late = {"order:1"}

    def decide(event: dict[str, Any], arrival: int) -> Answer:
        return "drip_head" if event["data"]["about"] in late else 204

    async with receiving(Receiver(decide)) as oms:
        point_at(site, oms)
        async with working(site.book.url) as book:
            await until(lambda: len(oms.taken) == 5)
            await until(lambda: oms.attempts(oms.arrivals[0][0]) >= 2, timeout_s=30)
            late.clear()
            await all_told(book)
    assert first == 1
    assert numbered_densely(oms)


@pytest.mark.parametrize("answer", ["drip_body", "big_body"])
async def test_a_status_counts_at_once_whatever_comes_behind_it(site: Site, answer: Answer) -> None:
    site.order(("PEN", 2))
    async with receiving(Receiver(lambda event, arrival: answer)) as oms:
        point_at(site, oms)
        async with working(site.book.url) as book:
            await all_told(book)
    assert len(oms.arrivals) == 1


async def test_a_redirect_is_no_delivery_and_is_not_followed(site: Site) -> None:
    site.order(("PEN", 2))
    async with receiving(Receiver(lambda event, arrival: 307 if arrival < 3 else 204)) as oms:
        point_at(site, oms)
        async with working(site.book.url) as book:
            await all_told(book)
    assert len(oms.arrivals) == 3
    assert set(oms.paths) == {"/hook"}


async def test_poison_waits_for_a_person_while_others_go_on(site: Site) -> None:
    site.release(site.orders([[("PEN", 2)]] * 3))
    poison = {"order:2"}

    def decide(event: dict[str, Any], arrival: int) -> Answer:
        return 422 if event["data"]["about"] in poison else 204

    async with receiving(Receiver(decide)) as oms:
        point_at(site, oms)
        async with working(site.book.url) as book:
            await until(lambda: len(oms.taken) == 4)
            await until(lambda: [row.state for row in waiting(site)] == ["parked", "pending"])
            assert waiting(site)[0].last_error == "422 xx"
            poison.clear()
            await book.write(outbox.replay, now=0)
            await all_told(book)
    assert numbered_densely(oms)
    assert len(oms.taken) == 6


async def test_nobody_waits_for_a_server_that_never_answers(site: Site) -> None:
    """No transaction is open while a webhook is under way."""
    site.order(("PEN", 2))
    async with receiving(Receiver(lambda event, arrival: "never")) as oms:
        point_at(site, oms)
        async with working(site.book.url, feeds.Settings(timeout_s=30)):
            await until(lambda: oms.open == 1)
            async with asyncio.timeout(2):
                await asyncio.to_thread(site.order, ("PEN", 1))
            await until(lambda: oms.open == 2)
    assert [row.attempts for row in waiting(site)] == [0, 0]


async def test_many_orders_at_once_but_never_more_than_allowed(site: Site) -> None:
    site.orders([[("PEN", 2)]] * 20)
    async with receiving(Receiver()) as oms:
        oms.slow_s = 0.03
        point_at(site, oms)
        settings = feeds.Settings(concurrency=4, scales=FAST.scales, timeout_s=5)
        async with working(site.book.url, settings) as book:
            await all_told(book)
    assert oms.open_most == 4


async def test_a_server_that_is_away_gets_everything_when_it_is_back(site: Site) -> None:
    oms = Receiver()
    async with receiving(oms):
        point_at(site, oms)
    site.orders([[("PEN", 2)]] * 12)
    async with working(site.book.url) as book:
        await until(lambda: any(row.attempts for row in waiting(site)))
        async with receiving(oms):
            await all_told(book)
    assert len(oms.taken) == 12


async def test_a_secret_that_is_missing_stops_webhooks_and_nothing_else(site: Site) -> None:
    site.order(("PEN", 2))
    known: list[str] = []

    def secret(reference: str) -> str:
        if not known:
            raise Rejected(Code.SECRET_MISSING, reference=reference)
        return known[0]

    async with receiving(Receiver()) as oms:
        point_at(site, oms)
        async with working(site.book.url, secret=secret) as book:
            await until(lambda: any("secret" in row.last_error for row in waiting(site)))
            assert oms.arrivals == []
            assert SECRET not in str(waiting(site))
            known.append(SECRET)
            await all_told(book)
    assert len(oms.taken) == 1
    assert site.rows(select(orders.c.state)) == [("accepted",)]


async def test_tls_proves_the_name_of_each_url_even_at_one_address() -> None:
    """Addresses are looked up before the client connects: names must be proven all the same."""
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(CERTIFICATE)
    trust = ssl.create_default_context(cafile=str(CERTIFICATE))
    async with receiving(Receiver(), here) as oms:
        sender = feeds.Sender(
            partial(httpx2.AsyncClient, verify=trust, trust_env=False), FAST, wall_ms, Random(1),
            lambda _: SECRET,
        )  # fmt: skip
        fates = []
        for host in ("localhost", "127.0.0.1", "localhost"):
            one = Outgoing(
                delivery=1, endpoint=1, name="oms", url=f"https://{host}:{oms.port}/hook",
                secret="s", webhook_id="m", body=b'{"data": {"about": "a", "seq": 1}}', attempts=0,
            )  # fmt: skip
            fates.append(await sender.attempt(one))
        for client in sender.clients.values():
            await client.aclose()
    assert [tried.fate for tried in fates] == ["delivered", "retry", "delivered"]
    assert "CERTIFICATE_VERIFY_FAILED" in fates[1].error


async def test_an_address_inside_is_not_connected_to_unless_it_is_allowed(site: Site) -> None:
    site.order(("PEN", 2))
    point_at(site, Receiver(), url="http://10.255.255.1:9/hook")
    async with working(site.book.url):
        await until(lambda: any(row.attempts for row in waiting(site)))
        assert "no public address" in waiting(site)[0].last_error
    inside = Webhook(url="http://10.1.2.3:81/x", secret="s", private_network=True, retry_scale=0.5)
    outside = Webhook(url="https://oms.example/x", secret="s")
    settings = feeds.settings_of({"inside": inside, "oms": outside})
    assert settings.private_hosts == {"10.1.2.3"}
    assert settings.scales == {"inside": 0.5, "oms": 1.0}


async def test_410_ends_it(site: Site) -> None:
    site.orders([[("PEN", 2)]] * 3)
    async with receiving(Receiver(lambda event, arrival: 410)) as oms:
        point_at(site, oms)
        settings = feeds.Settings(concurrency=1, scales=FAST.scales)
        async with working(site.book.url, settings) as book:
            await until(lambda: bool(waiting(site)) and waiting(site)[0].attempts == 1)
            site.order(("PEN", 2))
            await until(lambda: len(waiting(site)) == 4)
            assert await book.read(outbox.lag) == 4
    assert len(oms.arrivals) == 1
