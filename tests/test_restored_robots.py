"""A book is restored from a backup, and the robots remember what it does not: nothing is carried
twice, and nothing that was carried stays unknown."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.ledger_site import NOON
from tests.robot_site import SLOW, Site, site
from wms.db import Book
from wms.upkeep import backup, restore


async def restored(s: Site, file: Path) -> None:
    """The floor process is gone, the book is put back to *file*, and another process starts."""
    await s.kill()
    s.book.close()
    database = Path(str(make_url(s.url).database))
    proven, _ = restore.into_sqlite(file, database, now=NOON, random=b"\2" * 8)
    assert proven.faults == 0
    s.book = Book(s.url)
    await s.boot()


def kept(s: Site, folder: Path) -> Path:
    """A backup of this moment."""
    return backup.make(s.url, folder, now=NOON)[0]


@pytest.mark.parametrize("state", ["queued", pytest.param("assigned", marks=pytest.mark.long)])
async def test_what_a_robot_did_after_the_backup_is_booked_and_not_done_again(
    sqlite_url: str, tmp_path: Path, state: str
) -> None:
    async with Site(sqlite_url, pace=SLOW) as s:
        job = s.request()
        if state == "queued":
            file = kept(s, tmp_path)
            await s.boot()
        else:
            await s.boot()
            await s.until_state(job, "assigned")
            file = kept(s, tmp_path)
        await s.until_state(job, "done")
        await s.until_idle()
        assert len(s.deliveries) == 1
        await restored(s, file)
        await s.until_state(job, "done")
        await s.until_idle()
        assert len(s.deliveries) == 1, "it stands there already"
        assert s.faults() == []


@pytest.mark.long
async def test_what_the_book_never_heard_of_is_found_by_a_person(
    sqlite_url: str, tmp_path: Path
) -> None:
    """After the backup the tote was carried there: the restored book has it here still."""
    async with site(sqlite_url) as s:
        file = kept(s, tmp_path)
        job = s.request()
        await s.until_state(job, "done")
        await s.until_idle()
        await restored(s, file)
        s.jobs = 0
        again = s.request()
        await s.until_state(again, "person")
        assert [task.kind for task in s.tasks()], "somebody is asked to look: nothing stands there"
        s.scan(again, "B0")
        assert s.where_book(0) == s.where_world(0) == "B0"
        assert len(s.deliveries) == 1
