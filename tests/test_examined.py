"""What `genba doctor` finds out about disk and clock, and what it does not believe."""

from pathlib import Path

import pytest

from app.machine import examined
from app.machine.examined import Mount, why_not_believed


@pytest.mark.parametrize(
    ("kind", "options", "median_ms", "rotates", "why"),
    [
        ("ext4", "rw", 0.8, False, ""),
        ("ext4", "rw", 0.05, False, ""),  # power loss protection
        ("ext4", "rw", 0.001, False, "quick"),  # somebody answers without doing it
        ("ext4", "rw", 0.2, True, "quick"),  # no disk turns so fast
        ("ext4", "rw", 8.0, True, ""),
        ("ext4", "rw,barrier=0", 0.8, False, "no_barrier"),
        ("xfs", "rw,nobarrier", 0.8, False, "no_barrier"),
        ("tmpfs", "rw", 0.001, False, "volatile"),
        ("nfs4", "rw", 3.0, False, "remote"),
    ],
)
def test_f9_a_disk_that_lies_is_not_believed(
    kind: str, options: str, median_ms: float, rotates: bool, why: str
) -> None:
    mount = Mount(kind, tuple(options.split(",")), "8:1")
    said = why_not_believed(mount, median_ms, rotates=rotates)
    assert said == (f"disk_{why}" if why else "")


def test_the_file_system_in_memory_is_known() -> None:
    mount = examined.mount_of(Path("/dev/shm/genba"))
    if mount is None or mount.kind != "tmpfs":
        pytest.skip("there is none here")
    assert why_not_believed(mount, 0.001, rotates=False) == "disk_volatile"


def test_the_kernel_tells_of_its_clock_or_nobody_knows() -> None:
    told = examined.kernel_clock()
    assert told is None or told.error_ms >= 0
