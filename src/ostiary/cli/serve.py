"""`ostiary serve`: run the gateway of a configuration file."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigFile, Exit, Overlays, fail


def serve(
    file: ConfigFile = DEFAULT_CONFIG,
    *,
    overlay: Overlays = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="Processes that share the work.")] = 1,
) -> None:
    """Run the gateway of a configuration file.

    One JSON line for each request goes to stdout, everything else that happens to stderr. A change of
    the file, of its overlays, or of anything that they point at, is taken up within seconds; SIGHUP asks
    for it. SIGTERM and Ctrl-C stop accepting, let what is under way end, and exit 0; a second one exits at once.
    With --workers, SIGTTIN adds a process, and SIGTTOU lets one go.
    """
    if Path("-") in (file, *(overlay or ())):
        hint = "`ostiary check -` looks at one that is no file"
        fail(
            "usage",
            "a gateway reads its configuration whenever it changes: name a file",
            hint=hint,
            exit_code=Exit.USAGE,
        )
    for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)  # until there is something to be exchanged, or ever
    with absent("rich", "better_exceptions") if not sys.stderr.isatty() else nullcontext():
        from ostiary.workers import line_of
    from ostiary.errors import ConfigError

    line = line_of(os.environ)
    try:
        if line is None:
            _serve(file, overlay or (), workers)
        else:
            _work(file, line)
    except ConfigError as error:
        if hasattr(error, "problems"):  # mistakes of the file are told all at once, elsewhere
            raise
        fail("serve.cannot-start", str(error), hint=_remedy(error), where=str(file), exit_code=Exit.NO)


def _remedy(error: Exception) -> str:
    """Return what helps where the system has said no."""
    said = error.__cause__.errno if isinstance(error.__cause__, OSError) else None
    return {
        errno.EADDRINUSE: "another gateway, perhaps; `ss -ltnp` says who listens there",
        errno.EACCES: "its user may not; a port below 1024 wants CAP_NET_BIND_SERVICE, see deploy/systemd",
        errno.EADDRNOTAVAIL: "`ip address` says which addresses this machine has",
    }.get(said or 0, "")


def _serve(file: Path, overlays: Sequence[Path], workers: int) -> None:
    """Serve, or supervise those who do."""
    from ostiary.config.reading.child_process import Reading

    reading = Reading(file, overlays)  # while we import the rest
    from ostiary.observe.log import configure
    from ostiary.process import run_gateway, run_workers

    configure()
    loaded = reading.examined().sound()
    if workers > 1:
        raise typer.Exit(run_workers(file, loaded, workers))
    run_gateway(file, loaded)


def _work(file: Path, line: socket.socket) -> None:
    """Let workers be copied from this process; in each of them, serve what the supervisor has read."""
    from ostiary.observe.log import configure
    from ostiary.process import run_gateway
    from ostiary.workers import copied

    channel = copied(line)
    if channel is None or not channel.wait():
        return
    configure(worker=channel.number)
    run_gateway(file, channel.examined().sound(), channel)


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Let others be imported as if these were not installed, unless they are imported already.

    A log for programs needs no colours, and structlog imports what it would draw tracebacks with on a terminal.
    """
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how the import system is told
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
