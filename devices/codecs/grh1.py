"""Robot profile GRH-1: registers to values and back, with no I/O.

All registers are 16-bit holding registers; numbers wider than one are big-endian words. Four
blocks, each with one writer: COMMAND and HEARTBEAT (the floor), STATUS and JOURNAL (the robot).
The rules of the profile are kept by `devices/robot_rules.py`; here is only how they look on
the wire. Golden frames from an independent source are in `tests/fixtures/grh1.csv`.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

COMMAND_COUNT, HEARTBEAT_COUNT, STATUS_COUNT = 24, 2, 48  # registers of each block
JOURNAL_SLOTS, SLOT_COUNT = 8, 6
JOURNAL_COUNT = JOURNAL_SLOTS * SLOT_COUNT
PROTOCOL = 1
MAGIC_U32, MAGIC_F32 = 0x12345678, 1.5  # prove the order of bytes and words
NUMBERS = 65_536
LAST_NUMBER = 65_535  # SEQ and FENCE wrap from here to 1: 0 means "nothing yet"
MISSION_END = 2**63  # mission numbers stay below it

_COMMAND = struct.Struct(">HHQHHHHIIH14x")  # SEQ_HEAD ... FENCE, and the reserved registers
_STATUS = struct.Struct(">HHHIHHHQHHHIHHHIfHH42xH")
_SLOT = struct.Struct(">QHH")


class Torn(ValueError):
    """The block was read while it was being written: read it again."""


class WrongProfile(ValueError):
    """What answers there does not speak GRH-1 in this byte order: write nothing to it."""


class Cmd(IntEnum):
    """CMD of a command."""

    ASSIGN = 1
    VOID = 2
    PAUSE = 3
    RESUME = 4
    CONFIRM = 5
    RESET = 6


class MissionType(IntEnum):
    """MISSION_TYPE of an ASSIGN."""

    NONE = 0
    MOVE = 1
    PICK_UP = 2
    DROP = 3
    CARRY = 4


class Mode(IntEnum):
    """MODE of a robot."""

    OFF = 0
    MANUAL = 1
    AUTO = 2
    PAUSED = 3
    E_STOP = 4
    FAULT = 5


class State(IntEnum):
    """STATE of a mission, in hand or in the journal."""

    NONE = 0
    ACCEPTED = 1
    TO_SOURCE = 2
    LOADING = 3
    TO_TARGET = 4
    UNLOADING = 5
    DONE = 6
    VOIDED = 7
    FAILED = 8


FINAL = (State.DONE, State.VOIDED, State.FAILED)


class Load(IntEnum):
    """LOAD: what the robot knows of its own load."""

    EMPTY = 0
    LOADED = 1
    UNKNOWN = 2


class Answer(IntEnum):
    """ACK_RESULT. A robot may have more of its own, so `Status.answer` is a plain number."""

    NONE = 0
    OK = 1
    REPEAT = 2
    BUSY = 10
    BAD_CRC = 11
    UNKNOWN_STATION = 12
    WRONG_MODE = 13
    UNKNOWN_MISSION = 14
    TOO_LATE = 15
    STALE_BOOT = 16
    STALE_FENCE = 17
    VOIDED = 18
    MALFORMED = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One write of the COMMAND block. `seq` and `fence` are 1..65535, `mission` is never 0.

    `container` is the code behind `load_id`, for robots that are told it whole: no register has it.
    """

    seq: int
    cmd: Cmd
    mission: int
    boot_id: int
    fence: int
    mission_type: MissionType = MissionType.NONE
    source: int = 0
    target: int = 0
    priority: int = 0
    load_id: int = 0
    container: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The STATUS block, read whole. `battery` in 0.1 %; `answer` is to the command `ack_seq`."""

    heartbeat: int
    boot_id: int
    mode: Mode
    ack_seq: int
    answer: int
    mission: int
    state: State
    error: int
    load: Load
    load_id: int
    location: int
    battery: int
    fault_seq: int
    floor_alive: bool
    fence_seen: int


@dataclass(frozen=True, slots=True)
class Finished:
    """One mission in the journal."""

    mission: int
    state: State
    error: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """STATUS and JOURNAL of one moment."""

    status: Status
    journal: tuple[Finished, ...]

    def finished(self, mission: int) -> Finished | None:
        """What the journal says of *mission*."""
        return next((entry for entry in self.journal if entry.mission == mission), None)


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS: start 0xFFFF, polynomial 0xA001, reflected.

    >>> hex(crc16(b"123456789"))
    '0x4b37'
    """
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def load_id(code: str) -> int:
    """LOAD_ID of a container: CRC-32 (zlib) of its code in UTF-8. An echo of it is no identity.

    >>> load_id("T-000123")
    945653571
    """
    return zlib.crc32(code.encode())


