"""The rows that mirror `config.toml`: devices, robots with their places, stations, webhooks."""

import secrets as randomness
from collections.abc import Collection

from sqlalchemy import delete, select, update

from devices import intake, registry
from picking import pickups, walls
from sync import feeds
from wms.config import Config
from wms.db import Tx, insert_once, upsert
from wms.inbound import lpn
from wms.robots import roster
from wms.schema import places as places_table
from wms.schema import stations, wall_slots
from wms.site import calendar, picking_rules
from wms.storage import places
from wms.upkeep import incarnation


def set_up(tx: Tx, config: Config, *, holder: str, now: int) -> None:
    """Bring the rows that mirror `config.toml` in line with it."""
    places.ensure_outside(tx)
    incarnation.ensure(tx, randomness.token_bytes(incarnation.RANDOM_BYTES))
    calendar.set_timezone(tx, config.site.timezone)
    lpn.set_site_prefix(tx, config.site.company_prefix)
    mirror(tx, config, holder=holder, now=now)
    picking_rules.put(tx, config.picking)
    feeds.configure(tx, feeds.of_config(config.webhooks))
    pickups.ensure(tx, now=now, zone=config.site.zone)


def mirror(
    tx: Tx, config: Config, *, holder: str, now: int, fresh: Collection[str] | None = None
) -> None:
    """The rows of devices and stations, as *config* has them; *fresh* as `intake.register` says."""
    drivers = {name: device.driver for name, device in config.devices.items()}
    intake.register(tx, configured=drivers, holder=holder, now=now, fresh=fresh)
    for name, driver in sorted(drivers.items()):
        if registry.is_robot(driver):
            _enrol(tx, name)
    _set_up_stations(tx, config)


def _enrol(tx: Tx, robot: str) -> None:
    """A robot's fork is a place, and so is the corner where its doubtful loads are looked for."""
    fork, corner = f"R-{robot}", f"Q-{robot}"
    insert_once(tx, places_table, {"code": fork, "kind": "robot"})
    insert_once(tx, places_table, {"code": corner, "kind": "buffer", "blocked": "quarantine"})
    roster.enrol(tx, robot=robot, place=fork, quarantine=corner)


def _set_up_stations(tx: Tx, config: Config) -> None:
    rows = []
    for code, station in sorted(config.stations.items()):
        insert_once(tx, places_table, {"code": station.place, "kind": "station"})
        rows.append({
            "code": code, "kind": station.kind, "place": station.place,
            "printer": station.printer, "slip_printer": station.slip_printer,
            "scale": station.scale, "scanner": station.scanner, "reader": station.reader,
            "neighbour": station.neighbour, "rfid": int(station.rfid),
            "light": station.light,
        })  # fmt: skip
    upsert(
        tx, stations, rows, key=("code",),
        update=lambda new: {name: new[name] for name in rows[0] if name != "code"},
    )  # fmt: skip
    for code, station in config.stations.items():
        if station.kind == "wall":
            slots = [slot.partition("=") for slot in station.slots]
            walls.set_up(tx, wall=code, slots={place: light for place, _, light in slots})
    astray = stations.c.redirect.not_in(["", *config.stations])
    tx.execute(update(stations).where(astray).values(redirect=""))
    gone = stations.c.code.not_in(list(config.stations))
    unused = stations.c.code.not_in(select(wall_slots.c.wall))
    tx.execute(delete(stations).where(gone, unused))
