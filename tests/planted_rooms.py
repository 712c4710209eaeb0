"""Bugs in the other rooms: devices and sync."""

from tests.planted import Bug

ROOMS = (
    Bug(
        what="a webhook's 410 is tried again",
        file="sync/webhooks.py",
        right="    if status == GONE:\n",
        wrong="    if status < 0:\n",
        tests=("tests/test_webhooks.py",),
    ),
    Bug(
        what="a weight that still moves is taken for one that stands",
        file="devices/codecs/mt_sics.py",
        right='Reading(grams, stable=stability == "S")',
        wrong="Reading(grams, stable=True)",
        tests=("tests/test_scale.py",),
    ),
    Bug(
        what="a scan that was cut off passes for a whole one",
        file="devices/codecs/lines.py",
        right='self._end(DAMAGED if self._too_long else "")',
        wrong='self._end("")',
        tests=("tests/test_scanner.py",),
    ),
)
