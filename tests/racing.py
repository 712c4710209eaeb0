"""Processes that race on one book: each runs the same steps, and each step begins together."""

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

from picking import tours
from picking.release import Settings, release_wave
from picking.waves import Wave
from wms.db import Book

RACERS = 4
TIMEOUT_S = 60
# Read once, by the process that all racers are forked from.
RUNNERS = (
    "count_racers", "inbound_racers", "ledger_racers", "recall_racers", "returns_racers",
)  # fmt: skip
Runner = Callable[..., Any]  # runner(book, number of the racer, *arguments)


def race(url: str, *steps: tuple[Any, ...], racers: int = RACERS) -> list[list[Any]]:
    """Run each `(runner, *arguments)` in so many processes; per step what each returned."""
    context = multiprocessing.get_context("forkserver")  # its children share no connection
    context.set_forkserver_preload([__name__, *(f"tests.{name}" for name in RUNNERS)])
    start, results = context.Barrier(racers), context.Queue()
    running = [
        context.Process(target=_run, args=(start, results, url, number, steps))
        for number in range(racers)
    ]
    for racer in running:
        racer.start()
    try:
        found = dict(results.get(timeout=TIMEOUT_S) for _ in running)
    finally:
        for racer in running:
            racer.join(timeout=1)
            racer.kill()
    return [[found[number][step] for number in range(racers)] for step in range(len(steps))]


def _run(start: Any, results: Any, url: str, number: int, steps: Sequence[tuple[Any, ...]]) -> None:
    book = Book(url)
    found = []
    for runner, *arguments in steps:
        start.wait(timeout=TIMEOUT_S)
        found.append(runner(book, number, *arguments))
    book.close()
    results.put((number, found))


def release_own(
    book: Book, number: int, of_racer: list[list[int]], today: str, now: int
) -> list[int]:
    """Release this racer's orders, one wave each. Returns those that could go."""
    return [
        order for order in of_racer[number] if release_all(book, number, [order], today, now)
    ]  # fmt: skip


def release_all(book: Book, _number: int, orders: list[int], today: str, now: int) -> int:
    """Release one wave. Returns how many orders this racer released."""
    wave = Wave("yamato", now, tuple(orders))
    released = book.write_now(release_wave, wave, settings=Settings(), today=today, now=now)
    return len(released.orders)


def claim_all(book: Book, number: int, people: list[list[int]], now: int) -> list[int]:
    """Claim a tour for one of this racer's people after another."""
    claimed = [
        book.write_now(tours.claim, person=person, now=now) for person in people[number]
    ]  # fmt: skip
    return [tour for tour in claimed if tour is not None]
