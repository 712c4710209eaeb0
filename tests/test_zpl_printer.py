"""The driver of the ZPL printer on TCP, against every fault that the twin knows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from devices.capabilities import (
    ConfigFault,
    LabelPrinter,
    NeedsHuman,
    Printed,
    PrintUncertain,
    Unavailable,
)
from devices.drivers.zpl_tcp import ZplTcpPrinter
from devices.twins.printer import PrinterTwin
from tests.devices_bench import Heard, printer, until

LABEL = "^XA^CI28^FO20,20^A0N,30,30^FH^FD_E5_93_81 {0}^FS^BCN,80^FD{0}^FS^XZ"
QUICK = {
    "poll_s": 0.03,
    "connect_timeout_s": 0.5,
    "answer_timeout_s": 0.3,
    "label_timeout_s": 1.0,
}


def label(number: str) -> bytes:
    return LABEL.format(number).encode()


@asynccontextmanager
async def station(
    twin_options: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[PrinterTwin, ZplTcpPrinter, Heard]]:
    async with printer(**(twin_options or {})) as twin:
        driver = ZplTcpPrinter({"host": twin.host, "port": twin.port, **QUICK, **options})
        heard = Heard()
        await driver.open(heard.link("zebra-1"))
        try:
            yield twin, driver, heard
        finally:
            await driver.close()


@asynccontextmanager
async def running(driver: ZplTcpPrinter) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(driver.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_every_copy_is_confirmed_by_the_printer() -> None:
    async with station() as (twin, driver, heard):
        assert isinstance(driver, LabelPrinter)
        assert await driver.print_label("J-1", label("4711"), 3) is Printed.CONFIRMED
        assert [each.copy for each in twin.labels] == [1, 2, 3]
        assert twin.labels[0].fields == ["品 4711", "4711", "J-1"]
        assert await driver.labels_printed() == 3
        assert heard.trouble == ""


async def test_jobs_and_polls_take_turns_at_a_printer_with_one_link() -> None:
    async with station() as (twin, driver, _), running(driver) as run:
        twin.one_link = True
        jobs = (driver.print_label(f"J-{n}", label(str(n)), 2) for n in range(5))
        assert set(await asyncio.gather(*jobs)) == {Printed.CONFIRMED}
        assert [each.fields[-1] for each in twin.labels] == [f"J-{n // 2}" for n in range(10)]
        assert not run.done()


async def test_a_late_label_of_an_earlier_job_confirms_nothing() -> None:
    async with station({"label_ms": 40}) as (twin, driver, _):
        twin.echoes_to_newest = True
        twin.paper_out(after=1)
        with pytest.raises(PrintUncertain):
            await driver.print_label("J-1", label("4711"), 3)
        twin.reload()
        assert await driver.print_label("J-2", label("4712"), 1) is Printed.CONFIRMED
        assert [each.fields[-1] for each in twin.labels] == ["J-1", "J-1", "J-1", "J-2"]


async def test_paper_out_before_means_that_nothing_was_sent() -> None:
    async with station() as (twin, driver, heard):
        twin.paper_out()
        with pytest.raises(NeedsHuman, match=r"printer\.blocked"):
            await driver.print_label("J-1", label("4711"), 1)
        assert heard.trouble == "printer.blocked"
        twin.reload()
        assert await driver.print_label("J-1", label("4711"), 1) is Printed.CONFIRMED
        assert (twin.formats_received, len(twin.labels)) == (1, 1)
        assert heard.trouble == ""


def _paper(twin: PrinterTwin) -> None:
    twin.paper_out()


def _ribbon(twin: PrinterTwin) -> None:
    twin.ribbon_is_out = True


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (_paper, "printer.paper_out"),
        (_ribbon, "printer.ribbon_out"),
        (PrinterTwin.open_head, "printer.head_open"),
        (PrinterTwin.pause, "printer.paused"),
    ],
)
async def test_a_model_that_shows_flags_is_taken_at_its_word(
    break_it: Callable[[PrinterTwin], None], reason: str
) -> None:
    async with station() as (twin, driver, heard):
        twin.answers_when_blocked = True
        break_it(twin)
        with pytest.raises(NeedsHuman) as refused:
            await driver.print_label("J-1", label("4711"), 1)
        assert (str(refused.value), heard.trouble) == (reason, reason)
        assert twin.formats_received == 0


@pytest.mark.parametrize("answers_when_blocked", [False, True])
async def test_paper_out_after_one_of_three_is_uncertain_and_nothing_is_printed_twice(
    answers_when_blocked: bool,
) -> None:
    async with station({"counter": 100}) as (twin, driver, heard):
        twin.answers_when_blocked = answers_when_blocked
        twin.paper_out(after=1)
        with pytest.raises(PrintUncertain) as unsure:
            await driver.print_label("J-1", label("4711"), 3)
        assert (unsure.value.confirmed, unsure.value.copies) == (1, 3)
        assert heard.trouble
        twin.reload()
        await until(lambda: len(twin.labels) == 3, "the rest by itself")
        assert [each.copy for each in twin.labels] == [1, 2, 3]
        after = await driver.labels_printed()
        assert after is not None and unsure.value.counter_before is not None
        assert after - unsure.value.counter_before == 3
        assert await driver.print_label("J-2", label("4712"), 1) is Printed.CONFIRMED
        assert len(twin.labels) == 4


async def test_a_pause_in_the_middle_is_uncertain_at_once() -> None:
    async with station({"label_ms": 150}, label_timeout_s=30) as (twin, driver, _):
        printing = asyncio.create_task(driver.print_label("J-1", label("4711"), 2))
        await until(lambda: len(twin.labels) == 1, "the first label")
        twin.pause()
        with pytest.raises(PrintUncertain, match=r"1 of 2 .*printer\.paused"):
            await printing


async def test_a_printer_that_falls_mute_while_printing_leaves_it_uncertain() -> None:
    async with station({"label_ms": 150}) as (twin, driver, _):
        printing = asyncio.create_task(driver.print_label("J-1", label("4711"), 1))
        await until(lambda: twin.formats_received == 1, "the format")
        twin.mute = True
        with pytest.raises(PrintUncertain) as unsure:
            await printing
        assert unsure.value.confirmed == 0
        assert len(twin.labels) == 1


async def test_a_printer_that_answers_but_never_confirms_leaves_it_uncertain() -> None:
    async with station({"label_ms": 5000}) as (_, driver, heard):
        signs = heard.signs_of_life
        with pytest.raises(PrintUncertain, match="0 of 1"):
            await driver.print_label("J-1", label("4711"), 1)
        assert heard.signs_of_life > signs + 1, "it was asked how it is while waiting"


async def test_a_link_that_drops_in_the_middle_of_a_format_prints_nothing_and_mixes_nothing() -> (
    None
):
    async with station() as (twin, driver, heard):
        twin.cut_after_bytes = len(label("4711"))
        with pytest.raises(PrintUncertain) as unsure:
            await driver.print_label("J-1", label("4711"), 1)
        assert unsure.value.confirmed == 0
        assert twin.labels == []
        assert await driver.print_label("J-2", label("4712"), 1) is Printed.CONFIRMED
        assert [each.fields for each in twin.labels] == [["品 4712", "4712", "J-2"]]
        assert heard.trouble == ""


async def test_a_cable_pulled_between_two_labels_is_uncertain_and_then_unavailable() -> None:
    async with station({"label_ms": 150}) as (twin, driver, _):
        printing = asyncio.create_task(driver.print_label("J-1", label("4711"), 2))
        await until(lambda: len(twin.labels) == 1, "the first label")
        await asyncio.sleep(0.01)
        twin.unplug()
        with pytest.raises(PrintUncertain, match="1 of 2"):
            await printing
        with pytest.raises(Unavailable):
            await driver.print_label("J-2", label("4712"), 1)
        with pytest.raises(Unavailable):
            await driver.labels_printed()
        await twin.plug_in()
        assert await driver.print_label("J-2", label("4712"), 1) is Printed.CONFIRMED
        assert [each.fields[-1] for each in twin.labels] == ["J-1", "J-1", "J-2"]


async def test_after_a_power_cycle_the_counter_tells_that_nothing_came_out() -> None:
    async with station({"label_ms": 100, "counter": 7}) as (twin, driver, _):
        printing = asyncio.create_task(driver.print_label("J-1", label("4711"), 1))
        await until(lambda: twin.formats_received == 1, "the format")
        twin.power_cycle()
        with pytest.raises(PrintUncertain) as unsure:
            await printing
        assert unsure.value.counter_before == 7
        assert await driver.labels_printed() == 7
        assert twin.labels == []


async def test_slow_answers_are_waited_for_and_too_slow_ones_call_a_person() -> None:
    async with station() as (twin, driver, heard):
        twin.answer_delay_s = 0.03
        assert await driver.print_label("J-1", label("4711"), 2) is Printed.CONFIRMED
        twin.answer_delay_s = 0.8
        with pytest.raises(NeedsHuman, match=r"printer\.silent"):
            await driver.print_label("J-2", label("4712"), 1)
        assert heard.trouble == "printer.silent"
        assert twin.formats_received == 1


async def test_garbage_and_silence_are_told_apart_and_nothing_is_sent() -> None:
    async with station() as (twin, driver, heard):
        assert heard.missed["garbage"] == 0
        twin.garbage = True
        with pytest.raises(NeedsHuman, match=r"printer\.garbage"):
            await driver.print_label("J-1", label("4711"), 1)
        assert heard.missed["garbage"] == 1
        twin.garbage, twin.mute = False, True
        with pytest.raises(NeedsHuman, match=r"printer\.silent"):
            await driver.print_label("J-1", label("4711"), 1)
        assert twin.formats_received == 0


async def test_polls_keep_the_link_call_a_person_and_say_when_it_is_over() -> None:
    async with station() as (twin, driver, heard), running(driver) as run:
        twin.paper_out()
        await until(lambda: heard.trouble == "printer.blocked", "a call for paper")
        signs = heard.signs_of_life
        await until(lambda: heard.signs_of_life > signs + 1, "signs of life without paper")
        twin.reload()
        await until(lambda: heard.trouble == "", "the all clear")
        twin.mute = True
        await until(lambda: heard.trouble == "printer.silent", "a call for the silent one")
        twin.mute = False
        await until(lambda: heard.trouble == "", "the all clear")
        assert not run.done()


async def test_a_pulled_cable_ends_the_session() -> None:
    async with station() as (twin, driver, _), running(driver) as run:
        twin.unplug()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(run, 2)


async def test_a_printer_bound_to_its_serial_number_prints() -> None:
    async with station({"serial": "50J1"}, serial="50J1") as (_, driver, _heard):
        assert await driver.print_label("J-1", label("4711"), 1) is Printed.CONFIRMED


async def test_another_printer_at_the_address_is_a_fault_and_prints_nothing() -> None:
    with pytest.raises(ConfigFault, match=r"50J2.*50J1"):
        async with station({"serial": "50J2"}, serial="50J1"):
            pass
    async with station({"serial": "50J1"}, serial="50J1") as (twin, driver, _):
        twin.serial = "50J2"
        with pytest.raises(Unavailable, match="50J2"):
            await driver.print_label("J-1", label("4711"), 1)
        assert twin.formats_received == 0
        async with running(driver) as run:
            with pytest.raises(ConfigFault, match="50J2"):
                await asyncio.wait_for(run, 2)


async def test_a_printer_without_settings_prints_unless_it_must_prove_who_it_is() -> None:
    async with station() as (twin, driver, _):
        twin.knows_settings = False
        assert await driver.labels_printed() is None
        assert await driver.print_label("J-1", label("4711"), 1) is Printed.CONFIRMED
    async with station({"serial": "50J1"}, serial="50J1") as (twin, driver, heard):
        twin.knows_settings = False
        with pytest.raises(NeedsHuman, match=r"printer\.unidentified"):
            await driver.print_label("J-1", label("4711"), 1)
        assert heard.trouble == "printer.unidentified"
        assert twin.formats_received == 0


async def test_a_closed_printer_takes_no_job() -> None:
    async with station() as (twin, driver, _):
        await driver.close()
        with pytest.raises(Unavailable):
            await driver.print_label("J-1", label("4711"), 1)
        assert twin.formats_received == 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"host": ""},
        {"host": "p", "port": 0},
        {"host": "p", "port": "9100"},
        {"host": "p", "poll_s": -1},
        {"host": "p", "colour": "red"},
    ],
)
def test_wrong_options_are_a_fault(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigFault):
        ZplTcpPrinter(options)
