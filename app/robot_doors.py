"""The site's robots by API: how they show themselves, and what a lead wants of them.

`genba robot` and the board's key come in here while a server holds the book.
"""

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct
from sqlalchemy import Row, select

from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.robots import wishes
from wms.robots.rows import OPEN
from wms.robots.wishes import Order
from wms.schema import devices, missions, robots

SCOPE = "robots:write"


class RobotView(Struct, frozen=True, kw_only=True):
    """A robot as it showed itself last.

    `waits` is why it is at nothing, `wish` what a lead wants of it and what it has not answered.
    """

    robot: str
    health: str
    reason: str
    mode: str
    state: str
    battery_permille: int
    location: int
    hold: str
    waits: str
    wish: str
    container: str
    target: str


class RobotList(Struct, frozen=True, kw_only=True):
    """Every robot, by name."""

    robots: tuple[RobotView, ...]


class NewRobotOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the robot is to do: pause at the next station, go on, or leave its fault (paused)."""

    order: Order


class RobotOrdered(Struct, frozen=True, kw_only=True):
    """It stands in the book, and the robot is told until it answers. `mode` is the last shown."""

    robot: str
    wish: str
    mode: str


@get("/robots", opt={"scope": "board:read"}, summary="Every robot, and why it is at nothing")
async def get_robots(book: TheBook) -> RobotList:
    """As its conductor saw it last."""
    return await book.read(listed)


@post("/robots/{robot:str}/orders", opt={"scope": SCOPE}, summary="Pause, resume or reset a robot")
async def post_order(
    robot: FromPath[str], data: JSONBody[NewRobotOrder], book: TheBook, token: TheToken, now: Now
) -> RobotOrdered:
    """In place of what was wanted before. What sets a robot in motion is dropped after a minute."""
    return await book.write(
        order, robot, data.order, actor=token.actor, device="api", permission=SCOPE, now=now
    )


def listed(tx: Tx) -> RobotList:
    """Every robot with its health and the mission that it has in hand."""
    query = (
        select(robots, devices.c.health, devices.c.reason, missions.c.container, missions.c.target)
        .outerjoin(devices, devices.c.name == robots.c.device)
        .outerjoin(
            missions, (missions.c.robot == robots.c.device) & missions.c.state.in_(OPEN)
        )
        .order_by(robots.c.device)
    )  # fmt: skip
    return RobotList(robots=tuple(_view(row) for row in tx.execute(query)))


def order(
    tx: Tx, robot: str, wanted: Order, *, actor: str, device: str, permission: str, now: int
) -> RobotOrdered:
    """Write down what is wanted of *robot*, and who wants it."""
    mode = wishes.ask(
        tx, robot=robot, order=wanted, actor=actor, device=device, permission=permission, now=now
    )
    return RobotOrdered(robot=robot, wish=wanted, mode=mode)


def _view(row: Row[Any]) -> RobotView:
    return RobotView(
        robot=row.device, health=row.health or "", reason=row.reason or "", mode=row.mode,
        state=row.state, battery_permille=row.battery, location=row.location, hold=row.hold,
        waits=row.waits, wish=row.wish, container=row.container or "", target=row.target or "",
    )  # fmt: skip


def routes() -> Router:
    """The handlers of robots."""
    return Router("/v1", route_handlers=[get_robots, post_order])
