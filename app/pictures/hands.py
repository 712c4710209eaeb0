"""People of the afternoon: each answers the prompt at hand as somebody without trouble would."""

from dataclasses import dataclass, field

from sqlalchemy import select

from app.demo.bots_ship import names_of
from app.demo.goods import Good
from app.demo.site import Worker
from picking import floor
from wms.db import Book, Tx
from wms.rooms.prompts import Prompt
from wms.schema import items, parcels, places, stations, stock

Answer = tuple[str, floor.Via]
YES: Answer = ("1", "key")


@dataclass(slots=True)
class Hand:
    """One worker at their terminal."""

    worker: Worker
    book: Book
    goods: dict[str, Good]
    stack: list[str]  # empty totes, shared by all
    settings: floor.Settings
    pulls: int = 0
    shown: Prompt = field(default_factory=lambda: Prompt(dialogue="", step="", title="", ask=""))

    def answer(self, now: int) -> None:
        """Do what the screen asks for."""
        self.shown, _ = self.book.read_now(
            floor.show, terminal=self.worker.terminal, now=now, settings=self.settings
        )
        said = self._said()
        if said is not None:
            self.say(*said, now=now)

    def say(self, text: str, via: floor.Via, *, now: int) -> None:
        """One input at the terminal."""
        self.pulls += 1
        self.shown = self.book.write_now(
            floor.scan, terminal=self.worker.terminal, scan_id=f"s{self.pulls}", text=text,
            via=via, now=now, settings=self.settings,
        ).prompt  # fmt: skip

    def _said(self) -> Answer | None:
        """The answer to the prompt; None when there is nothing to do."""
        prompt, look = self.shown, self.shown.focus
        if prompt.locked:
            return "ok", "command"
        match f"{prompt.dialogue}.{prompt.step}":
            case "sign_in.badge":
                return f"BADGE:{self.worker.badge}", "scan"
            case "pick.bind":
                return self.stack.pop(), "scan"
            case "pick.place" | "pick.drop":
                return look.place, "scan"
            case "pick.item" | "pack.item":
                return self.barcode(look.sku, look.lot), "scan"
            case "pick.lot":
                return look.lot, "scan"
            case "pick.tote":
                return look.tote, "scan"
            case "pack.tote":
                tote = self.book.read_now(_tote_at, self.worker.station)
                return (tote, "scan") if tote else None
            case "pack.one":
                return self.barcode(*self.book.read_now(_unit_in, look.tote)), "scan"
            case "pack.box":
                return look.box or "BX-140", "scan"
            case "pack.weigh":
                return str(look.weight_g), "weight"
            case "pack.verify":
                return self.book.read_now(_tracking_of, look.parcel), "scan"
            case "ship.load":
                code = self.book.read_now(_closed_parcel, look.place)
                return (code, "scan") if code else None
            case _:
                return YES

    def barcode(self, sku: str, lot: str) -> str:
        """What is printed on a unit: its JAN, with its lot as GS1 where it has one."""
        jan = self.goods[sku].jan
        return f"]C101{jan:0>14}10{lot}" if lot else f"]E0{jan}"


def _tote_at(tx: Tx, station: str) -> str:
    """A filled tote that stands at the bench; "" for none."""
    query = (
        select(places.c.code)
        .join(stations, stations.c.place == places.c.parent)
        .join(stock, stock.c.place == places.c.code)
        .where(stations.c.code == station, places.c.kind == "tote", stock.c.qty > 0)
        .order_by(places.c.code)
        .limit(1)
    )
    return tx.execute(query).scalar() or ""


def _unit_in(tx: Tx, tote: str) -> tuple[str, str]:
    """SKU and lot of a unit that lies in the tote."""
    query = (
        select(items.c.sku, stock.c.lot)
        .join(items, items.c.id == stock.c.item_id)
        .where(stock.c.place == tote, stock.c.qty > 0)
        .order_by(items.c.sku)
        .limit(1)
    )
    row = tx.execute(query).one()
    return row.sku, row.lot


def _closed_parcel(tx: Tx, name: str) -> str:
    """The next box that waits for the truck of the carrier that the screen calls *name*; "" for
    none."""
    closed = parcels.c.state == "closed"
    query = select(parcels.c.code, parcels.c.carrier).where(closed).order_by(parcels.c.id)
    mine = (row.code for row in tx.execute(query) if name in names_of(row.carrier))
    return next(mine, "")


def _tracking_of(tx: Tx, parcel: str) -> str:
    number = tx.execute(select(parcels.c.tracking).where(parcels.c.code == parcel)).scalar_one()
    return f"]F0a{number}a"
