"""The health of the server's own parts, as rows beside those of devices.

A part has a row while something is wrong with it: a board is not for good news.
"""

from sqlalchemy import delete, select

from devices.capabilities import Health
from wms.db import Tx, upsert
from wms.record.event_kinds import DeviceChanged
from wms.record.events import emit
from wms.schema import devices

DISK, CLOCK, LOOP = "server-disk", "server-clock", "server-loop"
DRIVER = "machine"  # what stands where a device has its driver


def note(tx: Tx, *, part: str, health: Health, reason: str, now: int) -> None:
    """Write how *part* is and, when that differs from before, the event."""
    row = tx.execute(select(devices).where(devices.c.name == part).with_for_update()).first()
    was = (row.health, row.reason) if row is not None else (Health.ONLINE, "")
    if was == (health, reason):
        return
    if health is Health.ONLINE:
        tx.execute(delete(devices).where(devices.c.name == part))
    else:
        upsert(
            tx, devices,
            [{
                "name": part, "driver": DRIVER, "health": str(health), "reason": reason,
                "since_ms": now, "fence": 1, "holder": "",
            }],
            key=("name",),
            update=lambda new: {
                "health": new.health, "reason": new.reason, "since_ms": new.since_ms,
            },
        )  # fmt: skip
    emit(tx, DeviceChanged(device=part, health=str(health), reason=reason), now=now)
