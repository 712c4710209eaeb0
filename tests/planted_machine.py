"""Bugs in what is done about a machine in trouble: its disk, its clock, a restored book."""

from tests.planted import Bug, only

TROUBLE = only("test_trouble", "f7 or f8 or log_on")
CLOCK = ("tests/test_site_clock.py",)

MACHINE = (
    Bug(
        what="a driver may say what no database can keep",
        file="devices/supervisor.py",
        right="        if not sound(signal, self.name):\n",
        wrong="        if not signal:\n",
        tests=only("test_devices_live", "may_not_say"),
    ),
    Bug(
        what="a bug of a driver ends the worker that uses it, and so the server",
        file="devices/supervisor.py",
        right="        return cast(Capability, device.hands)\n",
        wrong="        return cast(Capability, device.driver)\n",
        tests=only("test_devices_live", "whoever_uses"),
    ),
    Bug(
        what="a driver that breaks in use is not left alone",
        file="devices/containment.py",
        right="            self._broke(error)\n",
        wrong="",
        tests=only("test_devices_live", "whoever_uses"),
    ),
    Bug(
        what="commands are tried on a disk that is known to be full",
        file="wms/db.py",
        right="        if self.full:\n            raise no_room()\n",
        wrong="",
        tests=TROUBLE,
    ),
    Bug(
        what="a full disk is written again as soon as a byte is free",
        file="app/machine/disk.py",
        right='return level if room.free >= 3 * room.reserve and rested else "full"',
        wrong="return level",
        tests=TROUBLE,
    ),
    Bug(
        what="the ballast is kept when its room is needed",
        file="app/machine/disk.py",
        right="self.ballast.drop()",
        wrong="self.ballast.keep(room.reserve)",
        tests=TROUBLE,
    ),
    Bug(
        what="a server works on after its disk has failed",
        file="app/machine/broken.py",
        right='if kind != "broken":',
        wrong='if kind != "full":',
        tests=TROUBLE,
    ),
    Bug(
        what="the site's time is whatever the machine's clock says",
        file="app/machine/clock.py",
        right="        return self._given\n",
        wrong="        return self._wall()\n",
        tests=CLOCK,
    ),
    Bug(
        what="a clock that leaps ahead is believed at once",
        file="app/machine/clock.py",
        right="AHEAD_HOLD_MS = 10 * 60_000",
        wrong="AHEAD_HOLD_MS = 0",
        tests=CLOCK,
    ),
    Bug(
        what="a restored book gives the numbers of yesterday's labels again",
        file="wms/upkeep/burnt.py",
        right="now = max(was, wanted.get(counter, was))",
        wrong="now = was",
        tests=only("test_backup", "i7"),
    ),
    Bug(
        what="a log on a full disk stops whoever writes to it",
        file="app/logs.py",
        right="        except OSError:\n            self.dropped += 1",
        wrong="        except ValueError:\n            self.dropped += 1",
        tests=TROUBLE,
    ),
)
