"""The bill as a file: written by the product's own command, and read again like a stranger would.

Whoever gets the file sees the words of its language and nothing of the book; so does this reader.
"""

import asyncio
import csv
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from app.demo.figures import Figures, Key
from wms.messages import say

ACTIVITIES = ("receipts", "storage", "picks", "parcels", "returns", "work", "robots")
UNITS = (
    "lines", "pieces", "materials", "piece_thirds", "place_days", "m2_days", "parcels", "units",
    "minutes", "seconds",
)  # fmt: skip
FILES = ("bill.csv", "bill.xlsx")
CERTIFICATE = "certificate.xlsx"
COLUMNS = 5


class BillUnreadable(Exception):
    """The file is not what a bill looks like; says which file and what of it."""


async def write(folder: Path, month: str, stocktake: str) -> None:
    """Write both files into *folder* by `genba billing`, and the certificate of *stocktake*.

    Raises `BillUnreadable` if that fails.
    """
    for name in FILES:
        await _genba(folder, "billing", month, "--out", str(folder / name))
    if stocktake:
        out = str(folder / CERTIFICATE)
        await _genba(folder, "stocktake", "show", stocktake, "--out", out)


async def _genba(folder: Path, *arguments: str) -> None:
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", *arguments, "--config", str(folder / "config.toml"),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    told, _ = await command.communicate()
    if command.returncode != 0:
        words = told.decode("utf-8", "replace")[-300:]
        raise BillUnreadable(f"{' '.join(arguments[:2])}: {words}")


def certified(file: Path) -> set[str]:
    """The places that the certificate of a stocktake names."""
    return {str(cell) for row in _sheet(file) for cell in row}


def read(file: Path) -> Figures:
    """What *file* (.csv or .xlsx) bills, line by line. Raises `BillUnreadable`."""
    rows = list(_sheet(file) if file.suffix == ".xlsx" else _lines(file))
    activities = {say(f"billing.{name}", "en"): name for name in ACTIVITIES}
    units = {say(f"billing.{name}", "en"): name for name in UNITS}
    found: Figures = Figures()
    for number, row in enumerate(rows[1:], start=2):
        try:
            owner, activity, detail, unit, qty = row
            key = Key(owner, activities[activity], detail, units[unit])
            counted = int(qty)
        except (KeyError, ValueError) as error:
            raise BillUnreadable(f"{file.name} line {number}: {row} ({error})") from error
        if key.activity == "robots":
            key = key._replace(owner="")  # the ledger knows their seconds, not whose goods they had
        elif key in found:
            raise BillUnreadable(f"{file.name} line {number}: {row} stands there twice")
        found[key] += counted
    return found


def _sheet(file: Path) -> Iterable[list[Any]]:
    yield from CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()


def _lines(file: Path) -> Iterable[list[Any]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        yield from csv.reader(text)
