"""Bugs in what is made of reads: ghosts, ways through doors, blindness, and proven tags."""

from tests.planted import Bug, only

SEEN = ("tests/test_sightings.py",)
LABELS = only("test_rfid_labels", "proven or one_tag or (each_piece and sqlite)")
DOOR = only("test_door", "(cage or carrier or goods) and not postgresql")

RFID = (
    Bug(
        what="one read is a sighting",
        file="devices/sightings.py",
        right="if sum(one.count for _, one in tag.reads) < self._rules.reads_min:",
        wrong="if not tag.reads:",
        tests=SEEN,
    ),
    Bug(
        what="a tag is gone while its reader was silent",
        file="devices/sightings.py",
        right="if last_ms is not None and now_ms - last_ms > self._rules.quiet_ms:",
        wrong="if last_ms is None:",
        tests=SEEN,
    ),
    Bug(
        what="what stands in a door goes in and out of it",
        file="devices/sightings.py",
        right="FAR_MORE * counts[there]",
        wrong="0 * counts[there]",
        tests=SEEN,
    ),
    Bug(
        what="in is out",
        file="devices/sightings.py",
        right='            return "in"\n        return "out" if',
        wrong='            return "out"\n        return "in" if',
        tests=SEEN,
    ),
    Bug(
        what="a label is printed when nobody has read its tag",
        file="devices/drivers/zpl_tcp.py",
        right="if tag and read != tag:",
        wrong="if read and read != tag:",
        tests=LABELS,
    ),
    Bug(
        what="two labels share one tag",
        file="devices/codecs/zpl_status.py",
        right="if tag_of(payload) and copies != 1:",
        wrong="if copies < 1:",
        tests=LABELS,
    ),
    Bug(
        what="a label in doubt has a tag without doubt",
        file="wms/site/tags.py",
        right='AFTER.get(state, "uncertain")',
        wrong='AFTER.get(state, "written")',
        tests=LABELS,
    ),
    Bug(
        what="whatever is loaded anywhere may leave by any door",
        file="wms/shipping/door.py",
        right='(row.state == "loaded" and on_board)',
        wrong="row.carrier != to[0][0].carrier",
        tests=DOOR,
    ),
)
