"""What an LLRP reader reports of one tag, as a `TagSeen`, and what became of an order to one.

The reports are the dicts that `sllurp` decodes: names as in the LLRP standard (16.2.7.3), the EPC
as lower-case hex in bytes.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from wms.rooms.signals import TagSeen

UNKNOWN_RSSI = -128  # the weakest that the standard can say


class Outcome(NamedTuple):
    """What became of an order to a tag: which access it answers, its code (16.3.1.5), how many
    words were written or which bytes were read."""

    access: int
    result: int
    words: int = 0
    data: bytes = b""


class TagReports:
    """Reads the reports of one connection, in order.

    A reader may leave out what has not changed since its last report (13.2.3), so the last antenna,
    signal strength and count are remembered; they start anew with each connection.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._antenna = 0
        self._rssi = UNKNOWN_RSSI
        self._count = 1
        self.last_us = 0  # when the tag of the last report was read last, by the reader's clock

    def read(self, report: Mapping[str, Any]) -> TagSeen | None:
        """One report. None when it has no EPC: there is no tag to speak of.

        >>> reports = TagReports("portal")
        >>> reports.read({"EPC": b"3034", "AntennaID": 2, "PeakRSSI": -51, "TagSeenCount": 3})
        TagSeen(device='portal', epc='3034', antenna=2, rssi=-51, count=3, beside=False)
        >>> reports.read({"EPC": b"3035"})
        TagSeen(device='portal', epc='3035', antenna=2, rssi=-51, count=3, beside=False)
        >>> reports.read({"AntennaID": 1})
        """
        self._antenna = int(report.get("AntennaID", self._antenna))
        self._rssi = int(report.get("PeakRSSI", self._rssi))
        self._count = int(report.get("TagSeenCount", self._count))
        self.last_us = int(report.get("LastSeenTimestampUTC", self.last_us))
        epc = _hex(report.get("EPC"))
        if not epc:
            return None
        return TagSeen(self._device, epc, self._antenna, self._rssi, self._count)


def outcome_of(report: Mapping[str, Any]) -> Outcome | None:
    """What *report* says of an order to write or read. None when it speaks of none.

    >>> result = {"Result": 0, "OpSpecID": 1, "NumWordsWritten": 6}
    >>> outcome_of({"AccessSpecID": 11, "C1G2WriteOpSpecResult": result})
    Outcome(access=11, result=0, words=6, data=b'')
    >>> outcome_of({"EPC": b"3034"})
    """
    access = report.get("AccessSpecID")
    for name in ("C1G2WriteOpSpecResult", "C1G2ReadOpSpecResult"):
        found = report.get(name)
        if isinstance(found, Mapping) and access is not None:
            return Outcome(
                int(access), int(found["Result"]), int(found.get("NumWordsWritten", 0)),
                bytes(found.get("ReadData", b"")),
            )  # fmt: skip
    return None


def _hex(epc: object) -> str:
    if isinstance(epc, bytes):
        return epc.decode("ascii", "replace").lower()
    return ""
