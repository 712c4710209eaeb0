"""Keeps every worker alive. A lost database connection may pass; a bug may not hide."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import structlog
from sqlalchemy.exc import DBAPIError

log = structlog.get_logger(__name__)
Job = Callable[[], Awaitable[None]]

PAUSE_S_MIN = 0.5
PAUSE_S_MAX = 5.0  # a label may wait for so long after the database came back
PASSING = (DBAPIError, OSError, TimeoutError)  # the world's, not ours: tried again


class Crew:
    """The workers of a running site. Some come and go while the others work."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def keep(self, jobs: dict[str, Job]) -> None:
        """Run *jobs* until cancelled. What passes is tried again after a growing pause.

        Anything else is a bug: it ends all jobs and is raised, so that the process stops loudly and
        starts again from the book.
        """
        async with asyncio.TaskGroup() as group:
            self._group = group
            for name, job in jobs.items():
                self.add(name, job)

    def add(self, name: str, job: Job) -> None:
        """Keep *job*, too, from now on."""
        assert self._group is not None
        task = self._group.create_task(_keep_one(name, job, self._random), name=name)
        self._tasks[name] = task

    async def drop(self, name: str) -> None:
        """Let *name* go; returns when it has ended. There need not be one."""
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})


async def _keep_one(name: str, job: Job, random: Random) -> None:
    clock = asyncio.get_running_loop().time
    pause_s = PAUSE_S_MIN
    while True:
        began = clock()
        try:
            await job()
            return
        except PASSING as error:
            if clock() - began > PAUSE_S_MAX:
                pause_s = PAUSE_S_MIN
            log.warning("worker.paused", worker=name, why=str(error)[:200], pause_s=pause_s)
        await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))
        pause_s = min(pause_s * 2, PAUSE_S_MAX)
