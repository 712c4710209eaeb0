"""Paper that somebody asked for: rows that the press renders and the station's printer prints."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Row, select

from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.schema import print_jobs, stations
from wms.text import shown

DONE = ("confirmed", "spooled", "uncertain", "failed", "void")


class PrintJob(Struct, frozen=True, kw_only=True):
    """How far a print job is. `reason` says why it waits or failed, as the printer told it."""

    id: int
    station: str
    template: str
    state: str
    reason: str
    printer: str

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in DONE


def request(
    tx: Tx, *, key: str, station: str, template: str, data: Mapping[str, Any], now: int,
    copies: int = 1, paper: str = "zpl",
) -> PrintJob:  # fmt: skip
    """Ask for *copies* of *template* of *data* at *station*; *paper* is `zpl` or `pdf` (A4).

    The same *key* with the same content is the same job. Refuses `KEY_REUSED`, a station that
    there is not (`REFERENCE_UNKNOWN`) and one without such a printer (`STATION_NO_PRINTER`).
    """
    refuse_without_printer(tx, station, paper)
    body = msgspec.json.encode(data, order="sorted").decode()
    asked = {"station": station, "template": template, "data": body, "copies": copies}
    new = insert_once(tx, print_jobs, {"key": key, "format": paper, "created_ms": now, **asked})
    row = tx.execute(select(print_jobs).where(print_jobs.c.key == key)).one()
    if not new and any(row._mapping[name] != value for name, value in asked.items()):
        raise Rejected(Code.KEY_REUSED, key=shown(key))
    return _job(row)


def get(tx: Tx, job: int) -> PrintJob:
    """How far *job* is. Refuses `REFERENCE_UNKNOWN`."""
    row = tx.execute(select(print_jobs).where(print_jobs.c.id == job)).first()
    if row is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="job", value=job)
    return _job(row)


def refuse_without_printer(tx: Tx, station: str, paper: str = "zpl") -> None:
    """Refuses `REFERENCE_UNKNOWN` and `STATION_NO_PRINTER`; *paper* as in `request`."""
    row = tx.execute(select(stations).where(stations.c.code == station)).first()
    if row is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="station", value=shown(station))
    key = "slip_printer" if paper == "pdf" else "printer"
    if row.redirect:  # a worker sends its paper to the neighbour's printers
        row = tx.execute(select(stations).where(stations.c.code == row.redirect)).first() or row
    if not row._mapping[key]:
        raise Rejected(Code.STATION_NO_PRINTER, station=station, key=key)


def _job(row: Row[Any]) -> PrintJob:
    return PrintJob(
        id=row.id, station=row.station, template=row.template, state=row.state, reason=row.reason,
        printer=row.printer,
    )  # fmt: skip
