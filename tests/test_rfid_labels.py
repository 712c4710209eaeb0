"""Labels with a tag in them: each its own EPC, written by the printer and proven by reading it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from devices import intake, printing
from devices.capabilities import Printed, PrintUncertain
from devices.codecs import zpl_status
from devices.drivers.zpl_tcp import TAG_DIFFERS, TAG_UNREAD, ZplTcpPrinter
from devices.intake import Heard as Sounds
from devices.twins.printer import PrinterTwin
from labels.press import press, render_requested, requested
from labels.templates import render
from tests.devices_bench import Heard, printer
from tests.floor_site import ON_BOTH
from tests.receive_site import JAN, ReceiveSite, dock_at
from wms.inbound import lpn
from wms.rooms.signals import TagSeen
from wms.schema import events, items, owners, places, print_jobs, stations, tags
from wms.site import tags as tag_book
from wms.site.epc import gtin_of, serial_of, sscc96
from wms.site.tags import SERIAL_FROM

EPC = "30740242201d8840000fe632"
PAYLOAD = render("item", {"name": "Shirt", "gtin": JAN["SHIRT"], "epc": EPC})
QUICK = {"connect_timeout_s": 5.0, "answer_timeout_s": 0.4, "label_timeout_s": 1.0}


@asynccontextmanager
async def tag_printer() -> AsyncIterator[tuple[PrinterTwin, ZplTcpPrinter]]:
    async with printer() as twin:
        driver = ZplTcpPrinter({"host": twin.host, "port": twin.port, **QUICK})
        await driver.open(Heard().link("zebra-1"))
        try:
            yield twin, driver
        finally:
            await driver.close()


async def test_a_label_is_confirmed_when_its_tag_was_read_back() -> None:
    async with tag_printer() as (twin, driver):
        assert await driver.print_label("J-1", PAYLOAD, 1) is Printed.CONFIRMED
        assert [label.tag for label in twin.labels] == [EPC]
        twin.bad_inlays = 2
        assert await driver.print_label("J-2", PAYLOAD, 1) is Printed.CONFIRMED
        assert [label.tag for label in twin.labels[1:]] == ["VOID", "VOID", EPC]


@pytest.mark.parametrize(
    ("spoil", "why", "out"),
    [
        ("stubborn_inlays", TAG_DIFFERS, 1),
        ("writes_tags", TAG_UNREAD, 1),
        ("bad_inlays", "no confirmation in time", 3),
    ],
)
async def test_a_tag_that_is_not_proven_is_uncertain(spoil: str, why: str, out: int) -> None:
    async with tag_printer() as (twin, driver):
        setattr(twin, spoil, 3 if spoil != "writes_tags" else False)
        with pytest.raises(PrintUncertain, match=why):
            await driver.print_label("J-1", PAYLOAD, 1)
        assert len(twin.labels) == out


def test_two_labels_never_get_one_tag() -> None:
    with pytest.raises(ValueError, match="would be one piece"):
        zpl_status.envelope("J-1", PAYLOAD, 2)
    assert zpl_status.tag_of(PAYLOAD) == EPC
    assert zpl_status.tag_of(render("item", {"name": "Shirt", "gtin": JAN["SHIRT"]})) == ""


# In the book


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReceiveSite]:
    with dock_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.set(owners, owners.c.code == "acme", company_prefix=JAN["SHIRT"][:7])
        site.set(stations, stations.c.printer != "", rfid=1)
        yield site


def asked_for(site: ReceiveSite, qty: int, key: str = "one") -> list[str]:
    shirt = site.scalar(select(items.c.id).where(items.c.sku == "SHIRT"))
    bench = site.scalar(select(stations.c.code).where(stations.c.rfid == 1).limit(1))
    site.write(
        lpn.label_items, item=shirt, qty=qty, lot="", expiry="", station=bench, key=key,
        now=site.now,
    )  # fmt: skip
    return list(site.read(lambda tx: list(tx.scalars(select(tags.c.epc).order_by(tags.c.epc)))))


def becomes(site: ReceiveSite, job: int, state: str) -> None:
    site.write(
        printing.settle, job=job, before=("ready", "requested", "sending"), state=state,
        now=site.now,
    )  # fmt: skip


@ON_BOTH
def test_each_piece_gets_its_own_tag_and_its_label_says_what_became_of_it(
    site: ReceiveSite,
) -> None:
    epcs = asked_for(site, 3)
    assert asked_for(site, 3) == epcs, "asked twice, made once"
    assert {gtin_of(epc) for epc in epcs} == {JAN["SHIRT"]}
    assert [int(serial_of(epc)) for epc in epcs] == [SERIAL_FROM + n for n in range(3)]
    assert site.write(render_requested, now=site.now, dots_per_mm={}) == 3
    rows = site.rows(select(print_jobs).where(print_jobs.c.template == "item"))
    assert [zpl_status.tag_of(bytes(row.payload)) for row in rows] == epcs
    for row, state in zip(rows, ("confirmed", "uncertain", "failed"), strict=True):
        becomes(site, row.id, state)

    def states() -> list[str]:
        return [row.state for row in site.rows(select(tags).order_by(tags.c.epc))]

    assert states() == ["written", "uncertain", "void"]
    site.write(intake.record, heard=[
        Sounds(site.now, TagSeen("gate-1", epc, 1, -50, 2)) for epc in epcs
    ])  # fmt: skip
    assert states() == ["written", "written", "void"], "a reader has seen it: it was written"
    assert site.told("tag.commissioned") == 2
    assert asked_for(site, 1, "again")[-1] not in epcs


@ON_BOTH
def test_a_tag_that_a_reader_sees_was_written_and_is_told_once(site: ReceiveSite) -> None:
    """Whoever wrote it was killed meanwhile; a label that cannot be rendered never was."""
    epcs = asked_for(site, 3)

    def state(epc: str) -> str:
        return str(site.scalar(select(tags.c.state).where(tags.c.epc == epc)))

    assert site.write(tag_book.found, epc=epcs[0], now=site.now) == "uncertain"
    assert site.write(tag_book.found, epc=epcs[0], now=site.now) == "written"
    site.write(tag_book.seen, epcs=epcs[:2], now=site.now)
    site.write(tag_book.became, epc=epcs[1], state="written", now=site.now)
    assert [state(epc) for epc in epcs] == ["written", "written", "asked"]
    assert site.told("tag.commissioned") == 2
    job = site.scalar(select(tags.c.job_id).where(tags.c.epc == epcs[2]))
    site.set(print_jobs, print_jobs.c.id == job, template="none")
    site.write(render_requested, now=site.now, dots_per_mm={})
    assert state(epcs[2]) == "void"


def test_a_pallet_s_label_says_its_own_number_to_gates_and_doors(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 4))
    bench = site.scalar(select(stations.c.code).where(stations.c.rfid == 1).limit(1))
    pallet = site.write(
        lpn.new_pallet, delivery=delivery, station=bench, kind="pallet", key="one",
        now=site.now,
    )  # fmt: skip
    epc = site.scalar(select(places.c.epc).where(places.c.code == pallet))
    assert epc == sscc96(pallet, prefix_digits=7)
    site.write(render_requested, now=site.now, dots_per_mm={})
    (job,) = site.rows(select(print_jobs).where(print_jobs.c.template == "logistic"))
    assert zpl_status.tag_of(bytes(job.payload)) == epc
    site.write(lpn.reprint, container=pallet, station=bench, now=site.now + 1)
    again = site.rows(select(print_jobs).where(print_jobs.c.template == "logistic"))[-1]
    assert epc in again.data, "one pallet, one number"


def test_a_printer_of_pictures_is_not_asked_for_a_tag(site: ReceiveSite) -> None:
    asked_for(site, 1)
    jobs = site.read(requested)
    (pressed,) = press(jobs, {}, {jobs[0].station: "sbpl"})
    assert pressed.payload is None
    assert pressed.reason.startswith("label.tag")
    assert not site.rows(select(events.c.id).where(events.c.kind == "tag.commissioned"))


def test_goods_of_another_prefix_get_labels_without_tags(site: ReceiveSite) -> None:
    site.set(owners, owners.c.code == "acme", company_prefix="4999999")
    assert asked_for(site, 4) == []
    (job,) = site.rows(select(print_jobs).where(print_jobs.c.template == "item"))
    assert job.copies == 4
