"""Where tags were read is forgotten after the site's days, and so is when readers were away."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import ON_BOTH, FloorSite, floor_at
from wms.config import Privacy
from wms.privacy import forgetting
from wms.privacy.forgetting import DAY_MS
from wms.privacy.sightings import forget_reads, reads_due
from wms.rooms import gaps
from wms.schema import device_gaps, tag_reads

KEEP = Privacy(sighting_days=10)


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


@ON_BOTH
def test_what_readers_saw_is_forgotten_and_what_is_seen_again_is_not(site: FloorSite) -> None:
    then = site.now - 10 * DAY_MS
    for device, epc, last_ms in (
        ("gate-1", "aa", then), ("gate-2", "aa", then + 1), ("gate-1", "bb", then - DAY_MS),
    ):  # fmt: skip
        site.add(tag_reads, {"device": device, "epc": epc, "first_ms": 1, "last_ms": last_ms})
    for device, until_ms in (("gate-1", then), ("gate-2", then + 1), ("gate-3", None)):
        site.write(gaps.note, [(device, gaps.Gap(1, until_ms))])
    found = site.read(reads_due, KEEP, site.now)
    assert {(device, epc) for device, epc, _ in found} == {("gate-1", "aa"), ("gate-1", "bb")}
    site.set(tag_reads, tag_reads.c.epc == "bb", last_ms=site.now)
    assert site.write(forget_reads, found, site.now) == 1, "the other came back meanwhile"
    site.set(tag_reads, tag_reads.c.epc == "bb", last_ms=then)
    asked = {"actor": "cli", "device": "cli"}
    done = asyncio.run(forgetting.mask(site.book, KEEP, now=site.now, **asked))
    assert (done["sightings"], done["gaps"]) == (1, 1)
    assert [row.device for row in site.rows(select(tag_reads))] == ["gate-2"]
    left = {row.device for row in site.rows(select(device_gaps))}
    assert left == {"gate-2", "gate-3"}, "one that goes on stays"
    assert site.read(forgetting.count_due, KEEP, site.now) == {}
