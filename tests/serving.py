"""The web application behind a real socket, in a thread beside the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

START_S_MAX = 20.0


class _Announced(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup()
        self.listening.set()


@contextmanager
def served(app: Litestar, port: int = 0) -> Iterator[int]:
    """Serve *app* on *port* (0: a free one) while the block runs. Gives the port."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = _Announced(config)
    thread = threading.Thread(target=server.run, name="served")
    thread.start()
    try:
        assert server.listening.wait(START_S_MAX), "the server did not start"
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
