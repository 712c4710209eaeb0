"""The afternoon: 64 orders, four pickers, three benches, three robots, one truck gone already.

A clock of its own goes on with every turn; robots are conducted by hand, one mission a turn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
from sqlalchemy import update

from app.board import board
from app.demo import orders as demo_orders
from app.demo import site as demo_site
from app.mirror import set_up
from app.pictures.hands import Hand
from devices import intake
from devices.capabilities import Health
from picking import floor, pickups, wave_doors
from picking.release import Settings
from wms.config import Config, check
from wms.db import Book, Tx
from wms.messages import Language
from wms.orders import lifecycle
from wms.robots import missions, roster
from wms.rooms.board_state import BoardState
from wms.schema import robots as robots_table
from wms.site import calendar, owners
from wms.upkeep import upgrade

SEED = 7
BEGAN = 1_795_495_500_000  # Tuesday 24 November 2026, 13:45 in Tokyo
TURN_MS = 20_000
ORDERS = 64
PICKUPS = (("yamato", "17:00"), ("sagawa", "15:00"), ("japanpost", "18:30"))
SITE = {
    "site": {"name": "新木場 FC"},
    "devices": {
        **{f"label-{n}": {"driver": "zpl-tcp", "host": "192.0.2.1"} for n in (1, 2, 3)},
        "scale-1": {"driver": "mt-sics", "host": "192.0.2.31"},
        **{f"agv-{n}": {"driver": "grh1", "host": "192.0.2.41"} for n in (1, 2, 3)},
    },
    "stations": {
        f"PACK-{n}": {"place": f"PACK-{n}", "printer": f"label-{n}", "scale": "scale-1"}
        for n in (1, 2, 3)
    },
}  # fmt: skip


@dataclass(slots=True)
class Afternoon:
    """The site, its clock, and its people by terminal."""

    book: Book
    config: Config
    hands: dict[str, Hand]
    random: Random
    now: int = BEGAN
    seq: int = 0

    def turns(self, count: int, *terminals: str) -> None:
        """*count* times, everybody (or those at *terminals*) answers their screen once."""
        for _ in range(count):
            self.now += TURN_MS
            for name in terminals or self.hands:
                self.hands[name].answer(self.now)
            self.book.write_now(self._conduct)

    def until(self, step: str, *terminals: str) -> Hand:
        """Let *terminals* go on until one of them shows *step* (`pick.item`): that one."""
        for _ in range(400):
            self.turns(1, *terminals)
            for hand in (self.hands[name] for name in terminals):
                if f"{hand.shown.dialogue}.{hand.shown.step}" == step and not hand.shown.locked:
                    return hand
        raise AssertionError(f"nobody of {terminals} came to {step}")

    def board(self, language: Language) -> BoardState:
        """The lead's board now."""
        return self.book.read_now(board, config=self.config, now=self.now, language=language)

    def health(self, device: str, health: Health, reason: str = "") -> None:
        """A device is like this from now on."""
        self.book.write_now(
            intake.record_health, device=device, health=health, reason=reason, now=self.now
        )

    def _conduct(self, tx: Tx) -> None:
        """What each robot's mission has come to in this turn; new ones for those without."""
        for robot in ("agv-1", "agv-2"):
            under_way = roster.record(tx, robot).mission
            if under_way is not None:
                missions.accepted(tx, mission=under_way.id, now=self.now)
                missions.settle_done(tx, mission=under_way.id, now=self.now)
            self.seq += 1
            given = missions.assign(tx, robot=robot, fence=0, seq=self.seq, boot_id=1, now=self.now)
            state = "to_source" if given else "none"
            roster.seen(
                tx, robot=robot, boot_id=1, mode="auto", state=state, location=1,
                battery=900 - self.seq % 400,
            )  # fmt: skip


@contextmanager
def afternoon(folder: Path) -> Iterator[Afternoon]:
    """The site at a quarter to two, its orders accepted and sent to the floor."""
    url = f"sqlite:///{folder / 'genba.db'}"
    upgrade.to_newest(url)
    book = Book(url)
    site = demo_site.make(SEED)
    random = Random(SEED)  # noqa: S311 - the pictures must come out the same
    config = check(msgspec.to_builtins(SITE), "the afternoon")
    settings = floor.Settings(rng=random, pepper="demo")
    goods = {good.sku: good for good in site.goods}
    stack = list(reversed(demo_site.totes()))
    hands = {
        worker.terminal: Hand(worker, book, goods, stack, settings)
        for worker in site.workers
        if worker.role in ("pick", "pack", "ship")
    }
    try:
        book.write_now(demo_site.write, site, now=BEGAN)
        book.write_now(_open, config)
        bodies = demo_orders.make(site, ORDERS, SEED)
        accepted = [msgspec.convert(body, lifecycle.NewOrder) for body in bodies]
        book.write_now(lifecycle.accept_all, accepted, now=BEGAN)
        book.write_now(
            wave_doors.release_now, settings=Settings(), actor="lead", device="board", now=BEGAN
        )
        yield Afternoon(book, config, hands, random)
    finally:
        book.close()


def _open(tx: Tx, config: Config) -> None:
    """The site's configuration, trucks, and devices that are there."""
    set_up(tx, config, holder="1", now=BEGAN)
    calendar.set_timezone(tx, config.site.timezone)
    owners.put_pickups(tx, [owners.Pickup(carrier=carrier, at=at) for carrier, at in PICKUPS])
    pickups.ensure(tx, now=BEGAN, zone=config.site.zone)
    for device in config.devices:
        intake.record_health(tx, device=device, health=Health.ONLINE, reason="", now=BEGAN)
    tx.execute(update(robots_table).values(mode="auto", state="none", battery=640))
