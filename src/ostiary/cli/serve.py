"""`ostiary serve`: run the gateway of a configuration file."""

from __future__ import annotations

import os
import signal
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
    from ostiary.config.load import load_checked
    from ostiary.errors import ConfigError
    from ostiary.observe.log import configure
    from ostiary.process import run_gateway, run_workers
    from ostiary.workers import Bond

    for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU):  # until there is something to be exchanged, or ever
        signal.signal(number, signal.SIG_IGN)
    bond = Bond.take(os.environ)
    if bond and not bond.wait():
        return
    configure(worker=bond.number if bond else None)
    loaded = load_checked(file, overlay or ())
    try:
        if workers > 1:
            raise typer.Exit(run_workers(file, loaded, workers))
        run_gateway(file, loaded, bond)
    except ConfigError as error:
        fail("serve.cannot-start", str(error), where=str(file), exit_code=Exit.NO)
