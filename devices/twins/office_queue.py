"""The print system of a machine: `lp` and `lpstat` in a folder, and the tray of an office printer.

They are programs of their own, like the real ones: `lp` reads a job from its standard input and
puts it into the tray, `lpstat -p` tells of the queues. Source: the manual pages of CUPS.
"""

from pathlib import Path

LP = """#!/bin/sh
here=$(dirname "$0")
while getopts d:n:t:o: option; do
    case $option in
        d) queue=$OPTARG ;;
        n) copies=$OPTARG ;;
    esac
done
while [ -e "$here/held" ]; do sleep 0.02; done
grep -qx "$queue" "$here/queues" || { echo "lp: Error - unknown destination" >&2; exit 1; }
half=$(mktemp "$here/tray/job-XXXXXXXX")
cat > "$half"
mv "$half" "$half-${copies:-1}.pdf"
echo "request id is $queue-1 (1 file(s))"
"""
LPSTAT = """#!/bin/sh
here=$(dirname "$0")
while [ -e "$here/held" ]; do sleep 0.02; done
: > "$here/asked"
[ -s "$here/queues" ] || { echo "lpstat: No destinations added." >&2; exit 1; }
while read -r queue; do
    if [ -e "$here/stopped" ]; then
        echo "printer $queue disabled since Thu 01 Jan 2026 00:00:00 -"
    else
        echo "printer $queue is idle.  enabled since Thu 01 Jan 2026 00:00:00"
    fi
done < "$here/queues"
"""


class OfficeQueueTwin:
    """One machine's print system in *folder*, with one queue. Faults are set while it runs."""

    def __init__(self, folder: Path, queue: str = "OFFICE-A4") -> None:
        self.folder, self.queue = folder, queue

    def start(self) -> None:
        """Install the programs and the queue."""
        (self.folder / "tray").mkdir(parents=True, exist_ok=True)
        for name, script in (("lp", LP), ("lpstat", LPSTAT)):
            (self.folder / name).write_text(script, "utf-8")
            (self.folder / name).chmod(0o755)
        (self.folder / "queues").write_text(f"{self.queue}\n", "utf-8")

    def remove(self) -> None:
        """Somebody deletes the queue."""
        (self.folder / "queues").write_text("", "utf-8")

    def forget(self) -> None:
        """Nobody has asked `lpstat` yet."""
        (self.folder / "asked").unlink(missing_ok=True)

    @property
    def was_asked(self) -> bool:
        """Whether somebody asked `lpstat` since."""
        return (self.folder / "asked").exists()

    def stop(self) -> None:
        """Somebody stops the queue; the print system takes jobs all the same."""
        (self.folder / "stopped").touch()

    def go_on(self) -> None:
        """It prints again."""
        (self.folder / "stopped").unlink(missing_ok=True)

    def hold(self) -> None:
        """The print system hangs."""
        (self.folder / "held").touch()

    def release(self) -> None:
        """It answers again."""
        (self.folder / "held").unlink(missing_ok=True)

    def sheets(self) -> list[tuple[bytes, int]]:
        """What lies in the tray: each PDF, and how many copies of it."""
        found = sorted(self.tray.glob("*.pdf"), key=lambda file: (file.stat().st_mtime_ns, file))
        return [(file.read_bytes(), int(file.stem.rpartition("-")[2])) for file in found]

    @property
    def tray(self) -> Path:
        """Where the sheets come out."""
        return self.folder / "tray"
