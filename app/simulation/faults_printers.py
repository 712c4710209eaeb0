"""The part of the menu of faults that strikes label printers, whatever language they speak."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from app.simulation.printers import Printer, mend
from app.simulation.tally import SELDOM_S
from devices.twins.printer import PrinterTwin

INLAYS = 3  # so many in a row

if TYPE_CHECKING:
    from app.simulation.faults import Fault, Storm


def menu(storm: "Storm", twin: Printer) -> "dict[str, Fault]":
    """Every fault of this printer, but those of its cable."""

    def spoken() -> int:
        return storm.network.carried[twin.port]

    def cut_answer() -> None:
        twin.cut_next_answer = True

    def cut_job() -> None:
        twin.cut_after_bytes = 200

    found = {
        "printer: paper out": storm.once(twin.paper_out),
        "printer: paper out in a job": _last_label(storm, twin),
        "printer: ribbon out": storm.once(lambda: _set(twin, "ribbon_is_out")),
        "printer: head open": storm.once(lambda: _set(twin, "head_is_open")),
        "printer: paused": storm.between(
            lambda: _set(twin, "paused"), lambda: _go_on(twin), spoken
        ),
        "printer: power cycle": storm.once(twin.power_cycle),
        "printer: mute": storm.lasting(twin, spoken, mute=True),
        "printer: garbage": storm.lasting(twin, spoken, garbage=True),
        "printer: answer cut": storm.once(cut_answer, lambda: not twin.cut_next_answer),
        "printer: format cut": storm.once(cut_job, lambda: twin.cut_after_bytes is None),
    }  # fmt: skip
    return found | (_zpl(storm, twin) if isinstance(twin, PrinterTwin) else {})


def _set(twin: Printer, what: str) -> None:
    setattr(twin, what, True)


def _go_on(twin: Printer) -> None:
    """Somebody presses PAUSE again."""
    if isinstance(twin, PrinterTwin):
        twin.resume()
    elif twin.paused:
        mend(twin)


def _last_label(storm: "Storm", twin: Printer) -> "Fault":
    async def strike(name: str) -> None:
        printed = len(twin.labels)
        twin.paper_out(1)
        await storm.some_time(SELDOM_S)
        if len(twin.labels) > printed:
            storm.tally.hit(name)

    return strike


def _zpl(storm: "Storm", twin: PrinterTwin) -> "dict[str, Fault]":
    """What other languages do not have, or what models differ in."""

    def spoken() -> int:
        return storm.network.carried[twin.port]

    def spoil(inlays: str) -> None:
        setattr(twin, inlays, getattr(twin, inlays) + INLAYS)

    def spoilt(inlays: str) -> "Fault":
        return storm.once(lambda: spoil(inlays), lambda: getattr(twin, inlays) < INLAYS)

    return {
        "printer: bad inlays": spoilt("bad_inlays"),
        "printer: inlays that keep what they had": spoilt("stubborn_inlays"),
        "printer: its tag writer is broken": storm.lasting(
            twin,
            lambda: sum("^RF" in label.zpl for label in twin.labels),
            SELDOM_S,
            writes_tags=False,
        ),
        "printer: slow answers": storm.lasting(twin, spoken, answer_delay_s=1.5),
        "printer: shows its flags": _flags(storm, twin),
        "printer: knows no settings": storm.lasting(twin, spoken, knows_settings=False),
        "printer: echoes to the newest caller": storm.lasting(
            twin, lambda: len(twin.labels), SELDOM_S, echoes_to_newest=True
        ),
        "printer: one link, and it is taken": _taken(storm, twin),
    }


def _flags(storm: "Storm", twin: PrinterTwin) -> "Fault":
    """It is out of paper, and says so instead of falling silent."""

    async def strike(name: str) -> None:
        storm.settings.change(twin, "answers_when_blocked", value=True)
        twin.paper_out()
        storm.tally.hit(name)
        await storm.some_time(SELDOM_S)
        storm.settings.give_back(twin, "answers_when_blocked", value=True)

    return strike


def _taken(storm: "Storm", twin: PrinterTwin) -> "Fault":
    """Somebody else's program holds the only link that this model has."""

    async def strike(name: str) -> None:
        turned_away = twin.turned_away
        storm.settings.change(twin, "one_link", value=True)
        with suppress(OSError):
            _, writer = await asyncio.open_connection(twin.host, twin.port)
            await storm.some_time()
            writer.close()
        storm.settings.give_back(twin, "one_link", value=True)
        if twin.turned_away != turned_away:
            storm.tally.hit(name)

    return strike
