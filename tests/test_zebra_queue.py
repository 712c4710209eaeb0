"""The printer behind a print queue: real `lpr` and `lpstat` processes in front of the twin."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from devices.capabilities import ConfigFault, LabelPrinter, Printed, PrintUncertain, Unavailable
from devices.drivers.zebra_queue import ZebraQueuePrinter
from devices.twins.printer import PrinterTwin
from tests.devices_bench import Heard, until

# Waits for the file `held` to go away, then sends what it was given to the printer.
LPR = """
import pathlib, socket, sys, time
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
while (here / "lpr-held").exists():
    time.sleep(0.01)
with socket.create_connection(("127.0.0.1", int((here / "port").read_text()))) as printer:
    printer.sendall(sys.stdin.buffer.read())
"""
LPSTAT = """
while [ -e {here}/lpstat-held ]; do sleep 0.02; done
test -s {here}/queues || {{ echo 'lpstat: No destinations added.' >&2; exit 1; }}
while read -r queue; do
    echo "printer $queue is idle.  enabled since Thu 01 Jan 2026 00:00:00"
done < {here}/queues
"""
LABEL = "^XA^CI28^FD品名 4711^FS^XZ".encode()


class Spooler:
    """The print system of one machine: two programs in a folder, and the printer behind them."""

    def __init__(self, here: Path, twin: PrinterTwin) -> None:
        self.here, self.twin = here, twin
        (here / "port").write_text(str(twin.port))
        (here / "lpr.py").write_text(LPR)
        self._install("lpr", f'exec "{sys.executable}" "{here}/lpr.py" "$@"')
        self._install("lpstat", LPSTAT.format(here=here))
        self.queues("OFFICE-A4", "ZD420")

    def _install(self, name: str, script: str) -> None:
        (self.here / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.here / name).chmod(0o755)

    def queues(self, *names: str) -> None:
        (self.here / "queues").write_text("".join(f"{name}\n" for name in names))

    def hold(self, program: str) -> None:
        (self.here / f"{program}-held").touch()

    def release(self, program: str) -> None:
        (self.here / f"{program}-held").unlink(missing_ok=True)

    def remove(self, program: str) -> None:
        (self.here / program).unlink()

    @property
    def calls(self) -> list[str]:
        """The arguments of every `lpr` so far."""
        calls = self.here / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest_asyncio.fixture
async def spooler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Spooler]:
    twin = PrinterTwin(now_ms=lambda: 0)
    await twin.start()
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    # `lpstat` is started by the package with an empty PATH, so it is looked for where the
    # operating system keeps its own programs.
    monkeypatch.setattr(os, "defpath", str(tmp_path))
    spooler = Spooler(tmp_path, twin)
    yield spooler
    spooler.release("lpr")
    spooler.release("lpstat")
    await twin.stop()


def driver(**options: Any) -> ZebraQueuePrinter:
    return ZebraQueuePrinter({"queue": "ZD420", "poll_s": 0.05, "timeout_s": 2.0, **options})


async def opened(**options: Any) -> ZebraQueuePrinter:
    printer = driver(**options)
    await printer.open(Heard().link())
    return printer


async def test_a_job_goes_through_the_queue_and_is_spooled_not_confirmed(spooler: Spooler) -> None:
    printer = await opened()
    assert isinstance(printer, LabelPrinter)
    assert await printer.print_label("J-1", LABEL, 2) is Printed.SPOOLED
    assert spooler.calls == ["-PZD420 -oraw"]
    await until(lambda: len(spooler.twin.labels) == 2, "two labels")
    assert [label.fields for label in spooler.twin.labels] == [["品名 4711"]] * 2


async def test_a_queue_takes_jobs_without_paper_and_prints_them_later(spooler: Spooler) -> None:
    spooler.twin.paper_out()
    printer = await opened()
    assert await printer.print_label("J-1", LABEL, 1) is Printed.SPOOLED
    assert spooler.twin.labels == []
    spooler.twin.reload()
    await until(lambda: len(spooler.twin.labels) == 1, "the label")


async def test_an_unknown_queue_is_a_fault_that_names_the_known_ones(spooler: Spooler) -> None:
    with pytest.raises(ConfigFault, match=r"'ZD421'.*OFFICE-A4, ZD420"):
        await opened(queue="ZD421")


async def test_a_print_system_without_queues_is_down_for_now(spooler: Spooler) -> None:
    spooler.queues()
    with pytest.raises(Unavailable):
        await opened()


async def test_a_machine_without_a_print_system_is_a_fault(spooler: Spooler) -> None:
    spooler.remove("lpstat")
    with pytest.raises(ConfigFault, match="lpstat"):
        await opened()


async def test_a_queue_that_vanished_is_unavailable_and_nothing_is_handed_over(
    spooler: Spooler,
) -> None:
    printer = await opened()
    running = asyncio.create_task(printer.run())
    spooler.queues("OFFICE-A4")
    with pytest.raises(Unavailable, match=r"printer\.no_queue"):
        await printer.print_label("J-1", LABEL, 1)
    with pytest.raises(Unavailable, match=r"printer\.no_queue"):
        await asyncio.wait_for(running, 3)
    await printer.close()
    spooler.queues("ZD420")
    with pytest.raises(Unavailable):
        await printer.print_label("J-1", LABEL, 1)
    assert spooler.calls == []


async def test_without_lpr_nothing_was_handed_over(
    spooler: Spooler, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer = await opened()
    monkeypatch.setenv("PATH", str(spooler.here))
    spooler.remove("lpr")
    with pytest.raises(Unavailable, match=r"printer\.no_spooler"):
        await printer.print_label("J-1", LABEL, 1)


async def test_a_queue_that_hangs_over_a_job_leaves_it_uncertain(spooler: Spooler) -> None:
    printer = await opened(timeout_s=0.5)
    spooler.hold("lpr")
    with pytest.raises(PrintUncertain, match="0 of 1"):
        await printer.print_label("J-1", LABEL, 1)
    spooler.release("lpr")
    await until(lambda: len(spooler.twin.labels) == 1, "the label that came after all")


async def test_a_print_system_that_hangs_is_unavailable(spooler: Spooler) -> None:
    printer = await opened(timeout_s=0.5)
    spooler.hold("lpstat")
    with pytest.raises(Unavailable, match=r"printer\.no_spooler"):
        await printer.print_label("J-1", LABEL, 1)
    assert spooler.calls == []


async def test_polls_are_signs_of_life(spooler: Spooler) -> None:
    heard = Heard()
    printer = driver()
    await printer.open(heard.link())
    running = asyncio.create_task(printer.run())
    await until(lambda: heard.signs_of_life >= 3, "signs of life")
    running.cancel()
    await asyncio.wait({running})


@pytest.mark.parametrize("options", [{}, {"queue": ""}, {"queue": "Q", "host": "x"}])
def test_wrong_options_are_a_fault(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigFault):
        ZebraQueuePrinter(options)
