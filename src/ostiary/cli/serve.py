"""`ostiary serve`: run the gateway of a configuration file."""

from __future__ import annotations

import sys

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigFile, Exit, fail


def serve(file: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the gateway of a configuration file.

    One JSON line for each request goes to stdout, everything else that happens to stderr. SIGTERM and
    Ctrl-C stop accepting, let what is under way end, and exit 0; a second one exits at once.
    """
    import uvloop

    from ostiary.build import compile_gateway
    from ostiary.config.load import load_checked
    from ostiary.errors import ConfigError
    from ostiary.observe.access import AccessLog
    from ostiary.observe.log import configure
    from ostiary.serve import Ending, Server, compile_places
    from ostiary.serve import serve as run

    configure()
    loaded = load_checked(file)
    try:
        gateway = compile_gateway(loaded, AccessLog(sys.stdout.fileno()))
        places = compile_places(loaded.spec.listeners, loaded.folder)
        uvloop.run(run(Server(gateway, places, ending=Ending.of(loaded.spec))))
    except ConfigError as error:
        fail("serve.cannot-start", str(error), where=str(file), exit_code=Exit.NO)
