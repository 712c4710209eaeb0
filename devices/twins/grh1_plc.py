"""The PLC of a robot twin: the robot's rules of profile GRH-1, one scan after the other.

Time comes in as an argument of `scan`, so it runs as well behind a socket as in a simulation.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from devices.twins import grh1_memory as m
from devices.twins.grh1_body import Body, Delivery, DeliveryLog
from devices.twins.grh1_memory import Frame, Memory
from devices.twins.modbus_wire import ILLEGAL_ADDRESS, Illegal

COMMAND, HEARTBEAT, STATUS, JOURNAL = 1000, 1030, 2000, 2100
WRITABLE = 32  # registers from COMMAND on, the heartbeat included
FLOOR_ALIVE_S = 3.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take. `speed` 10 does them in a tenth of the time."""

    travel_s: float = 8.0
    hand_off_s: float = 4.0
    speed: float = 1.0


class Plc:
    """One robot's program. `stations` are those it knows.

    Faults: `frozen` (the program stands, its registers can still be read), `torn_reads` (so many
    reads of STATUS show two moments), `wrong_magic`, `protocol`, `deaf_to_floor` (it takes the
    floor for dead), `fail_next` (a method). `remembers=False` makes the robot that the profile
    warns of: it takes a mission that it has done before for a new one.
    """

    def __init__(
        self,
        body: Body,
        *,
        stations: Sequence[int],
        log: DeliveryLog,
        chance: random.Random,
        pace: Pace | None = None,
        remembers: bool = True,
    ) -> None:
        self.body, self.log = body, log
        self.memory = Memory()
        self.answered: Counter[int] = Counter()  # commands, by their ACK_RESULT
        self.frozen = self.wrong_magic = self.deaf_to_floor = False
        self.torn_reads, self.protocol = 0, 1
        self.stations, self._pace, self._remembers = set(stations), pace or Pace(), remembers
        self._chance = chance
        self._now_s = 0.0
        self._planned: tuple[int, str] | None = None
        self.boot()

    def boot(self, *, wiped: bool = False) -> None:
        """Power comes back: what is not retained is gone, and with *wiped* all but BOOT_ID is."""
        boot_id = self.memory.boot_id
        if wiped:
            self.memory = Memory(mode=m.FAULT, load=m.UNKNOWN)
        self.memory.boot_id = (boot_id + 1) % 2**32
        self._commands = [0] * WRITABLE
        self._scan_no = self._pulse = 0
        self._beat, self._beat_s = 0, float("-inf")
        self._pausing = False
        self._until_s: float | None = None  # when what it is doing now will be finished
        self._floor_alive = False

    # The wire.

    def read(self, address: int, count: int) -> list[int]:
        """Any part of one of the blocks."""
        for base, words in self._blocks():
            if base <= address and address + count <= base + len(words):
                return words[address - base : address - base + count]
        raise Illegal(ILLEGAL_ADDRESS)

    def write(self, address: int, values: Sequence[int]) -> None:
        """Only COMMAND and HEARTBEAT are the floor's to write."""
        start = address - COMMAND
        if start < 0 or start + len(values) > WRITABLE:
            raise Illegal(ILLEGAL_ADDRESS)
        self._commands[start : start + len(values)] = values

    def _blocks(self) -> list[tuple[int, list[int]]]:
        status = m.status_words(
            self.memory, scan=self._scan_no, pulse=self._pulse, place=self.body.station,
            battery=self.body.battery, floor_alive=self._floor_alive,
        )  # fmt: skip
        status[1] = self.protocol
        if self.wrong_magic:
            status[20], status[21] = status[21], status[20]
        if self.torn_reads:
            self.torn_reads -= 1
            status[5:47] = [self._chance.randrange(65536) for _ in status[5:47]]
            status[47] = (status[47] + 1) % 65536
        journal = m.journal_words(self.memory)
        return [(COMMAND, list(self._commands)), (STATUS, status), (JOURNAL, journal)]

    # One scan.

    def scan(self, now_s: float) -> None:
        """Look at the inputs, obey, move on."""
        if self.frozen:
            return
        self._now_s = now_s
        self._pulse = (self._pulse + 1) % 65536
        self._scan_no = (self._scan_no + 1) % 65536
        self._listen()
        self._obey(Frame(self._commands[:24]))
        self._drive()

    def _listen(self) -> None:
        """Rule 16: the heartbeat, and whose it is."""
        beat, fence = self._commands[HEARTBEAT - COMMAND :][:2]
        seen = self.memory.fence
        if fence and (not seen or fence == seen or m.is_after(fence, seen)):
            self.memory.fence = fence
            if beat != self._beat:
                self._beat, self._beat_s = beat, self._now_s
        alive = self._now_s - self._beat_s <= FLOOR_ALIVE_S
        self._floor_alive = alive and not self.deaf_to_floor

    def _obey(self, frame: Frame) -> None:
        """Rule 10: what is new is answered, and the first reason wins."""
        memory = self.memory
        seq = frame.seq
        if not seq or (memory.ack_seq and not m.is_after(seq, memory.ack_seq)):
            return
        if not frame.is_sound:
            memory.ack_result = m.BAD_CRC
            return
        if frame.boot_id != memory.boot_id:
            return
        if memory.fence and (not frame.fence or m.is_after(memory.fence, frame.fence)):
            return
        memory.ack_result = self._answer(frame)
        memory.ack_seq = seq
        self.answered[memory.ack_result] += 1

    def _answer(self, frame: Frame) -> int:
        if not m.ASSIGN <= frame.cmd <= m.RESET or not frame.mission:
            return m.MALFORMED
        if frame.cmd == m.ASSIGN:
            return self._assign(frame)
        if frame.cmd == m.VOID:
            return self._void(frame.mission)
        if frame.cmd == m.CONFIRM:
            return self._confirm(frame.mission)
        return self._change_mode(frame.cmd)

    def _assign(self, frame: Frame) -> int:
        memory = self.memory
        if not m.MOVE <= frame.kind <= m.CARRY:
            return m.MALFORMED
        slot = memory.finished(frame.mission)
        state = memory.state if frame.mission == memory.mission else slot.state if slot else m.NONE
        if state and self._remembers:
            return m.WAS_VOIDED if state == m.VOIDED else m.REPEAT
        used = {
            m.MOVE: (frame.target,), m.PICK_UP: (frame.source,), m.DROP: (frame.target,),
            m.CARRY: (frame.source, frame.target),
        }[frame.kind]  # fmt: skip
        if not self.stations.issuperset(used):
            return m.NO_STATION
        if memory.mode != m.AUTO or memory.load == m.UNKNOWN:
            return m.WRONG_MODE
        if memory.mission and (self._remembers or memory.state < m.DONE):
            return m.BUSY
        memory.drop_mission()
        memory.mission, memory.kind, memory.state = frame.mission, frame.kind, m.ACCEPTED
        memory.source, memory.target, memory.wanted = frame.source, frame.target, frame.load_id
        return m.OK

    def _void(self, mission: int) -> int:
        """Rule 13."""
        memory = self.memory
        slot = memory.finished(mission)
        if mission != memory.mission:
            if slot is None:
                memory.write_down(mission, m.VOIDED, 0)
                return m.OK
            return m.REPEAT if slot.state == m.VOIDED else m.TOO_LATE
        if memory.state == m.VOIDED:
            return m.REPEAT
        from_here = m.UNLOADING if memory.kind == m.DROP else m.LOADING
        if memory.state < from_here or (memory.state == m.FAILED and not memory.has_loaded):
            memory.state, memory.error, self._until_s = m.VOIDED, 0, None
            return m.OK
        return m.TOO_LATE

    def _confirm(self, mission: int) -> int:
        """Rule 12."""
        memory = self.memory
        if mission != memory.mission:
            return m.REPEAT if memory.finished(mission) else m.NO_MISSION
        if memory.state < m.DONE:
            return m.BUSY
        memory.write_down(memory.mission, memory.state, memory.error)
        memory.drop_mission()
        return m.OK

    def _change_mode(self, cmd: int) -> int:
        """Rule 17: PAUSE, RESUME and RESET."""
        memory = self.memory
        if cmd == m.RESET:
            if memory.mode != m.FAULT:
                return m.WRONG_MODE
            memory.mode = m.PAUSED
            return m.OK
        if memory.mode not in (m.AUTO, m.PAUSED):
            return m.WRONG_MODE
        self._pausing = cmd == m.PAUSE and memory.mode == m.AUTO
        if cmd == m.RESUME:
            memory.mode = m.AUTO
        return m.OK

    # Motion.

    def _drive(self) -> None:
        memory = self.memory
        is_under_way = memory.state in (m.LOADING, m.UNLOADING) or (
            not self.body.station and memory.state in (m.TO_SOURCE, m.TO_TARGET)
        )
        if self._pausing and not is_under_way:
            memory.mode, self._pausing = m.PAUSED, False
        if memory.mode != m.AUTO:
            self._until_s = None  # a journey or hand-off that was stopped begins its time anew
            return
        step = {
            m.ACCEPTED: self._begin, m.TO_SOURCE: self._to_source, m.LOADING: self._load,
            m.TO_TARGET: self._to_target, m.UNLOADING: self._unload,
        }.get(memory.state)  # fmt: skip
        if step is not None:
            step()

    def _begin(self) -> None:
        """Rule 14: a load that does not fit the type fails it."""
        memory = self.memory
        if memory.kind in (m.CARRY, m.PICK_UP) and memory.load == m.LOADED:
            self._fail(m.WRONG_LOAD)
        elif memory.kind == m.DROP and memory.load == m.EMPTY:
            self._fail(m.LOAD_LOST)
        else:
            memory.has_loaded = memory.kind == m.DROP
            memory.state = m.TO_TARGET if memory.kind in (m.MOVE, m.DROP) else m.TO_SOURCE

    def _to_source(self) -> None:
        if not self._travelled(self.memory.source):
            return
        if self._planned_for("source", m.PATH_BLOCKED, m.LOW_BATTERY, m.MANUAL_STOP, m.OTHER):
            return
        if self._floor_alive:
            self.memory.state = m.LOADING

    def _load(self) -> None:
        if not self._took(self._pace.hand_off_s):
            return
        memory = self.memory
        if self._planned_for("source", m.SOURCE_EMPTY, m.WRONG_LOAD):
            return
        there = self.body.world.loads_at(memory.source)
        wanted = [code for code in there if m.label_of(code) == memory.wanted]
        if not wanted:
            self._fail(m.WRONG_LOAD if there else m.SOURCE_EMPTY)
            return
        self.body.pick_up(memory.source, wanted[0])
        memory.load, memory.load_id, memory.has_loaded = m.LOADED, memory.wanted, True
        memory.state = m.DONE if memory.kind == m.PICK_UP else m.TO_TARGET

    def _to_target(self) -> None:
        memory = self.memory
        if not self._travelled(memory.target):
            return
        if self._planned_for("target", m.PATH_BLOCKED, m.LOW_BATTERY, m.MANUAL_STOP, m.OTHER):
            return
        if memory.kind == m.MOVE:
            memory.state = m.DONE
            return
        if self._planned_for("target", m.LOAD_LOST):
            self.body.lose()
            memory.load, memory.load_id = m.EMPTY, 0
            return
        if self._planned_for("target", m.TARGET_OCCUPIED):
            return
        if not self.body.world.has_room(memory.target):
            self._fail(m.TARGET_OCCUPIED)
        elif self._floor_alive:
            memory.state = m.UNLOADING

    def _unload(self) -> None:
        if not self._took(self._pace.hand_off_s):
            return
        memory = self.memory
        if self.body.fork is None:  # somebody took it off meanwhile
            self._fail(m.LOAD_LOST)
            return
        code = self.body.put_down(memory.target)
        self.log.append(Delivery(
            memory.mission, memory.load_id, code, self.body.taken_at, memory.target,
            int(self._now_s * 1000),
        ))  # fmt: skip
        memory.load, memory.load_id, memory.state = m.EMPTY, 0, m.DONE

    def _travelled(self, station: int) -> bool:
        """Drive to *station*; True once it stands there."""
        if self.body.station == station:
            return True
        self.body.station = 0
        if not self._took(self._pace.travel_s):
            return False
        self.body.station = station
        return True

    def _took(self, seconds: float) -> bool:
        """Whether what it is doing has taken that long by now."""
        if self._until_s is None:
            self._until_s = self._now_s + seconds / self._pace.speed
        if self._now_s < self._until_s:
            return False
        self._until_s = None
        return True

    # Trouble.

    def fail_next(self, error: int, leg: str = "source") -> None:
        """Stop the next mission with *error* on its way to "source" or "target", load included."""
        self._planned = (error, leg)

    @property
    def fails_next(self) -> bool:
        """Whether that mission is still to come."""
        return self._planned is not None

    def _planned_for(self, leg: str, *errors: int) -> bool:
        if self._planned is None or self._planned[1] != leg or self._planned[0] not in errors:
            return False
        error, self._planned = self._planned[0], None
        self._fail(error)
        return True

    def _fail(self, error: int) -> None:
        self.memory.state, self.memory.error, self._until_s = m.FAILED, error, None
        self.memory.fault_seq = (self.memory.fault_seq + 1) % 65536

    def stop_now(self) -> None:
        """The e-stop is pressed: everything stands where it is."""
        self.memory.mode = m.E_STOP
        self.memory.fault_seq = (self.memory.fault_seq + 1) % 65536

    def release(self) -> None:
        """The e-stop is pulled out again. Nothing goes on by itself (rule 17)."""
        if self.memory.mode == m.E_STOP:
            self.memory.mode = m.PAUSED

    def set_mode(self, mode: int) -> None:
        """The key switch on the robot's panel."""
        self.memory.mode = mode

    def clear_load(self) -> None:
        """A person has looked at the fork, and says at the panel what lies on it (rule 14)."""
        fork = self.body.fork
        self.memory.load = m.LOADED if fork else m.EMPTY
        self.memory.load_id = m.label_of(fork) if fork else 0

    def take_off(self) -> str | None:
        """A person takes the load off the fork; the sensor under it tells so."""
        code = self.body.lose()
        if self.memory.load == m.LOADED:
            self.memory.load, self.memory.load_id = m.EMPTY, 0
        return code

    def give_up(self, error: int = m.MANUAL_STOP) -> None:
        """A person ends the mission in hand at the panel."""
        if self.memory.mission and self.memory.state < m.DONE:
            self._fail(error)
