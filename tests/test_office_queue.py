"""The A4 printer on a print queue: slips and papers of the OMS come out, nothing else does."""

import asyncio
from pathlib import Path

import pytest

from devices.capabilities import LabelPrinter, NeedsHuman, Printed, PrintUncertain, Unavailable
from devices.drivers.office_queue import STOPPED, OfficeQueuePrinter
from devices.twins.office_queue import OfficeQueueTwin
from tests.devices_bench import Heard

SLIP = b"%PDF-1.4\n1 0 obj<</Type/Page>>endobj\n%%EOF\n"


async def _lives(folder: Path) -> None:
    twin = OfficeQueueTwin(folder)
    twin.start()
    heard = Heard()
    printer = OfficeQueuePrinter({
        "queue": twin.queue, "programs": str(folder), "poll_s": 30, "timeout_s": 5,
    })  # fmt: skip
    assert isinstance(printer, LabelPrinter)
    with pytest.raises(Unavailable):  # nobody opened it
        await printer.print_label("1", SLIP, 1)
    await printer.open(heard.link("a4-1"))
    assert await printer.print_label("1", SLIP, 2) is Printed.SPOOLED
    assert twin.sheets() == [(SLIP, 2)]
    for wrong, copies in ((b"^XA^XZ", 1), (SLIP, 0), (SLIP, 100)):
        with pytest.raises(ValueError, match="copies of a PDF"):
            await printer.print_label("2", wrong, copies)
    twin.stop()
    with pytest.raises(NeedsHuman, match=STOPPED):
        await printer.print_label("3", SLIP, 1)
    twin.go_on()
    twin.remove()
    with pytest.raises(Unavailable):
        await printer.print_label("4", SLIP, 1)
    assert len(twin.sheets()) == 1
    await printer.close()


def test_a_slip_comes_out_once_and_a_label_never(tmp_path: Path) -> None:
    asyncio.run(_lives(tmp_path))


async def _hangs(folder: Path) -> None:
    twin = OfficeQueueTwin(folder)
    twin.start()
    slow = OfficeQueuePrinter({"queue": twin.queue, "programs": str(folder), "timeout_s": 0.3})
    await slow.open(Heard().link("a4-1"))
    (folder / "lpstat").write_text((folder / "lpstat").read_text().replace("/held", "/never"))
    twin.hold()
    with pytest.raises(PrintUncertain):
        await slow.print_label("5", SLIP, 1)
    twin.release()
    await slow.close()


def test_a_print_system_that_hangs_leaves_the_job_in_doubt(tmp_path: Path) -> None:
    asyncio.run(_hangs(tmp_path))
