"""A handheld in a process of its own: `python -m tests.handheld_process URL RUN`."""

import asyncio
import sys
import time
from itertools import count

from tests.tiny_server import TOKEN
from tui.handheld import run_handheld
from tui.link import HttpLink


async def main(url: str, run: str) -> None:
    """Be terminal HT-01 until ctrl+q."""
    link = HttpLink(url, terminal="HT-01", token=TOKEN, clock=time.monotonic)
    numbers = count()
    await run_handheld(link, terminal="HT-01", ids=lambda: f"{run}-{next(numbers)}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
