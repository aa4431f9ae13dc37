"""The log of everything that is not a request: structlog, one line per event, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import structlog

Hearer = Callable[[structlog.typing.EventDict], None]

_HEARERS: Final[list[Hearer]] = []


@contextmanager
def hearing(hearer: Hearer) -> Iterator[None]:
    """Let somebody hear every event, in whatever thread it happens, for as long as the block lasts."""
    _HEARERS.append(hearer)
    try:
        yield
    finally:
        _HEARERS.remove(hearer)


def _tell(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for hearer in tuple(_HEARERS):
        hearer(event)
    return event


def configure(*, worker: int | None = None) -> None:
    """Send structlog to stderr: JSON for programs, readable lines on a terminal.

    Args:
        worker: the number that each line bears, where there are several processes.
    """

    def sign(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["worker"] = worker
        return event

    human = sys.stderr.isatty()
    last: structlog.typing.Processor = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    processors: list[structlog.typing.Processor] = [
        _tell,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.StackInfoRenderer(),
    ]
    if worker is not None:
        processors.append(sign)
    if not human:
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, last],
        logger_factory=_writer,
        cache_logger_on_first_use=False,  # it is never said often; and what is kept would outlive a change of stderr
    )


class _Writer(structlog.WriteLogger):
    """Writes to stderr, the line and its end at once: workers share it.

    A full disk, or a reader that went away, costs lines and nothing else: whoever only says something must
    not fail for it, least of all a gateway that serves.
    """

    def msg(self, message: str) -> None:
        """Write a line, if there is room for it."""
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


def _writer(*_: object) -> structlog.WriteLogger:
    """Return what writes to stderr as it is now."""
    return _Writer(sys.stderr)


@contextmanager
def silent() -> Iterator[None]:
    """Log nothing for as long as the block lasts: for commands that print what they find themselves."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
