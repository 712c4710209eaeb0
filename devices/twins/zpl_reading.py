"""How the printer twin reads ZPL: the stream into sentences, and a format into what it prints."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

SETTING = b"! U1 getvar "
CODE_PAGES = {28: "utf-8", 27: "cp1252", 15: "shift_jis"}  # `^CI`; others read as cp850
COPIES_MAX = 99_999_999


class SentenceKind(Enum):
    """What a piece of the stream is: obeyed at once, asked, printed, or a planted cut."""

    NOW = auto()
    GETVAR = auto()
    FORMAT = auto()
    CUT = auto()


@dataclass(frozen=True, slots=True)
class Sentence:
    """`body` is the two letters after a tilde, the setting's name, or the whole format."""

    kind: SentenceKind
    body: bytes = b""


class Sentences:
    """One link's bytes to sentences, in any chunks.

    *open_format* belongs to the printer: a format that one link left open goes on with the next.
    """

    def __init__(self, open_format: bytearray) -> None:
        self._open = open_format
        self._rest = b""

    def take(self, data: bytes, cut_after: int | None = None) -> Iterator[Sentence]:
        """The sentences that *data* ends; the link is cut *cut_after* bytes into a format."""
        self._rest += data
        while self._rest:
            word = _word(self._rest)
            if not word:
                return
            self._rest = self._rest[len(word) :]
            yield from self._understand(word, cut_after)

    def _understand(self, word: bytes, cut_after: int | None) -> Iterator[Sentence]:
        if word.startswith(b"~"):
            yield Sentence(SentenceKind.NOW, word[1:].upper())
        elif word.startswith(SETTING):
            yield Sentence(SentenceKind.GETVAR, word[len(SETTING) :].strip().strip(b'"'))
        elif self._open or word.upper() == b"^XA":
            if cut_after is not None and len(self._open) + len(word) > cut_after:
                self._open += word[: cut_after - len(self._open)]
                self._rest = b""
                yield Sentence(SentenceKind.CUT)
                return
            self._open += word
            if word.upper() == b"^XZ":
                whole = bytes(self._open)
                self._open.clear()
                yield Sentence(SentenceKind.FORMAT, whole)


def _word(rest: bytes) -> bytes:
    """The first indivisible piece of *rest*; empty when its end has not come yet."""
    if rest[:1] in (b"^", b"~"):
        return rest[:3] if len(rest) >= 3 else b""
    if rest.startswith(SETTING):
        line, end, _ = rest.partition(b"\n")
        return line + end if end else b""
    if SETTING.startswith(rest):
        return b""
    stops = (rest.find(mark, 1) for mark in (b"^", b"~", b"!"))
    return rest[: min((stop for stop in stops if stop > 0), default=len(rest))]


@dataclass(frozen=True, slots=True)
class Reply:
    """What `^HV` sends back, for the whole format or for each label. With `of_tag` what was read
    out of the label's tag stands between `text` and `end`."""

    text: bytes
    each_label: bool
    of_tag: bool = False
    end: bytes = b""

    def said(self, tag: bytes) -> bytes:
        """With *tag*, in hex, in the label's inlay."""
        return self.text + (tag if self.of_tag else b"") + self.end


@dataclass(frozen=True, slots=True)
class Format:
    """One `^XA...^XZ`, understood as far as a tray needs it."""

    zpl: str
    copies: int
    fields: tuple[str, ...]
    echoes: tuple[Reply, ...]
    tag: bytes = b""  # hex, to be written into its inlay
    inlays: int = 3  # so many are tried, and the others come out marked VOID


def read_format(zpl: bytes, code_page: str) -> tuple[Format, str]:
    """*zpl* understood, and the code page that `^CI` leaves set for the next format."""
    fields: list[str] = []
    echoes: list[Reply] = []
    numbered: dict[bytes, bytes] = {}
    copies, escape, number = 1, b"", b""
    tag, inlays, writes, read_from = b"", 3, False, b""
    for command in zpl.split(b"^")[1:]:
        name, rest = command[:2].upper(), command[2:].replace(b"\r", b"").replace(b"\n", b"")
        if name == b"CI":
            code_page = CODE_PAGES.get(_number(rest, 0), "cp850")
        elif name == b"FH":
            escape = rest[:1] or b"_"
        elif name == b"FN":
            number = rest
        elif name == b"RS":
            inlays = _number([*rest.split(b","), b"", b"", b"", b""][3], 3)
        elif name == b"RF":
            writes = rest[:1].upper() == b"W"
            read_from = read_from if writes else number
        elif name == b"FD" and writes:
            tag, writes = rest, False
        elif name in (b"FD", b"FV"):
            data = _unescape(rest, escape)
            fields.append(data.decode(code_page, "replace"))
            numbered[number] = data
        elif name == b"FS":
            escape, number = b"", b""
        elif name == b"PQ":
            copies = max(1, min(_number(rest, 1), COPIES_MAX))
        elif name == b"HV":
            echoes.append(_host_verification(rest, escape, numbered, read_from))
    text = zpl.decode("utf-8", "backslashreplace")
    return Format(text, copies, tuple(fields), tuple(echoes), tag, inlays), code_page


def _host_verification(
    rest: bytes, escape: bytes, numbered: dict[bytes, bytes], read_from: bytes
) -> Reply:
    number, length, header, end, scope, *_ = [*rest.split(b","), b"", b"", b"", b"", b""]
    data = numbered.get(number, b"")[: _number(length, 64)]
    return Reply(
        _unescape(header, escape) + data, each_label=scope.strip().upper() == b"L",
        of_tag=bool(read_from) and number == read_from, end=_unescape(end, escape),
    )  # fmt: skip


def _number(parameters: bytes, default: int) -> int:
    """The first parameter; like a printer, what is no number counts as left out."""
    first = parameters.split(b",")[0].strip()
    return int(first) if first.isdigit() else default


def _unescape(data: bytes, escape: bytes) -> bytes:
    if not escape:
        return data
    pattern = re.escape(escape) + rb"([0-9A-Fa-f]{2})"
    return re.sub(pattern, lambda found: bytes.fromhex(found[1].decode()), data)
