"""`sllurp`, tamed: imported here and nowhere else. One client a session, never reconnected.

`sllurp` runs one thread a reader and fails in ways that are silent: it waits for ever for a reader
that fell silent or announced an absurd length, keeps half a message over a reconnect, throws away
what came behind a message that it cannot read, and its thread outlives a polite disconnect. So the
stream is cut into messages by our own codec, and closing ends with a cut and a join.
"""

import logging
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sllurp.llrp import (
    C1G2OpSpec,
    C1G2Read,
    C1G2TargetTag,
    C1G2Write,
    LLRPMessage,
    LLRPReaderClient,
    LLRPReaderConfig,
    LLRPReaderState,
)
from sllurp.llrp_errors import LLRPError
from sllurp.llrp_proto import Message_struct

from devices.codecs.llrp_frames import Frames, Garbage

CONNECT_S = 1.5
GOODBYE_S = 0.4  # for the reader to stop radiating, when we leave in good order
JOIN_S = 1.0
EPC_BANK, EPC_WORD = 1, 2  # the EPC begins after its CRC and the control word,
CONTROL_BIT = 0x10  # whose first five bits are the number of its words
OP_SPEC = 1
READING = LLRPReaderState.STATE_INVENTORYING
MESSAGES = tuple(Message_struct)
SENDING_ERRORS = (OSError, LLRPError, AttributeError)  # the socket may be taken away meanwhile
# What its decoders raise for bytes that they did not expect.
DECODING_ERRORS = (
    LLRPError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, struct.error,
    RecursionError, StopIteration,
)  # fmt: skip

# Everything that goes wrong is said by this device's health, once; sllurp would add a traceback
# for each pulled cable.
logging.getLogger("sllurp").setLevel(logging.CRITICAL + 1)


def decoded(frame: bytes) -> Any:
    """One whole message, as `sllurp` reads it. Raises one of `DECODING_ERRORS`."""
    return LLRPMessage(msgbytes=frame)


class Client(LLRPReaderClient):  # type: ignore[misc]
    """One thread at a time inside sllurp.

    It sends first and notes afterwards what to do with the answer: an answer that its reading
    thread handles in between would find nothing to do, and a write would never be enabled.
    *on_unread* is told, in that thread, of a message that cannot be read; *on_lost* of a stream
    that is none.
    """

    def __init__(
        self, host: str, port: int, config: dict[str, Any], on_unread: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:  # fmt: skip
        self._turn = threading.RLock()
        self._frames = Frames()
        self._on_unread, self._on_lost = on_unread, on_lost
        super().__init__(host, port, LLRPReaderConfig(config), timeout=CONNECT_S)

    def raw_data_received(self, data: bytes) -> None:
        """In place of sllurp's own: by whole messages, each read or not for itself."""
        with self._turn:
            try:
                frames = self._frames.feed(data)
            except Garbage:
                self._on_lost()
                self.hard_disconnect()
                return
            for frame in frames:
                self._one(frame)

    def _one(self, frame: bytes) -> None:
        try:
            message = decoded(frame)
        except DECODING_ERRORS as error:
            self._on_unread(type(error).__name__)
            return
        self._on_llrp_message_received(message)
        self.llrp.handleMessage(message)

    def in_turn(self, work: Callable[..., object], *arguments: object) -> None:
        """Do *work* of sllurp from another thread than its own."""
        with self._turn:
            work(*arguments)

    def place(self, access: int, epc: bytes, order: C1G2OpSpec) -> int:
        """Order *order* for the one tag whose whole EPC is *epc*; the number of the message.

        Without a mask over the whole EPC and its length, or without a count of one, this would
        happen to every tag in the field, for as long as the reader lives.
        """
        control = len(epc) // 2 << 11
        target = C1G2TargetTag(
            MB=EPC_BANK, Pointer=CONTROL_BIT, TagMask="F800" + "F" * (2 * len(epc)),
            TagData=f"{control:04x}{epc.hex()}",
        )  # fmt: skip
        self.start_access_spec(order, target, stop_after_count=1, access_spec_id=access)
        return int(self.llrp.last_msg_id)

    def hang_up(self, polite: bool) -> None:
        """Leave in good order if there is time, and without a thread in any case."""
        with suppress(*SENDING_ERRORS):
            if polite and self.is_alive():
                self.in_turn(self.disconnect)
                self.join(GOODBYE_S)
        with suppress(*SENDING_ERRORS):
            self.hard_disconnect()
        with suppress(AttributeError):  # the thread takes itself away while it ends
            self.join(JOIN_S)


def writing(epc: bytes) -> C1G2OpSpec:
    """The order to make *epc* the tag's EPC."""
    return C1G2Write(
        OpSpecID=OP_SPEC, MB=EPC_BANK, WordPtr=EPC_WORD, WriteDataWordCount=len(epc) // 2,
        WriteData=epc,
    )  # fmt: skip


def reading(words: int) -> C1G2OpSpec:
    """The order to read so many words of the tag's EPC out of its memory."""
    return C1G2Read(OpSpecID=OP_SPEC, MB=EPC_BANK, WordPtr=EPC_WORD, WordCount=words)
