"""`ostiary serve`: run the gateway of a configuration file."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigFile, Exit, fail

if TYPE_CHECKING:
    from ostiary.config.load import Loaded
    from ostiary.gateway import Gateway


def serve(file: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the gateway of a configuration file.

    One JSON line for each request goes to stdout, everything else that happens to stderr. A change of
    the file, or of anything that it points at, is taken up within seconds; SIGHUP asks for it. SIGTERM
    and Ctrl-C stop accepting, let what is under way end, and exit 0; a second one exits at once.
    """
    from ostiary.config.load import load_checked
    from ostiary.errors import ConfigError
    from ostiary.observe.log import configure

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to be exchanged
    configure()
    loaded = load_checked(file)
    try:
        _run(file, loaded)
    except ConfigError as error:
        fail("serve.cannot-start", str(error), where=str(file), exit_code=Exit.NO)


def _run(file: Path, loaded: Loaded) -> None:
    """Serve until a signal says stop.

    Raises:
        ConfigError: something cannot work as configured.
    """
    import uvloop

    from ostiary.admin.view import View
    from ostiary.build import compile_gateway
    from ostiary.observe.access import AccessLog
    from ostiary.observe.lifecycle import Lifecycle
    from ostiary.observe.metrics import Metrics
    from ostiary.reload import Change, Reloader
    from ostiary.serve import Ending, Place, Server, compile_places
    from ostiary.serve import serve as run
    from ostiary.serve.admin import administered

    metrics = Metrics()
    access = AccessLog(sys.stdout.fileno(), metrics)
    lifecycle = Lifecycle(configured_at=time.time())

    def build(read: Loaded) -> tuple[Gateway, dict[str, Place]]:
        return compile_gateway(read, access), compile_places(read.spec.listeners, read.folder)

    async def main() -> None:
        change = Change(file, loaded.draft)
        gateway, places = build(loaded)
        server = Server(gateway, places, ending=Ending.of(loaded.spec))
        reloader = Reloader(file, server, build, lifecycle, change)
        async with administered(View(server, lifecycle, metrics, access)):
            await run(server, lifecycle, companions=[reloader.run])

    uvloop.run(main())
