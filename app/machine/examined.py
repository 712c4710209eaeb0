"""What can be found out about a machine from outside of its work: its disk's word, and its clock.

Pure but for reading `/proc` and `/sys`, a few writes, and one question to the kernel.
"""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

VOLATILE = ("tmpfs", "ramfs")  # gone with the power
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs")
NO_BARRIER = ("nobarrier", "barrier=0", "eatmydata")
FSYNC_MS_MIN = 0.015  # a journal's commit with power loss protection takes longer
ROTATION_MS = 1.0  # an eighth of a turn at 7,200 a minute
VIRTUAL = ("vd", "xvd")  # such disks say that they turn, and nobody knows
FSYNC_BYTES = 512
TIME_ERROR, STA_UNSYNC = 5, 0x40  # adjtimex(2)


class Mount(NamedTuple):
    """The file system of a folder: `device` as `MAJOR:MINOR`, `kind` and `options` as mounted."""

    kind: str
    options: tuple[str, ...]
    device: str


class Clock(NamedTuple):
    """What the kernel says of its clock. `synchronised`: somebody keeps it right."""

    synchronised: bool
    error_ms: int  # at most so much, as whoever keeps it says


def fsyncs_ms(folder: Path, times: int, timer: Callable[[], float]) -> list[float]:
    """How long each of *times* small writes took until the disk promised it, shortest first."""
    probe = folder / ".genba-doctor"
    spent = []
    handle = os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(times):
            began = timer()
            os.write(handle, b"x" * FSYNC_BYTES)
            os.fsync(handle)
            spent.append((timer() - began) * 1000)
    finally:
        os.close(handle)
        probe.unlink()
    return sorted(spent)


def mount_of(folder: Path, mounts: str = "") -> Mount | None:
    """The mount that *folder* is in, from the text of `/proc/self/mountinfo` (proc(5)).

    >>> line = "36 35 98:0 / /srv rw,noatime shared:1 - ext4 /dev/sda1 rw,barrier=0"
    >>> mount_of(Path("/srv/genba"), line)
    Mount(kind='ext4', options=('rw', 'noatime', 'rw', 'barrier=0'), device='98:0')
    """
    best: tuple[int, Mount] | None = None
    for line in (mounts or _read(Path("/proc/self/mountinfo"))).splitlines():
        here, _, there = line.partition(" - ")
        first, last = here.split(), there.split()
        if len(first) < 6 or len(last) < 3:
            continue
        point = Path(first[4].replace("\\040", " "))
        if folder == point or point in folder.parents:
            options = (*first[5].split(","), *last[2].split(","))
            found = (len(point.parts), Mount(last[0], options, first[2]))
            best = found if best is None or found[0] >= best[0] else best
    return best[1] if best else None


def turns(device: str) -> bool:
    """Whether *device* (`MAJOR:MINOR`) is a disk that turns; the whole disk of a partition."""
    block = Path("/sys/dev/block") / device
    if any(f"DEVNAME={name}" in _read(block / "uevent") for name in VIRTUAL):
        return False
    flags = (_read(folder / "queue/rotational") for folder in (block, block / ".."))
    return next((flag.strip() == "1" for flag in flags if flag), False)


def why_not_believed(mount: Mount | None, median_ms: float, *, rotates: bool) -> str:
    """The end of the code for a disk whose promise is worth nothing, or "".

    >>> ssd = Mount("ext4", ("rw",), "8:1")
    >>> [why_not_believed(ssd, ms, rotates=False) for ms in (1.2, 0.001)]
    ['', 'disk_quick']
    >>> why_not_believed(ssd, 0.3, rotates=True), why_not_believed(None, 3.0, rotates=False)
    ('disk_quick', '')
    """
    if mount is not None and mount.kind in VOLATILE:
        return "disk_volatile"
    if mount is not None and mount.kind in REMOTE:
        return "disk_remote"
    if mount is not None and set(NO_BARRIER) & set(mount.options):
        return "disk_no_barrier"
    least_ms = ROTATION_MS if rotates else FSYNC_MS_MIN
    return "disk_quick" if median_ms < least_ms else ""


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )  # fmt: skip


def kernel_clock() -> Clock | None:
    """What the kernel says of its clock; None where it may not be asked."""
    ask = getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
    told = _Timex(modes=0)  # nothing is changed
    state = ask(ctypes.byref(told)) if ask is not None else -1
    if state < 0:
        return None
    kept = state != TIME_ERROR and not told.status & STA_UNSYNC
    return Clock(kept, told.maxerror // 1000)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError:
        return ""
