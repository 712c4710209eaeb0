"""Logs as JSON lines on standard error, ours and those of the libraries alike."""

import io
import json
import logging
import os
import sys
from typing import Any, TextIO, cast

import structlog

from wms.text import escaped


class Unfailing(io.TextIOBase):
    """Lines to an open file that never raise: a log on a full disk must stop nobody.

    What found no room is counted, and said with the first line that does.
    """

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.dropped = 0
        self._torn = False  # the last line is only there in part

    def write(self, text: str) -> int:
        """Write *text*, or count it as dropped."""
        lost = json.dumps({"event": "log.dropped", "lines": self.dropped}) + "\n"
        data = ("\n" * self._torn + lost * bool(self.dropped) + text).encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self.handle, data) :]
                self._torn = bool(data)
            self.dropped = 0
        except OSError:
            self.dropped += 1
        return len(text)

    def flush(self) -> None:
        """There is nothing that waits."""


def configure(stream: TextIO | None = None) -> None:
    """Write every log line as one JSON object to *stream* (standard error), from INFO up.

    Libraries are heard from WARNING up: some of them tell of every frame.
    """
    stream = stream or cast(TextIO, Unfailing(sys.stderr.fileno()))
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.dict_tracebacks,
    ]
    lines = structlog.processors.JSONRenderer(_line)
    structlog.configure(
        processors=[*shared, lines],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, lines],
    ))  # fmt: skip
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _line(entry: Any, **options: Any) -> str:
    """One line of JSON that people can read, and that steers no terminal on which they do."""
    return escaped(json.dumps(entry, ensure_ascii=False, **options))
