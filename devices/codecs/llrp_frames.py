"""LLRP's stream of bytes as whole messages (LLRP 1.0.1, section 16.1): no meaning, only lengths."""

import struct

_HEADER = struct.Struct("!HII")  # reserved, version and type; length with this header; number
VERSIONS = (1, 2)  # LLRP 1.0.1 and 1.1
MESSAGE_BYTES_MAX = 1 << 20  # a report of every tag in a full field is a tenth of it


class Garbage(ValueError):
    """What came is no LLRP: where the next message begins is not known any more."""


class Frames:
    """Bytes in any chunks to whole messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that *data* completes. Raises `Garbage`; nothing can be fed after that.

        >>> Frames().feed(bytes.fromhex("043e0000000a00000001" "043e"))
        [b'\\x04>\\x00\\x00\\x00\\n\\x00\\x00\\x00\\x01']
        """
        self._rest += data
        found, at = [], 0
        while len(self._rest) - at >= _HEADER.size:
            kind, length, _ = _HEADER.unpack_from(self._rest, at)
            if kind >> 10 not in VERSIONS or not _HEADER.size <= length <= MESSAGE_BYTES_MAX:
                raise Garbage(f"no LLRP message: type {kind}, {length} bytes")
            if len(self._rest) - at < length:
                break
            found.append(self._rest[at : at + length])
            at += length
        self._rest = self._rest[at:]
        return found
