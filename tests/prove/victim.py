"""A process that works on the book and is killed: by itself at a named point, or from outside."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from app import dying
from tests.prove.calls import Call
from wms.db import Book, nowhere
from wms.errors import Rejected

ANSWER_S_MAX = 120.0
STATEMENT = "statement"
Answer = tuple[str, Any]  # "answer", "refused" (what it says), "failed" (what the database said)


class Died(Exception):
    """The process is gone; what became of the command nobody knows."""


def work(pipe: Connection, url: str) -> None:
    """Give each command that comes to the book at *url*, and say what came of it."""
    book = Book(url)
    at_statement: list[Callable[[str], None]] = [nowhere]
    event.listen(
        book.writing, "after_cursor_execute", lambda *_of_statement: at_statement[0](STATEMENT)
    )
    while True:
        try:
            die_at, call = pipe.recv()
        except EOFError:
            return
        die = dying.at(die_at) if die_at else nowhere
        book.reached = at_statement[0] = die
        pipe.send(_done(book, *call))


def _done(book: Book, command: Any, args: Any, named: Any) -> Answer:
    try:
        return "answer", book.write_now(command, *args, **named)
    except Rejected as refusal:
        return "refused", str(refusal)
    except DBAPIError as error:
        return "failed", str(error)


class Victim:
    """Such a process, and a new one whenever it was killed; *modules* are there already then."""

    def __init__(self, url: str, modules: Sequence[str] = ()) -> None:
        self.url = url
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload([__name__, *modules])
        self._start()

    def _start(self) -> None:
        self.pipe, theirs = self.context.Pipe()
        self.process = self.context.Process(target=work, args=(theirs, self.url), daemon=True)
        self.process.start()
        theirs.close()

    def tell(self, call: Call, die_at: str = "") -> None:
        """Give it a command; it kills itself at *die_at* (`POINT#N`)."""
        self.pipe.send((die_at, (call.command, call.args, call.named)))

    def hear(self) -> Answer:
        """Its answer. `Died`: then there is a new one already."""
        try:
            assert self.pipe.poll(ANSWER_S_MAX), "no answer"
            answer: Answer = self.pipe.recv()
        except (EOFError, ConnectionResetError) as gone:
            self._bury()
            self._start()
            raise Died from gone
        return answer

    def ask(self, call: Call) -> Answer:
        """Its answer to a command in peace."""
        self.tell(call)
        return self.hear()

    def kill(self) -> None:
        """SIGKILL, now."""
        if self.process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)

    def _bury(self) -> None:
        self.process.join(10)
        self.process.kill()
        self.process.close()
        self.pipe.close()

    def close(self) -> None:
        """The end of it."""
        self.kill()
        self._bury()
