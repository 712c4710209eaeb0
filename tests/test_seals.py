"""The audit chain: sealed in the order of the commits, complete, and broken by any change."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import select, text

from tests.ledger_site import PEN
from tests.ledger_world import World, world_at
from wms.audit import auditor
from wms.db import Book, Tx
from wms.record import commands, seals
from wms.schema import commands as commands_table
from wms.schema import seals as seals_table


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with world_at(database_url) as world:
        yield world


def command(tx: Tx, name: str) -> None:
    commands.record(tx, actor="cli", device="cli", permission="admin", name=name, now=1)


def seal_all(book: Book) -> int:
    count = 0
    while sealed := book.write_now(seals.seal):
        count += sealed
    return count


def sealed_names(book: Book) -> list[str]:
    """The commands in the order of their seals."""
    query = (
        select(commands_table.c.name)
        .join(seals_table, seals_table.c.row_id == commands_table.c.id)
        .where(seals_table.c.kind == "command")
        .order_by(seals_table.c.seq)
    )
    return book.read_now(lambda tx: list(tx.scalars(query)))


def fill(world: World) -> None:
    for n in range(1, 6):
        world.receive("A-1", PEN, "", "", n)
        world.book.write_now(command, f"command-{n}")


def test_every_command_and_move_is_sealed_once(world: World) -> None:
    fill(world)
    assert world.book.read_now(seals.lag) == 10
    assert seal_all(world.book) == 10
    assert seal_all(world.book) == 0
    assert world.book.read_now(seals.lag) == 0
    fill(world)
    assert seal_all(world.book) == 10
    assert world.book.read_now(seals.verify) == []
    assert world.book.read_now(auditor.full) == []


def test_more_than_a_batch_is_sealed(world: World) -> None:
    fill(world)
    with world.book.writing.begin() as tx:
        for n in range(seals.BATCH + 7):
            command(tx, f"more-{n}")
    assert seal_all(world.book) == seals.BATCH + 17
    assert world.book.read_now(auditor.full) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE commands SET actor = 'somebody' WHERE name = 'command-2'", "changed"),
        ("UPDATE commands SET at_ms = at_ms + 1 WHERE name = 'command-1'", "changed"),
        ("UPDATE moves SET qty = qty + 1 WHERE qty = 3", "changed"),
        ("DELETE FROM commands WHERE name = 'command-4'", "gone"),
        ("UPDATE seals SET hash = 'x' WHERE seq = 4", "changed"),
    ],
)
def test_a_row_that_changed_or_went_is_found(spoil: str, said: str, world: World) -> None:
    fill(world)
    seal_all(world.book)
    with world.book.writing.begin() as tx:
        assert tx.execute(text(spoil)).rowcount == 1
    faults = world.book.read_now(seals.verify)
    assert len(faults) in (1, 2)  # a changed hash spoils its own row, and what follows from it
    assert said in faults[0]
    assert {one.invariant for one in world.book.read_now(auditor.full)} >= {"I13"}


def test_rows_that_change_places_are_found(world: World) -> None:
    fill(world)
    seal_all(world.book)
    swap = "UPDATE commands SET name = CASE name WHEN 'command-1' THEN 'command-2' ELSE {} END"
    with world.book.writing.begin() as tx:
        tx.execute(text(swap.format("'command-1'") + " WHERE name IN ('command-1', 'command-2')"))
    assert len(world.book.read_now(seals.verify)) == 2


def test_what_is_not_sealed_yet_may_still_be_missing(world: World) -> None:
    """Nothing is claimed about rows after the newest seal; the lag says how many there are."""
    fill(world)
    assert world.book.read_now(seals.verify) == []
    assert world.book.read_now(auditor.full) == []


def test_a_slow_writer_is_sealed_in_its_turn(postgresql_url: str) -> None:
    """It has the older number as a transaction, and commits after younger ones."""
    with world_at(postgresql_url) as world:
        with world.book.writing.connect() as slow, slow.begin():
            command(slow, "slow-1")
            world.book.write_now(command, "quick-1")
            assert seal_all(world.book) == 0, "nobody is sealed before the slow one ends"
            command(slow, "slow-2")
        world.book.write_now(command, "quick-2")
        seal_all(world.book)
        assert sealed_names(world.book) == ["slow-1", "slow-2", "quick-1", "quick-2"]
        assert world.book.read_now(auditor.full) == []


def test_a_writer_that_gave_up_is_not_waited_for(postgresql_url: str) -> None:
    with world_at(postgresql_url) as world:
        with world.book.writing.connect() as slow:
            transaction = slow.begin()
            command(slow, "never")
            world.book.write_now(command, "quick")
            transaction.rollback()
        assert seal_all(world.book) == 1
        assert sealed_names(world.book) == ["quick"]


async def test_the_worker_seals_what_is_committed(database_url: str) -> None:
    book = Book(database_url, threads=True)
    worker = asyncio.create_task(seals.run(book))
    try:
        for n in range(3):
            await book.write(command, f"command-{n}")
        async with asyncio.timeout(10):
            while await book.read(seals.lag):
                await book.bell.wait(book.bell.count, timeout_s=0.05)
        assert sealed_names(book) == ["command-0", "command-1", "command-2"]
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        book.close()


async def test_two_workers_make_one_chain(postgresql_url: str) -> None:
    """Two servers on one book: whoever comes second begins anew with the other's head."""
    books = [Book(postgresql_url, threads=True) for _ in range(2)]
    for n in range(30):
        await books[0].write(command, f"command-{n}")

    sealed = await asyncio.gather(*(book.write(seals.seal) for book in books))
    assert sum(sealed) == 30
    assert await books[0].read(auditor.full) == []
    assert await books[0].read(seals.lag) == 0
    for book in books:
        book.close()
