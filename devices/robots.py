"""Conducts one robot: look, decide, write the book, then the wire; and look again.

`robot_rules.decide` says what to do; here it is done in the right order: what a command will say
is committed before a register is written, what a robot has done is committed before it is
confirmed, and no transaction is open while the wire is used. All that is remembered between two
looks could be forgotten: whatever instruction the process dies at, the next one goes on from the
book and the robot.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import structlog

from devices import robot_rules as rules
from devices.capabilities import ConfigFault, NeedsHuman, Unavailable, Uncertain
from devices.codecs.grh1 import (
    Cmd,
    Command,
    MissionType,
    Sighting,
    Status,
    load_id,
    next_after,
)
from devices.robot_book import book_word, set_aside, take_next
from devices.transporter import POLL_S, Handoff, Settings, Transporter
from wms.bell import Look
from wms.db import Book, nowhere
from wms.errors import Rejected
from wms.robots import missions, persons, roster
from wms.robots.persons import Why
from wms.robots.roster import RobotRecord, Wish
from wms.robots.rows import Mission

__all__ = ["POLL_S", "Settings", "Transporter", "conduct"]

log = structlog.get_logger(__name__)
TENTHS = 10  # of a percent
NO_MISSION = 1  # in commands about the robot itself: a MISSION_ID is never 0
TOLD = ("battery", "hold", "mode", "person", "wish")


@dataclass(frozen=True, slots=True)
class _Rest:
    """Nothing was to be done: what was seen then, what was read, and until when that answer is
    good. `mission` was under way."""

    seen: tuple[object, ...]
    look: Look
    until_s: float
    mission: Mission | None


@dataclass(frozen=True, slots=True)
class _Sent:
    """The last command of this connection."""

    seq: int
    boot_id: int
    at_s: float


async def conduct(
    book: Book,
    robot: str,
    driver: Callable[[], Transporter],
    *,
    clock_ms: Callable[[], int],
    clock: Callable[[], float],
    rng: Random,
    settings: Settings,
    reached: Callable[[str], None] = nowhere,
) -> None:
    """Keep *robot* at work until cancelled; return when another floor process has taken it over.

    *driver* gives the live driver, or raises `Unavailable` (`supervisor.need`); `clock_ms` is UTC
    milliseconds, `clock` monotonic seconds. `reached` is told each point between a decision, its
    commit and its write, where tests kill the process.
    """
    conductor = _Conductor(book, robot, clock_ms, clock, rng, settings, reached)
    while True:
        try:
            if not await conductor.step(driver()):
                log.warning("robot was taken over by another process", device=robot)
                return
        except (Unavailable, Uncertain, NeedsHuman, ConfigFault):
            await conductor.note_silence()
        except Rejected as refusal:
            # Somebody else was quicker with the container: what to do is decided anew.
            log.warning("the book refused", device=robot, reason=str(refusal))
        await asyncio.sleep(settings.poll_s)


class _Conductor:
    """What one run of `conduct` keeps in mind."""

    def __init__(
        self,
        book: Book,
        robot: str,
        clock_ms: Callable[[], int],
        clock: Callable[[], float],
        rng: Random,
        settings: Settings,
        reached: Callable[[str], None],
    ) -> None:
        self._book, self._robot, self._settings = book, robot, settings
        self._clock_ms, self._clock, self._rng = clock_ms, clock, rng
        self._reached = reached
        self._fence = 0
        self._session: Transporter | None = None
        self._sent: _Sent | None = None
        self._rest: _Rest | None = None
        self._rest_until_s = float("-inf")
        self._answered_s = clock()
        self._silence_told = False
        self._must_come_back = True  # a process before us may have sent persons to look
        self._shown: tuple[str, ...] = ()
        self._waits = self._denied = ""  # what the board is told; why no mission was for it
        self._shown_s = float("-inf")
        self._progress: tuple[object, ...] = ()
        self._progress_s = clock()

    async def step(self, session: Transporter) -> bool:
        """One look and what follows from it. False: the robot is another process's now."""
        if session is not self._session:
            if not await self._take_over(session):
                return False
            self._session, self._sent, self._rest = session, None, None
        seen = await session.look()
        status = seen.status
        if self._nothing_new(seen):
            assert self._rest is not None
            await self._note_progress(self._rest.mission, status)
            await self._show(status, self._waits)
            return True
        look = self._book.bell.look()
        numbers = {status.mission, *(entry.mission for entry in seen.journal)}
        record = await self._book.read(
            roster.record, self._robot, numbers=numbers,
            keys=rules.task_keys(self._robot, status),
        )  # fmt: skip
        if record.fence != self._fence:
            return False
        action = rules.decide(
            record, seen, waiting=self._is_waiting(status),
            may_work=self._clock() >= self._rest_until_s,
            battery_min=self._settings.battery_min, now=self._clock_ms(),
            exactly_once=session.handoff is Handoff.EXACTLY_ONCE,
        )  # fmt: skip
        if not await self._do(session, record, status, action):
            return False
        if action != rules.Wait("fence"):
            await self._note_presence()
        await self._note_progress(record.mission, status)
        await self._show(status, self._told(action))
        self._note_rest(action, seen, look, record.mission)
        return True

    def _nothing_new(self, seen: Sighting) -> bool:
        """It shows what it showed, what was read was not written, and there was nothing to do."""
        rest = self._rest
        return (
            rest is not None and rest.seen == _face(seen)
            and not rest.look.is_stale and self._clock() < rest.until_s
        )  # fmt: skip

    def _note_rest(
        self, action: rules.Action, seen: Sighting, look: Look, mission: Mission | None
    ) -> None:
        """An answer that waits for a moment of its own is asked for again at every look."""
        now_s = self._clock()
        waits = isinstance(action, rules.Wait) and not self._is_waiting(seen.status)
        self._rest = None
        if waits and now_s >= self._rest_until_s:
            until_s = now_s + self._book.bell.patience_s
            self._rest = _Rest(_face(seen), look, until_s, mission)

    async def note_silence(self) -> None:
        """Rule 8: after the patience, a person looks after each mission under way."""
        if self._silence_told:
            return
        if self._clock() - self._answered_s > self._settings.patience_s:
            await self._book.write(missions.silent, robot=self._robot, now=self._clock_ms())
            self._silence_told = self._must_come_back = True

    async def _take_over(self, session: Transporter) -> bool:
        """Rule 3: a fence of our own, durable before the first heartbeat carries it."""
        if not self._fence:
            seen = await session.look()
            record = await self._book.read(roster.record, self._robot)
            fence = next_after(record.fence, seen.status.fence_seen)
            self._reached("take_over:decided")
            ours = await self._book.write(
                roster.take_over, robot=self._robot, fence=fence, was=record.fence
            )
            if not ours:
                return False
            self._fence = fence
            self._reached("take_over:committed")
        await session.take(self._fence)
        return True

    def _is_waiting(self, status: Status) -> bool:
        """Our last command may still be answered."""
        sent = self._sent
        if sent is None or sent.seq == status.ack_seq or sent.boot_id != status.boot_id:
            return False
        return self._clock() - sent.at_s < self._settings.answer_s

    async def _do(
        self, session: Transporter, record: RobotRecord, status: Status, action: rules.Action
    ) -> bool:
        """False: another process has taken the robot over."""
        match action:
            case rules.Wait():
                return True
            case rules.GiveNext():
                return await self._give_next(session, record, status)
            case rules.Send(cmd=cmd, mission=number, note=note):
                return await self._send(session, record, status, cmd, number, note)
            case rules.Tell(cmd=cmd, wish=wish):
                return await self._tell(session, record, status, cmd, wish)
            case rules.Superseded():
                await self._call(f"superseded:{self._robot}:{status.fence_seen}", Why.SUPERSEDED)
                return False
            case rules.CallPerson(key=key, why=why, number=number):
                await self._call(key, why, number)
                return True
            case _:
                return await self._book_it(action)

    async def _book_it(self, action: rules.Action) -> bool:
        """What the robot has shown becomes part of the book, in one transaction."""
        name = type(action).__name__.lower()
        self._reached(f"{name}:decided")
        ours = await self._book.write(
            book_word, robot=self._robot, fence=self._fence, action=action,
            now=self._clock_ms(), rng=self._rng,
        )  # fmt: skip
        self._reached(f"{name}:committed")
        if isinstance(action, rules.StartVoid | rules.Failed):
            self._rest_until_s = self._clock() + self._settings.rest_s
        return ours

    async def _give_next(self, session: Transporter, record: RobotRecord, status: Status) -> bool:
        """Rule 1: `assigning`, with all that the command will say, before it is said."""
        seq = next_after(record.last_seq, status.ack_seq)
        self._reached("assign:decided")
        ours, mission, why = await self._book.write(
            take_next, robot=self._robot, fence=self._fence, seq=seq, boot_id=status.boot_id,
            station=status.location, now=self._clock_ms(),
        )  # fmt: skip
        self._reached("assign:committed")
        self._denied = why
        if mission is not None:
            await self._write(session, self._assign(mission, seq, status))
        else:
            self._rest_until_s = self._clock() + self._settings.again_s
        return ours

    async def _send(
        self, session: Transporter, record: RobotRecord, status: Status, cmd: Cmd, number: int,
        note: str,
    ) -> bool:  # fmt: skip
        seq = next_after(record.last_seq, status.ack_seq)
        name = cmd.name.lower()
        self._reached(f"{name}:decided")
        ours = await self._book.write(
            set_aside, robot=self._robot, fence=self._fence, seq=seq, mission=number, note=note,
            now=self._clock_ms(),
        )  # fmt: skip
        self._reached(f"{name}:committed")
        if not ours:
            return False
        if cmd is Cmd.ASSIGN:
            assert record.mission is not None
            command = self._assign(record.mission, seq, status)
        else:
            command = Command(
                seq=seq, cmd=cmd, mission=number, boot_id=status.boot_id, fence=self._fence
            )
        await self._write(session, command)
        return True

    async def _tell(
        self, session: Transporter, record: RobotRecord, status: Status, cmd: Cmd, wish: Wish
    ) -> bool:
        """What a lead wants of it: the number first, like that of every command."""
        seq = next_after(record.last_seq, status.ack_seq)
        self._reached("wish:decided")
        ours = await self._book.write(
            roster.wish_said, robot=self._robot, fence=self._fence, wish=wish, seq=seq,
            boot_id=status.boot_id,
        )  # fmt: skip
        self._reached("wish:committed")
        if ours:
            about = status.mission or NO_MISSION
            await self._write(session, Command(
                seq=seq, cmd=cmd, mission=about, boot_id=status.boot_id, fence=self._fence
            ))  # fmt: skip
        return ours

    def _assign(self, mission: Mission, seq: int, status: Status) -> Command:
        return Command(
            seq=seq, cmd=Cmd.ASSIGN, mission=mission.id, boot_id=status.boot_id,
            fence=self._fence, mission_type=MissionType.CARRY, source=mission.source_station,
            target=mission.target_station, priority=mission.priority,
            load_id=load_id(mission.container), container=mission.container,
        )  # fmt: skip

    async def _write(self, session: Transporter, command: Command) -> None:
        self._sent = _Sent(command.seq, command.boot_id, self._clock())
        await session.command(command)
        self._reached(f"{command.cmd.name.lower()}:written")

    async def _call(self, key: str, why: Why, number: int = 0) -> None:
        await self._book.write(
            persons.about_robot, key=key, robot=self._robot, why=why, number=number,
            now=self._clock_ms(),
        )  # fmt: skip

    async def _note_presence(self) -> None:
        """It answers and was reconciled: nobody needs to look for it."""
        self._answered_s, self._silence_told = self._clock(), False
        if self._must_come_back:
            await self._book.write(missions.came_back, robot=self._robot, now=self._clock_ms())
            self._must_come_back = False

    async def _note_progress(self, ours: Mission | None, status: Status) -> None:
        """A robot that answers and does not move on is for a person as well."""
        progress = (ours and (ours.id, ours.state), status.state, status.location, status.mode)
        if progress != self._progress:
            self._progress, self._progress_s = progress, self._clock()
        elif ours and self._clock() - self._progress_s > self._settings.stuck_s:
            self._progress_s = self._clock()
            await self._book.write(
                missions.look, mission=ours.id, why=Why.STUCK, now=self._clock_ms()
            )

    def _told(self, action: rules.Action) -> str:
        """Why it is at nothing, for the board: what passes by itself in a moment is not told."""
        if isinstance(action, rules.GiveNext):
            return self._denied
        if action == rules.Wait("work"):
            return self._denied if self._clock() < self._rest_until_s else ""
        return action.what if isinstance(action, rules.Wait) and action.what in TOLD else ""

    async def _show(self, status: Status, waits: str) -> None:
        """Keep the robot's row fresh for the board: a new mode at once, motion now and then."""
        now_s, self._waits = self._clock(), waits
        shown = (
            status.mode.name.lower(), waits, status.state.name.lower(), str(status.location),
            str(status.battery), str(status.boot_id),
        )  # fmt: skip
        is_due = now_s - self._shown_s >= self._settings.show_s or shown[:2] != self._shown[:2]
        if shown == self._shown or not is_due:
            return
        await self._book.write(
            roster.seen, robot=self._robot, boot_id=status.boot_id, mode=shown[0],
            state=shown[2], battery=status.battery, location=status.location, waits=waits,
        )  # fmt: skip
        self._shown, self._shown_s = shown, now_s


def _face(seen: Sighting) -> tuple[object, ...]:
    """All that a decision looks at, but not the pulse and the charge."""
    status = seen.status
    return replace(status, heartbeat=0, battery=status.battery // TENTHS), seen.journal
