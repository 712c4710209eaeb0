"""The air in front of a reader twin: tags with memory on antennas, and what is done to them."""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

EPC_BANK = 1
EPC_STARTS_AT_BYTE = 4  # after the CRC and the protocol control word
EPC_BANK_BYTES_MAX = 66


class WriteResult(IntEnum):
    """Result of C1G2WriteOpSpecResult (16.3.1.5.2)."""

    DONE = 0
    OVERRUN = 1
    LOCKED = 2
    LITTLE_POWER = 3
    TAG_ERROR = 4
    NO_ANSWER = 5
    READER_ERROR = 6


@dataclass(slots=True)
class Tag:
    """One tag. `chance` is its probability to answer in one round; `answer` forces a result."""

    epc: bytes
    antennas: set[int]
    rssi: int = -55
    chance: float = 1.0
    answer: WriteResult = WriteResult.DONE
    written: int = 0  # how often its EPC memory was written
    forgets: bool = False  # says that it was written, and was not

    def epc_bank(self) -> bytes:
        """CRC (not computed), protocol control word with the length in words, EPC."""
        return struct.pack("!HH", 0, len(self.epc) // 2 << 11) + self.epc


@dataclass(frozen=True, slots=True)
class Mask:
    """C1G2TargetTag (16.3.1.3.1.1): bits from `pointer` on that must (or must not) match."""

    bank: int
    match: bool
    pointer: int
    bits: int
    mask: int
    data: int

    def fits(self, tag: Tag) -> bool:
        """Whether *tag* is a target. An empty mask fits every tag in the field."""
        if self.bits == 0:
            return True
        memory = tag.epc_bank() if self.bank == EPC_BANK else b""
        end = self.pointer + self.bits
        if end > 8 * len(memory):
            return not self.match
        word = int.from_bytes(memory, "big") >> (8 * len(memory) - end)
        return ((word ^ self.data) & self.mask == 0) is self.match


@dataclass(frozen=True, slots=True)
class Write:
    """C1G2Write (16.3.1.3.2.2): whole words into one bank."""

    op_spec: int
    bank: int
    word: int
    data: bytes

    def onto(self, tag: Tag) -> WriteResult:
        """Do it. Only the EPC bank is there to be written."""
        if tag.answer is not WriteResult.DONE:
            return tag.answer
        start, end = 2 * self.word, 2 * self.word + len(self.data)
        if self.bank != EPC_BANK or end > EPC_BANK_BYTES_MAX:
            return WriteResult.OVERRUN
        if tag.forgets:
            return WriteResult.DONE
        memory = bytearray(EPC_BANK_BYTES_MAX)
        bank = tag.epc_bank()
        memory[: len(bank)] = bank
        memory[start:end] = self.data
        words = struct.unpack("!H", memory[2:EPC_STARTS_AT_BYTE])[0] >> 11
        tag.epc = bytes(memory[EPC_STARTS_AT_BYTE : EPC_STARTS_AT_BYTE + 2 * words])
        tag.written += 1
        return WriteResult.DONE


@dataclass(frozen=True, slots=True)
class Read:
    """C1G2Read (16.3.1.3.2.1): whole words out of one bank."""

    op_spec: int
    bank: int
    word: int
    words: int

    def of(self, tag: Tag) -> bytes | None:
        """What is there; None where there is nothing (of ours)."""
        memory = tag.epc_bank() if self.bank == EPC_BANK else b""
        data = memory[2 * self.word : 2 * (self.word + self.words)]
        return data if len(data) == 2 * self.words else None


@dataclass(slots=True)
class Field:
    """All tags in front of all antennas; changed while the reader runs."""

    tags: list[Tag] = field(default_factory=list)

    def place(self, epc: str, *antennas: int, rssi: int = -55, chance: float = 1.0) -> Tag:
        """Put a tag (EPC in hex) in front of *antennas* (1 when none is named)."""
        tag = Tag(bytes.fromhex(epc), set(antennas or (1,)), rssi, chance)
        self.tags.append(tag)
        return tag

    def remove(self, epc: str) -> None:
        """Take away every tag that carries *epc* now."""
        self.tags = [tag for tag in self.tags if tag.epc != bytes.fromhex(epc)]

    def epcs(self) -> list[str]:
        """What is there, in lower-case hex, sorted."""
        return sorted(tag.epc.hex() for tag in self.tags)
