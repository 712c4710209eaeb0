"""What a robot twin's PLC remembers, and how it lays that out in registers (profile GRH-1).

Written from the profile's tables alone: nothing here is shared with the codec of the driver.
"""

import struct
import zlib
from dataclasses import dataclass, field

ASSIGN, VOID, PAUSE, RESUME, CONFIRM, RESET = range(1, 7)
MOVE, PICK_UP, DROP, CARRY = range(1, 5)
OFF, MANUAL, AUTO, PAUSED, E_STOP, FAULT = range(6)
NONE, ACCEPTED, TO_SOURCE, LOADING, TO_TARGET, UNLOADING, DONE, VOIDED, FAILED = range(9)
EMPTY, LOADED, UNKNOWN = range(3)
OK, REPEAT = 1, 2
BUSY, BAD_CRC, NO_STATION, WRONG_MODE, NO_MISSION, TOO_LATE = range(10, 16)
WAS_VOIDED, MALFORMED = 18, 19
SOURCE_EMPTY, TARGET_OCCUPIED, PATH_BLOCKED, WRONG_LOAD, LOAD_LOST = range(1, 6)
LOW_BATTERY, MANUAL_STOP, STOPPED_BY_E_STOP, OTHER = range(6, 10)

STATUS_SIZE, RING = 48, 8
MAGIC = 0x12345678


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry of the journal."""

    mission: int = 0
    state: int = NONE
    error: int = 0


@dataclass(slots=True)
class Memory:
    """What is kept without power. `has_loaded`: the mission in hand has touched its load."""

    boot_id: int = 0
    fence: int = 0
    ack_seq: int = 0
    ack_result: int = 0
    mission: int = 0
    kind: int = 0
    source: int = 0
    target: int = 0
    wanted: int = 0  # LOAD_ID of the mission in hand
    state: int = NONE
    error: int = 0
    has_loaded: bool = False
    load: int = EMPTY
    load_id: int = 0
    mode: int = AUTO
    fault_seq: int = 0
    journal: list[Slot] = field(default_factory=lambda: [Slot()] * RING)
    position: int = 0

    def finished(self, mission: int) -> Slot | None:
        """What the journal says of *mission*."""
        return next((slot for slot in self.journal if slot.mission == mission), None)

    def write_down(self, mission: int, state: int, error: int) -> None:
        """Put a finished mission in the ring, over the oldest."""
        self.journal[self.position] = Slot(mission, state, error)
        self.position = (self.position + 1) % RING

    def drop_mission(self) -> None:
        """Nothing is in hand any more."""
        self.mission = self.kind = self.source = self.target = self.wanted = 0
        self.state, self.error, self.has_loaded = NONE, 0, False


@dataclass(frozen=True, slots=True)
class Frame:
    """A COMMAND block as the robot finds it in its registers."""

    words: list[int]

    @property
    def seq(self) -> int:
        """SEQ_HEAD, or 0 while the block is torn."""
        return self.words[0] if self.words[0] == self.words[23] else 0

    @property
    def is_sound(self) -> bool:
        """Whether its CRC is right."""
        return self.words[22] == crc(self.words[:22])

    @property
    def cmd(self) -> int:
        return self.words[1]

    @property
    def mission(self) -> int:
        return wide(self.words[2:6])

    @property
    def kind(self) -> int:
        return self.words[6]

    @property
    def source(self) -> int:
        return self.words[7]

    @property
    def target(self) -> int:
        return self.words[8]

    @property
    def load_id(self) -> int:
        return wide(self.words[10:12])

    @property
    def boot_id(self) -> int:
        return wide(self.words[12:14])

    @property
    def fence(self) -> int:
        return self.words[14]


def crc(words: list[int]) -> int:
    """CRC-16/MODBUS over big-endian words, by its table-free definition."""
    value = 0xFFFF
    for octet in b"".join(word.to_bytes(2, "big") for word in words):
        value ^= octet
        for _ in range(8):
            carry = value & 1
            value >>= 1
            if carry:
                value ^= 0xA001
    return value


def wide(words: list[int]) -> int:
    """Big-endian words as one number."""
    value = 0
    for word in words:
        value = value << 16 | word
    return value


def split(value: int, count: int) -> list[int]:
    """One number as *count* big-endian words."""
    return [value >> 16 * (count - 1 - place) & 0xFFFF for place in range(count)]


def is_after(a: int, b: int) -> bool:
    """Serial-number order: *a* is newer than *b*."""
    return 0 < (a - b) % 65536 < 32768


def label_of(code: str) -> int:
    """LOAD_ID of a container, as the robot's own scanner computes it."""
    return zlib.crc32(code.encode("utf-8"))


def status_words(
    memory: Memory, *, scan: int, pulse: int, place: int, battery: int, floor_alive: bool
) -> list[int]:
    """The STATUS block."""
    words = [scan, 1, pulse, *split(memory.boot_id, 2), memory.mode]
    words += [memory.ack_seq, memory.ack_result, *split(memory.mission, 4)]
    words += [memory.state, memory.error, memory.load, *split(memory.load_id, 2)]
    words += [place, battery, memory.fault_seq, *split(MAGIC, 2)]
    words += list(struct.unpack(">HH", struct.pack(">f", 1.5)))
    words += [int(floor_alive), memory.fence]
    return words + [0] * (STATUS_SIZE - 1 - len(words)) + [scan]


def journal_words(memory: Memory) -> list[int]:
    """The JOURNAL block."""
    words: list[int] = []
    for slot in memory.journal:
        words += [*split(slot.mission, 4), slot.state, slot.error]
    return words
