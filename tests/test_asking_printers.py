"""Printers that are sent pictures: what comes out, what is confirmed, what nobody sends twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from devices.capabilities import NeedsHuman, Printed, PrintUncertain, Unavailable
from devices.codecs import sbpl as sbpl_codec
from devices.codecs import tpcl as tpcl_codec
from devices.codecs.printer_state import State, Taken
from devices.drivers.asking_printer import AskingPrinter
from devices.drivers.sbpl_tcp import SbplTcpPrinter
from devices.drivers.tpcl_tcp import TpclTcpPrinter
from devices.twins.raster_printer import RasterPrinterTwin
from devices.twins.sbpl_printer import SbplPrinterTwin
from devices.twins.tpcl_printer import TpclPrinterTwin
from labels import preview, sbpl, tpcl
from labels.templates import render
from tests.devices_bench import Heard, until

QUICK = {
    "poll_s": 0.03, "connect_timeout_s": 2.0, "answer_timeout_s": 0.5, "label_timeout_s": 5.0,
}  # fmt: skip
ITEM = {"name": "深蒸し茶 100g", "code": "4901234567894", "sku": "TEA-100"}
KINDS: list["Kind"] = [
    (SbplPrinterTwin, SbplTcpPrinter, sbpl), (TpclPrinterTwin, TpclTcpPrinter, tpcl),
]  # fmt: skip
Kind = tuple[
    Callable[[], RasterPrinterTwin], Callable[[Mapping[str, Any]], AskingPrinter], ModuleType
]
KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[2].__name__)


@asynccontextmanager
async def station(kind: Kind) -> AsyncIterator[tuple[RasterPrinterTwin, AskingPrinter, Heard]]:
    twin, heard = kind[0](), Heard()
    await twin.start()
    driver = kind[1]({"host": twin.host, "port": twin.port, **QUICK})
    await driver.open(heard.link("label-1"))
    try:
        yield twin, driver, heard
    finally:
        await driver.close()
        await twin.stop()


def label(kind: Kind, dots_per_mm: int = 8) -> bytes:
    payload = kind[2].from_zpl(render("item", ITEM, dots_per_mm=dots_per_mm), dots_per_mm)
    assert isinstance(payload, bytes)
    return payload


def as_paper(picture: Image.Image) -> Image.Image:
    return picture.convert("L").point(lambda level: 255 - level)


@KIND
@pytest.mark.parametrize("dots_per_mm", [8, 12])
async def test_what_comes_out_is_dot_for_dot_the_label_and_scans(
    kind: Kind, dots_per_mm: int
) -> None:
    (wanted,) = preview.read(render("item", ITEM, dots_per_mm=dots_per_mm))
    async with station(kind) as (twin, driver, _):
        if isinstance(twin, TpclPrinterTwin):
            twin.dots_per_mm = dots_per_mm
        assert await driver.print_label("17", label(kind, dots_per_mm), 1) is Printed.CONFIRMED
        paper = as_paper(twin.labels[0].picture)
    assert paper.size == (wanted.width, wanted.height)
    assert paper.tobytes() == wanted.image().tobytes()
    (code,) = zxingcpp.read_barcodes(paper)
    assert code.text == ITEM["code"]


@KIND
async def test_copies_are_counted_and_one_job_follows_another(kind: Kind) -> None:
    async with station(kind) as (twin, driver, _):
        for job, copies in (("17", 3), ("18", 1), ("19", 2)):
            assert await driver.print_label(job, label(kind), copies) is Printed.CONFIRMED
        assert [(one.copy, one.copies) for one in twin.labels] == [
            (1, 3), (2, 3), (3, 3), (1, 1), (1, 2), (2, 2),
        ]  # fmt: skip


@KIND
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("paper_is_out", "printer.paper_out"), ("head_is_open", "printer.head_open"),
        ("ribbon_is_out", "printer.ribbon_out"), ("paused", "printer.paused"),
        ("mute", "printer.silent"), ("garbage", "printer.garbage"),
    ],
)  # fmt: skip
async def test_a_blocked_printer_gets_no_byte_of_a_job(kind: Kind, fault: str, reason: str) -> None:
    async with station(kind) as (twin, driver, heard):
        setattr(twin, fault, True)
        with pytest.raises(NeedsHuman, match=reason):
            await driver.print_label("17", label(kind), 1)
        assert (heard.trouble, twin.jobs_received) == (reason, 0)
        setattr(twin, fault, False)
        assert await driver.print_label("17", label(kind), 1) is Printed.CONFIRMED
        assert (len(twin.labels), heard.trouble) == (1, "")


@KIND
async def test_paper_that_ends_in_the_middle_is_uncertain_and_the_rest_comes_by_itself(
    kind: Kind,
) -> None:
    async with station(kind) as (twin, driver, _):
        twin.paper_out(after=1)
        with pytest.raises(PrintUncertain, match=r"printer\.paper_out"):
            await driver.print_label("17", label(kind), 3)
        twin.mend()
        await until(lambda: len(twin.labels) == 3, "the twin to go on", 30)
        assert twin.jobs_received == 1


@KIND
@pytest.mark.parametrize("after", [1, 200, 2_000])
async def test_a_link_that_is_cut_in_a_job_is_uncertain(kind: Kind, after: int) -> None:
    async with station(kind) as (twin, driver, _):
        twin.cut_after_bytes = after
        with pytest.raises(PrintUncertain):
            await driver.print_label("17", label(kind), 1)
        assert await driver.print_label("18", label(kind), 1) is Printed.CONFIRMED
        assert len(twin.labels) == 1, "what was left of the first is not printed into the second"


@KIND
async def test_a_power_cut_after_the_job_was_taken_is_no_confirmation(kind: Kind) -> None:
    async with station(kind) as (twin, driver, _):
        twin.label_ms = 10_000
        printing = asyncio.create_task(driver.print_label("17", label(kind), 1))
        await until(lambda: twin.jobs_received == 1, "the twin to go on", 30)
        twin.power_cycle()
        with pytest.raises(PrintUncertain):
            await printing
        assert twin.labels == []


@KIND
async def test_a_printer_at_somebody_else_s_label_is_waited_for(kind: Kind) -> None:
    async with station(kind) as (twin, driver, _):
        twin.label_ms = 300
        first = asyncio.create_task(driver.print_label("17", label(kind), 1))
        await until(lambda: twin.jobs_received == 1, "the twin to go on", 30)
        other = kind[1]({"host": twin.host, "port": twin.port, **QUICK})
        await other.open(Heard().link("label-2"))
        with pytest.raises(Unavailable, match="still_busy"):
            await other.print_label("18", label(kind), 1)
        assert await first is Printed.CONFIRMED
        assert len(twin.labels) == 1


@KIND
async def test_what_is_no_job_of_this_language_is_refused(kind: Kind) -> None:
    async with station(kind) as (twin, driver, _):
        for payload in (b"^XA^XZ", b"", label(kind) + label(kind), label(kind)[:-1]):
            with pytest.raises(ValueError, match="payload"):
                await driver.print_label("17", payload, 1)
        with pytest.raises(ValueError, match="copies"):
            await driver.print_label("17", label(kind), 0)
        assert twin.jobs_received == 0


def test_sbpl_answers_are_the_same_in_any_chunks() -> None:
    wire = (
        b"\x06\x02  A000000" + b"0" * 16 + b"\x03\x0217G000003" + b"0" * 16 + b"\x03"
        b"x\x02  c000000\x03\x15\x02bad\x03\x02  !000000\x03"
    )
    wanted = [
        Taken(True), State(), State(job="17", left=3, busy=True), State("printer.paper_out"),
        Taken(False),
    ]  # fmt: skip
    for size in (1, 2, 7, len(wire)):
        answers = sbpl_codec.Answers()
        chunks = [wire[at : at + size] for at in range(0, len(wire), size)]
        assert [one for chunk in chunks for one in answers.feed(chunk)] == wanted
        assert answers.noise == 3


def test_tpcl_answers_are_the_same_in_any_chunks() -> None:
    def told(status: str, kind: int, left: int) -> bytes:
        return f"\x01\x02{status}{kind}{left:04d}\x03\x04\r\n".encode()

    wire = told("00", 1, 0) + b"xx" + told("02", 1, 3) + b"\x01" + told("40", 2, 0)
    wire += told("13", 2, 1) + told("99", 1, 0)
    wanted = [
        State(), State(left=3, busy=True), State(finished=True),
        State("printer.paper_out", left=1), State("printer.broken"),
    ]  # fmt: skip
    for size in (1, 2, 7, len(wire)):
        answers = tpcl_codec.Answers()
        chunks = [wire[at : at + size] for at in range(0, len(wire), size)]
        assert [one for chunk in chunks for one in answers.feed(chunk)] == wanted
        assert answers.noise == 3
