"""Codes of the book in the reader's words: reasons, durations and times. Pure."""

from zoneinfo import ZoneInfo

from wms.messages import Language, say
from wms.site.calendar import local_time

MINUTE_S, HOUR_S = 60, 3_600


def reason(text: str, language: Language) -> str:
    """A reason as it was stored (a code, perhaps with `name=value` behind it) in words.

    Words that are no code are shown as they are.

    >>> reason("printer.paper_out", "en"), reason("10.0.0.9: no connection", "en")
    ('Paper is out: load labels', '10.0.0.9: no connection')
    """
    code, _, rest = text.partition(" ")
    pairs = (pair.partition("=") for pair in rest.split(" ") if "=" in pair)
    return known(code, language, **{name: value for name, _, value in pairs}) or text


def known(code: str, language: Language, **params: str) -> str:
    """The words for *code*, or "" where there are none, or none that *params* can fill."""
    try:
        return say(code, language, **params)
    except (KeyError, IndexError):
        return ""


def duration(seconds: int, language: Language) -> str:
    """As a lead says it.

    >>> [duration(seconds, "en") for seconds in (42, 600, 7_300)]
    ['42s', '10m', '2h']
    """
    if seconds < MINUTE_S:
        return say("board.seconds", language, count=seconds)
    if seconds < HOUR_S:
        return say("board.minutes", language, count=seconds // MINUTE_S)
    return say("board.hours", language, count=seconds // HOUR_S)


def clock(at_ms: int, zone: ZoneInfo) -> str:
    """HH:MM of the site."""
    return f"{local_time(at_ms, zone):%H:%M}"


def clock_s(at_ms: int, zone: ZoneInfo) -> str:
    """HH:MM:SS of the site."""
    return f"{local_time(at_ms, zone):%H:%M:%S}"