def newer(a: int, b: int) -> bool:
    """Whether number *a* (SEQ or FENCE) came after *b*, across the wrap.

    >>> newer(1, 65535), newer(65535, 1), newer(7, 7)
    (True, False, False)
    """
    return 1 <= (a - b) % NUMBERS <= NUMBERS // 2 - 1


def next_after(*numbers: int) -> int:
    """The number past the newest of *numbers*; 0 stands for none yet.

    >>> next_after(0, 41), next_after(65535, 65530), next_after(0, 0)
    (42, 1, 1)
    """
    newest = 0
    for number in numbers:
        if number and (not newest or newer(number, newest)):
            newest = number
    return newest % LAST_NUMBER + 1


def command_frame(command: Command) -> list[int]:
    """The 24 registers of the COMMAND block, CRC and tail included."""
    assert 1 <= command.seq <= LAST_NUMBER, command
    assert 1 <= command.fence <= LAST_NUMBER, command
    assert command.mission > 0, command
    body = _COMMAND.pack(
        command.seq, command.cmd, command.mission, command.mission_type, command.source,
        command.target, command.priority, command.load_id, command.boot_id, command.fence,
    )  # fmt: skip
    return [*_registers(body), crc16(body), command.seq]


def parse_command(registers: Sequence[int]) -> Command:
    """What the COMMAND block says. `Torn` unless head and tail agree and the CRC is right."""
    body = _bytes(registers[: COMMAND_COUNT - 2])
    crc, tail = registers[-2:]
    seq, cmd, mission, kind, source, target, priority, load, boot_id, fence = _COMMAND.unpack(body)
    if seq != tail or crc != crc16(body):
        raise Torn("COMMAND: head, tail or CRC differ")
    return Command(
        seq=seq, cmd=Cmd(cmd), mission=mission, boot_id=boot_id, fence=fence,
        mission_type=MissionType(kind), source=source, target=target, priority=priority,
        load_id=load,
    )  # fmt: skip


def heartbeat_frame(beat: int, fence: int) -> list[int]:
    """The two registers of the HEARTBEAT block. *beat* only has to change."""
    assert 1 <= fence <= LAST_NUMBER
    return [beat % NUMBERS, fence]


def parse_status(registers: Sequence[int]) -> Status:
    """The 48 registers of the STATUS block as a value.

    `Torn` when head and tail differ; `WrongProfile` for another PROTOCOL or MAGIC, or for words
    that the profile does not have.
    """
    (
        head, protocol, heartbeat, boot_id, mode, ack_seq, answer, mission, state, error, load,
        load_id_, location, battery, fault_seq, magic, magic_f, alive, fence, tail,
    ) = _STATUS.unpack(_bytes(registers))  # fmt: skip
    if head != tail:
        raise Torn("STATUS: head and tail differ")
    if protocol != PROTOCOL or magic != MAGIC_U32 or magic_f != MAGIC_F32:
        raise WrongProfile(f"PROTOCOL {protocol}, MAGIC {magic:#010x} and {magic_f:g}")
    try:
        return Status(
            heartbeat=heartbeat, boot_id=boot_id, mode=Mode(mode), ack_seq=ack_seq, answer=answer,
            mission=mission, state=State(state), error=error, load=Load(load), load_id=load_id_,
            location=location, battery=battery, fault_seq=fault_seq, floor_alive=bool(alive),
            fence_seen=fence,
        )  # fmt: skip
    except ValueError as error_:
        raise WrongProfile(f"STATUS: {error_}") from error_


def parse_journal(registers: Sequence[int]) -> tuple[Finished, ...]:
    """The used slots of the JOURNAL block, in no order. `WrongProfile` for an unknown STATE."""
    entries = []
    data = _bytes(registers)
    try:
        for mission, state, error in _SLOT.iter_unpack(data):
            if mission:
                entries.append(Finished(mission, State(state), error))
    except ValueError as error_:
        raise WrongProfile(f"JOURNAL: {error_}") from error_
    return tuple(entries)


def agree(before: Status, after: Status) -> bool:
    """Whether a journal read between the two belongs to both."""
    return (before.boot_id, before.ack_seq, before.mission, before.state) == (
        after.boot_id, after.ack_seq, after.mission, after.state,
    )  # fmt: skip


def _registers(data: bytes) -> list[int]:
    return list(struct.unpack(f">{len(data) // 2}H", data))


def _bytes(registers: Sequence[int]) -> bytes:
    return struct.pack(f">{len(registers)}H", *registers)
