"""A small port to a device's holding registers, and its pymodbus side.

pymodbus would send a request up to four times, reconnect on its own, and hand a late reply to the
next request with the same number. Here one request is sent once, and a connection on which
anything went wrong is closed for good: what comes late dies with its socket, and whoever wants
to go on opens another one and reads before it writes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from devices.capabilities import Unavailable, Uncertain

READ, WRITE = 3, 16  # function codes
ILLEGAL = (1, 2, 3)  # exception codes that trying again does not mend
UNREACHABLE = "device.unreachable"
SPARE_S = 0.25  # beyond the time-out of the library, should it ever fail to keep it

# What went wrong is said by the device's health; the library's own lines would hit the screen.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL + 1)


class Refused(Unavailable):
    """The device answered with a Modbus exception: it did not do it. The connection is good."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Modbus exception {code}")
        self.code = code

    @property
    def is_configuration(self) -> bool:
        """Wrong function, address or value: nothing that time will mend."""
        return self.code in ILLEGAL


class Registers(Protocol):
    """Holding registers of one device over one connection, 0-based."""

    async def connect(self) -> None:
        """Raises `Unavailable`."""
        ...

    async def read(self, address: int, count: int) -> list[int]:
        """Raises `Refused`, or `Unavailable` after which the connection is closed."""
        ...

    async def write(self, address: int, values: Sequence[int]) -> None:
        """One write of all *values*. `Refused`: not done. `Unavailable`: not sent.

        `Uncertain`: it may have been done, and the connection is closed.
        """
        ...

    def close(self) -> None:
        """May be called twice; never raises."""
        ...


class ModbusTcp:
    """`Registers` over one TCP connection. Requests take turns; after `close` there is no way back.

    `timeout_s` is for the connection and for each reply.
    """

    def __init__(self, host: str, port: int, unit: int, timeout_s: float) -> None:
        self._unit, self._timeout_s = unit, timeout_s
        self._client = AsyncModbusTcpClient(
            host, port=port, timeout=timeout_s, retries=0, reconnect_delay=0
        )
        self._turn = asyncio.Lock()
        self._is_closed = False

    async def connect(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_s + SPARE_S):
                connected = await self._client.connect()
                _heed_cancellation()
        except asyncio.CancelledError:
            self.close()
            raise
        except (ModbusException, OSError) as error:
            self.close()
            raise Unavailable(UNREACHABLE) from error
        if not connected:
            self.close()
            raise Unavailable(UNREACHABLE)

    async def read(self, address: int, count: int) -> list[int]:
        async with self._turn:
            self._check_open()
            reply = await self._ask(
                lambda: self._client.read_holding_registers(
                    address, count=count, device_id=self._unit
                ),
                READ,
                Unavailable,
            )
            if len(reply.registers) != count:
                self.close()
                raise Unavailable(f"{len(reply.registers)} registers instead of {count}")
            return list(reply.registers)

    async def write(self, address: int, values: Sequence[int]) -> None:
        async with self._turn:
            self._check_open()
            await self._ask(
                lambda: self._client.write_registers(address, list(values), device_id=self._unit),
                WRITE,
                Uncertain,
            )

    def close(self) -> None:
        self._is_closed = True
        self._client.close()

    def _check_open(self) -> None:
        if self._is_closed or not self._client.connected:
            self.close()
            raise Unavailable("the connection is closed")

    async def _ask(
        self,
        request: Callable[[], Awaitable[ModbusPDU]],
        function: int,
        doubt: type[Unavailable] | type[Uncertain],
    ) -> ModbusPDU:
        """One request and its own reply; anything else closes the connection and raises *doubt*."""
        try:
            async with asyncio.timeout(self._timeout_s + SPARE_S):
                # The call itself may raise, before there is anything to await.
                reply = await request()
                _heed_cancellation()
        except (ModbusException, OSError) as error:
            self.close()
            raise doubt(UNREACHABLE) from error
        except asyncio.CancelledError:
            self.close()
            raise
        if reply is None or reply.function_code & 0x7F != function:
            self.close()
            raise doubt("a reply to another request")
        if reply.isError():
            raise Refused(reply.exception_code)
        return reply


def _heed_cancellation() -> None:
    """The library waits with `wait_for`, which in Python 3.11 loses a cancellation that comes in
    the same moment as the reply: whoever asked this task to end would wait for ever."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
