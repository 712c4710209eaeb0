"""A ConveyLinx module with two zones and the boxes on them, on Modbus TCP.

Written from PulseRoller's ConveyLinx-Ai2 User's Guide 2.1 (Local Zone Status, Arrival & Departure
Counts, Module Status, Port Inputs, Modbus Assembly Instance Structure, Assemblies with Reset
Protection). Its 512 registers can be read one by one; the input assembly only from its start, and
at most 45 registers at once. Boxes move when the bench says so (`run`), so that a test knows.

Faults: `jam`, `wind` (the counters stand anywhere), `power_cycle` (counters and what it was told
are gone), `frozen` (its program stands, its registers can be read), `stopped` (somebody pulled the
line); and those of the server: silent, late, lost replies, exceptions, half a message, a pulled
cable (`shut` and `listen`: it counts on).
"""

import asyncio
from collections.abc import Callable, Sequence

from devices.twins.modbus_wire import ILLEGAL_ADDRESS, ILLEGAL_VALUE, Illegal, ModbusServer

UP, DOWN = 0, 1
REGISTERS, MOST = 512, 45
# Where each zone, first the upstream one, has its numbers.
STATUS, ARRIVALS, DEPARTURES, ACCUMULATE, STATUS_WORD = (
    (116, 196), (106, 186), (107, 187), (104, 184), (88, 89),
)  # fmt: skip
PORTS, STOP = 35, 19
ASSEMBLY = 1500
INPUTS = (
    116, 196, 106, 107, 186, 187, 88, 89, 119, 120, 199, 200, 105, 185, 24, 55, 79, 57, 35, 0, 19,
)  # fmt: skip
JAMMED = 0x20
FRESH = 0x01  # of the first status word: it was reset, and nobody has connected since
CLEAR_STOPPED, BLOCKED_STOPPED, BUSY = 0x01, 0x05, 0x06


class Module:
    """The program of the module: two zones in a row, a box on each at the most."""

    def __init__(self, heartbeat_s: float) -> None:
        self.heartbeat_s = heartbeat_s
        self.memory = [0] * REGISTERS
        self.boxes = [False, False]
        self.waiting = 0  # boxes before the upstream zone
        self.left = 0  # boxes that went on behind the downstream one
        self.jams = [False, False]
        self.exit_free = True
        self.frozen = self.stopped = False
        self.told = 0  # writes that were carried out
        self.clock: Callable[[], float] = lambda: 0.0

    def reset(self) -> None:
        """Power was away: what it has counted and was told is gone; the boxes are not."""
        self.memory = [0] * REGISTERS
        self.memory[STATUS_WORD[UP]] = FRESH

    def move(self) -> bool:
        """Hand every box on that can go on, the last zone first. False when none could."""
        moved = False
        if self.stopped or self.frozen:
            return False
        for zone in (DOWN, UP):
            onward = self.exit_free if zone == DOWN else not self.boxes[DOWN]
            is_held = self.memory[ACCUMULATE[zone]] & 1
            if self.boxes[zone] and onward and not is_held and not self.jams[zone]:
                self._count(DEPARTURES[zone])
                self.boxes[zone] = False
                if zone == DOWN:
                    self.left += 1
                else:
                    self._arrive(DOWN)
                moved = True
        if self.waiting and not self.boxes[UP]:
            self.waiting -= 1
            self._arrive(UP)
            moved = True
        return moved

    def _arrive(self, zone: int) -> None:
        self._count(ARRIVALS[zone])
        self.boxes[zone] = True

    def _count(self, register: int) -> None:
        self.memory[register] = (self.memory[register] + 1) & 0xFFFF

    def refresh(self) -> None:
        """What its registers show now, unless its program stands."""
        if self.frozen:
            return
        for zone in (UP, DOWN):
            at_rest = BLOCKED_STOPPED if self.boxes[zone] else CLEAR_STOPPED
            self.memory[STATUS[zone]] = BUSY if self.stopped else at_rest
            word = self.memory[STATUS_WORD[zone]] & ~JAMMED
            self.memory[STATUS_WORD[zone]] = word | JAMMED * self.jams[zone]
        beat = int(self.clock() / self.heartbeat_s) & 1
        self.memory[PORTS] = self.memory[PORTS] & 0x7FFF | beat << 15
        self.memory[STOP] = 1 << 10 if self.stopped else 0

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers by their numbers in the guide."""
        if count > MOST:
            raise Illegal(ILLEGAL_VALUE)
        self.refresh()
        if address == ASSEMBLY and count <= len(INPUTS):
            return [self.memory[number] for number in INPUTS[:count]]
        self._check(address, count)
        return self.memory[address : address + count]

    def write(self, address: int, values: Sequence[int]) -> None:
        """Of the registers that it can be told something by."""
        self._check(address, len(values))
        self.memory[address : address + len(values)] = list(values)
        self.told += 1

    def _check(self, address: int, count: int) -> None:
        if not 1 <= address <= address + count <= REGISTERS:
            raise Illegal(ILLEGAL_ADDRESS)


class ConveylinxTwin(ModbusServer):
    """See the module's docstring. `offset`: the address of a register is its number less that."""

    def __init__(self, *, heartbeat_s: float = 2.0, offset: int = 1) -> None:
        self.module = Module(heartbeat_s)
        super().__init__(self.module)
        self.shift = -offset

    async def start(self) -> None:
        """Switch on, at the same address every time."""
        self.module.clock = asyncio.get_running_loop().time
        await self.listen()

    async def stop(self) -> None:
        """Switch off: what it has counted is gone."""
        self.shut()
        self.module.reset()

    async def power_cycle(self) -> None:
        """Off and on."""
        await self.stop()
        await self.start()

    def run(self, boxes: int = 0) -> None:
        """Put *boxes* before it and let everything move until nothing does."""
        self.module.waiting += boxes
        while self.module.move():
            pass

    def jam(self, zone: str, jammed: bool = True) -> None:
        """A box is stuck in *zone* (up, down), or it was freed."""
        self.module.jams[UP if zone == "up" else DOWN] = jammed

    def wind(self, value: int) -> None:
        """All its counters stand at *value*, as if so many boxes had passed before."""
        for number in (*ARRIVALS, *DEPARTURES):
            self.module.memory[number] = value

    def departures(self, zone: str) -> int:
        """The counter of what left *zone*, as it stands."""
        return self.module.memory[DEPARTURES[UP if zone == "up" else DOWN]]

    def is_held(self, zone: str) -> bool:
        """Whether it was told to keep what arrives in *zone*."""
        return bool(self.module.memory[ACCUMULATE[UP if zone == "up" else DOWN]] & 1)
