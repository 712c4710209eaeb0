"""The worker in a process of its own, to be killed: `python -m tests.feeds_process URL`."""

import asyncio
import sys
from random import Random

from sync import feeds
from tests.feed_site import FAST, wall_ms
from tests.webhook_receiver import SECRET
from wms.db import Book


async def main(url: str) -> None:
    """Send until killed."""
    book = Book(url, threads=True)
    await feeds.run(
        book, now=wall_ms, random=Random(5), secret=lambda _: SECRET, settings=FAST
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
