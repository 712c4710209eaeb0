"""Tagged goods that come without a code of their own: they get labels when they arrive."""

from typing import Any

from sqlalchemy import update

from app.demo import shift
from app.demo.shift import Dose
from app.demo.site import Site
from wms.db import Tx
from wms.schema import items, terminals

STATION = "RECV-1"


def station(printer: str, *, rfid: bool) -> dict[str, dict[str, Any]]:
    """What `[stations]` has to say of the receivers' desk: *printer* stands near, and writes tags
    if it can."""
    return {STATION: {"kind": "work", "place": STATION, "printer": printer, "rfid": rfid}}


def write(tx: Tx, site: Site, seed: int, dose: Dose) -> None:
    """Some of what the trucks bring wants a label, and the receiver's terminal has a printer."""
    brought = {sku for truck in shift.trucks(site, seed, dose) for sku, _ in truck.units}
    tagged = items.c.sku.in_(sorted(brought)) & (items.c.rfid_tagged == 1)
    tx.execute(update(items).where(tagged).values(relabel=1))
    (post,) = (terminal for role, terminal, _ in shift.POSTS if role == "receive")
    tx.execute(update(terminals).where(terminals.c.id == post).values(station=STATION))
