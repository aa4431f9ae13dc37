"""The process that workers are copied from: it has loaded the programs, and does nothing but let itself be copied.

number of the question, SP, "copy" and descriptors      ->
<-   number of the question, SP, the process id of the copy; where there is none, minus the error (errno)
number of the question, SP, "reap", SP, a process id    ->
<-   number of the question, SP, its exit code; minus a signal
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Final

from ostiary.workers.channel import Channel

VARIABLE: Final = "OSTIARY_TEMPLATE"
"""How a process learns that workers are copied from it: the descriptor of its line to the supervisor."""

UNKNOWN: Final = 255
"""The exit code of a copy of which nobody knows how it has ended."""

_ENDING: Final = (signal.SIGINT, signal.SIGTERM)
_LONGEST: Final = 64
_LATER: Final = ("httpcore2", "anyio._backends._asyncio", "ostiary.vault.local")
"""What most workers import when they start, and share if it is here already."""


def line_of(environ: MutableMapping[str, str]) -> socket.socket | None:
    """Return the line that the environment tells of, and take it out; None: nobody is copied from this process."""
    said = environ.pop(VARIABLE, None)
    return None if said is None else socket.socket(fileno=int(said))


def copied(line: socket.socket) -> Channel | None:
    """Let this process be copied for as long as its supervisor lives; everything that a copy needs is imported by now.

    Signals that end a gateway are for the copies only. What is there now is left alone by the collector, in them too:
    what is never written stays shared.

    Returns:
        In each copy, what ties it to the supervisor; in this process None, in the end.
    """
    for name in _LATER:
        with suppress(ImportError):
            import_module(name)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    gc.collect()
    gc.freeze()
    with line:
        while True:
            said, given, *_ = socket.recv_fds(line, _LONGEST, Channel.DESCRIPTORS)
            if not said:
                return None
            question, what, *of = said.split()
            answer = _copy(given) if what == b"copy" else _reap(int(of[0]))
            if answer == 0 and what == b"copy":
                return Channel.of(given)
            with suppress(OSError):  # the supervisor is gone, and that is seen above
                line.send(b"%s %d" % (question, answer))


def _copy(given: Sequence[int]) -> int:
    """Return the process id of a new copy; 0 in it; where there is none, minus the error."""
    try:
        pid = os.fork()
    except OSError as error:
        pid = -(error.errno or 1)
    if pid == 0:
        os.setsid()  # a Ctrl-C is the supervisor's to pass on, once
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)  # one that is here already has waited, and is taken now
    for descriptor in given:
        if pid == 0:
            os.set_inheritable(descriptor, False)  # for no process that it starts
        else:
            os.close(descriptor)
    return pid


def _reap(pid: int) -> int:
    """Return the exit code of a copy that has ended. Its number is nobody else's before."""
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return UNKNOWN  # it was copied from the process before this one
    return os.waitstatus_to_exitcode(status)
