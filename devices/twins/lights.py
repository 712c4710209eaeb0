"""An output module with lamps on it, on Modbus TCP: function 1 (read coils), 15 (write several).

Written from the Modbus application protocol 1.1b3. The fault menu is that of the server: silent,
late, lost replies, exceptions, half a message, and power that goes.
"""

import struct
from collections.abc import Sequence

from devices.twins.modbus_wire import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    Illegal,
    ModbusServer,
)

READ, WRITE = 1, 15


class _NoRegisters:
    """It has lamps, and nothing else."""

    def read(self, address: int, count: int) -> list[int]:
        raise Illegal(ILLEGAL_FUNCTION)

    def write(self, address: int, values: Sequence[int]) -> None:
        raise Illegal(ILLEGAL_FUNCTION)


class LightsTwin(ModbusServer):
    """*lamps* outputs in a row; each light has one for every colour. `stop` darkens them all."""

    def __init__(self, lamps: int = 64, colours: tuple[str, ...] = ("blue", "green")) -> None:
        super().__init__(_NoRegisters())
        self.colours = colours
        self.lamps = [False] * lamps
        self.written = 0  # commands that were carried out

    def lit(self) -> dict[int, list[str]]:
        """Which colours shine at which channel."""
        shining: dict[int, list[str]] = {}
        for number, lamp in enumerate(self.lamps):
            if lamp:
                channel, at = divmod(number, len(self.colours))
                shining.setdefault(channel, []).append(self.colours[at])
        return shining

    async def start(self) -> None:
        """Switch on, at the same address every time."""
        await self.listen()

    async def stop(self) -> None:
        """Switch off: every lamp is dark, and stays so."""
        self.shut()
        self.lamps = [False] * len(self.lamps)

    def _carry_out(self, pdu: bytes) -> bytes:
        if pdu[0] == READ and len(pdu) == 5:
            address, count = struct.unpack(">HH", pdu[1:])
            self._check(address, count)
            bits = sum(lamp << at for at, lamp in enumerate(self.lamps[address : address + count]))
            size = -(-count // 8)
            return bytes([READ, size]) + bits.to_bytes(size, "little")
        if pdu[0] == WRITE and len(pdu) >= 7:
            address, count, size = struct.unpack(">HHB", pdu[1:6])
            self._check(address, count)
            if size != -(-count // 8) or len(pdu) != 6 + size:
                raise Illegal(ILLEGAL_VALUE)
            bits = int.from_bytes(pdu[6:], "little")
            for at in range(count):
                self.lamps[address + at] = bool(bits >> at & 1)
            self.written += 1
            return pdu[:5]
        raise Illegal(ILLEGAL_FUNCTION)

    def _check(self, address: int, count: int) -> None:
        if count < 1:
            raise Illegal(ILLEGAL_VALUE)
        if address + count > len(self.lamps):
            raise Illegal(ILLEGAL_ADDRESS)
