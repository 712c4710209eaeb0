"""Bytes of a serial scanner to scans: feed them in any chunks, get each scan once."""

NAMED_SUFFIXES = {"any": b"\r\n\t\x03", "line": b"\r\n", "tab": b"\t", "etx": b"\x03"}
SCAN_BYTES_MAX = 512
DAMAGED = "\ufffd"
# Separators that barcodes carry on purpose: GS and RS (GS1, ISO 15434), the EOT of ISO 15434, and
# line breaks and tabs inside a QR code where another suffix ends the scan.
_KEPT_CONTROLS = frozenset("\x1d\x1e\x04\t\r\n\u3000")


class Lines:
    """Cuts a stream into scans at any byte of *suffixes*; a run of them ends one scan.

    What arrived damaged still was a pull of the trigger and wants an answer, so it comes out
    marked with U+FFFD, which no barcode of ours holds: bytes that are not UTF-8, control and
    invisible characters, and the rest of a scan longer than `SCAN_BYTES_MAX` become that mark.
    Noise without one readable character is dropped and counted. With a *prefix*, what stands
    before it is noise too, and a scan without it is damaged.
    """

    def __init__(self, suffixes: bytes = NAMED_SUFFIXES["any"], prefix: bytes = b"") -> None:
        self.dropped = 0
        self._suffixes = frozenset(suffixes)
        self._prefix = prefix
        self._begun = bytearray()
        self._too_long = False

    @property
    def pending(self) -> bool:
        """Whether a scan has begun and not ended."""
        return bool(self._begun)

    def feed(self, data: bytes) -> list[str]:
        """The scans that *data* completes, AIM identifier and separators kept.

        >>> lines = Lines()
        >>> lines.feed(b"]C1010490"), lines.feed(b"1234567894\\r"), lines.feed(b"\\nA\\tB")
        ([], [']C10104901234567894'], ['A'])
        """
        scans = []
        for byte in data:
            if byte not in self._suffixes:
                self._take(byte)
            elif self._begun:
                scans.extend(self._end(DAMAGED if self._too_long else ""))
        return scans

    def give_up(self) -> list[str]:
        """The scan that was begun, marked as damaged: its suffix will not come any more.

        >>> lines = Lines()
        >>> lines.feed(b"A-01"), lines.give_up(), lines.give_up()
        ([], ['A-01\ufffd'], [])
        """
        return self._end(DAMAGED) if self._begun else []

    def _take(self, byte: int) -> None:
        if len(self._begun) < len(self._prefix) + SCAN_BYTES_MAX:
            self._begun.append(byte)
        else:
            self._too_long = True

    def _end(self, mark: str) -> list[str]:
        raw = bytes(self._begun)
        self._begun.clear()
        self._too_long = False
        _noise, found, wanted = raw.partition(self._prefix) if self._prefix else (b"", b"-", raw)
        if not found:
            wanted, mark = raw, DAMAGED
        text = "".join(_clean(character) for character in wanted.decode("utf-8", "replace"))
        if not text.strip(DAMAGED + " "):
            self.dropped += 1
            return []
        return [text + mark]


def _clean(character: str) -> str:
    return character if character.isprintable() or character in _KEPT_CONTROLS else DAMAGED
