"""Seeded changes of good inputs: bytes flipped, cut, doubled, spliced, or replaced by worse."""

from collections.abc import Sequence
from random import Random

# What parsers stumble over: ends, separators, commands, quotes, numbers without end, half
# characters, what steers terminals, spreadsheets and printers.
WORSE: tuple[bytes, ...] = (
    b"", b"\x00", b"\xff", b"\x1d", b"\x1b[2J", b"\x9b", b"\r\n", b"\n", b"\r", b"\t", b'"', b"'",
    b",", b"{", b"}", b"[", b"]", b"\\", b"^XZ", b"~JR", b"_5E", b"=1+1", b"]C1", b"]d2", b"]Q3",
    b"01", b"10", b"17991399", b"(01)", b"http://x/01/", b"-1", b"0", b"9" * 40, b"1e999", b"NaN",
    b"null", b"true", b"\xed\xa0\x80", b"\xc0\x80", b"\xf0\x9f\x8d\xb5", "\u202e".encode(),
    "\u200b".encode(), "\uff1d".encode(), "\u0669\u00b2".encode(), "髙".encode(),
    "\u5c3e".encode("cp932"), b"\xef\xbb\xbf", b"\xfe\xff", b"../", b"%00", b"\x02", b"\x03",
    b"\x7f", b" " * 9, b"A" * 600, b"\x80\x00\x00\x00", b"\x7f\xff", b"\x00\x03\x80\x02",
)  # fmt: skip


def mutated(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """*data* after one to four changes; now and then none."""
    for _ in range(int(chance.random() ** 2 * 5)):
        at = int(chance.random() * (len(data) + 1))
        dice = chance.random()
        if dice < 0.25 and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes((data[at] ^ 1 << int(chance.random() * 8),)) + data[at + 1 :]
        elif dice < 0.40:
            data = data[:at] + bytes((int(chance.random() * 256),)) + data[at + 1 :]
        elif dice < 0.62:
            data = data[:at] + WORSE[int(chance.random() * len(WORSE))] + data[at:]
        elif dice < 0.75:
            data = data[:at] + data[at + 1 + int(chance.random() ** 3 * len(data)) :]
        elif dice < 0.85:
            data = data[:at] + data[at // 2 : at] + data[at:]
        elif dice < 0.95:
            other = others[int(chance.random() * len(others))]
            data = data[:at] + other[int(chance.random() * (len(other) + 1)) :]
        else:
            data = data[:at]
    return data


def chunks(data: bytes, chance: Random) -> list[bytes]:
    """*data* as a wire may deliver it."""
    found, at = [], 0
    while at < len(data):
        many = 1 + int(chance.random() ** 2 * 40)
        found.append(data[at : at + many])
        at += many
    return found
