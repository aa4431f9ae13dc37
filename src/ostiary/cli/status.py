"""`ostiary status`: how the gateway that runs is, on a terminal. What is said is what its status page says."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Json, NoColor, Overlays, emit, fail

_EVERY: Final = 2.0
_CLEAR: Final = "\x1b[H\x1b[2J"


def status(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    admin: Annotated[
        str | None,
        typer.Option(
            "--admin", metavar="URL", envvar="OSTIARY_ADMIN", help="Its admin listener, in place of the file's."
        ),
    ] = None,
    admin_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The authority of its certificate (PEM).")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Ask again every two seconds, until Ctrl-C.")] = False,
    as_json: Json = False,
    no_color: NoColor = False,
) -> None:
    """Say how the gateway that runs is.

    Its admin listener is asked, which the configuration names, or --admin; the token is in OSTIARY_ADMIN_TOKEN.
    The exit code is 0 when it is ready, though parts may be degraded, 1 when it is starting or draining, and 3
    when nobody answers: for a health check. With --watch and --json it is one document a line.
    """
    from ostiary.cli.admin import Place

    place = Place(admin or _listener(config, overlay), admin_ca, "status.admin")
    while True:
        facts = place.status()
        _show(facts, as_json=as_json, plain=no_color, again=watch)
        if not watch:
            break
        time.sleep(_EVERY)
    if facts["state"] != "ready":
        raise typer.Exit(int(Exit.NO))


def _listener(config: Path, overlay: list[Path] | None) -> str:
    """Return where the admin listener of a configuration is."""
    from ostiary.config.load import load

    spec = load(config, overlay or ()).spec.admin
    if spec is None or spec.bind.port == 0:
        hint = "`admin: {bind: 127.0.0.1:9444}`, or --admin URL"
        fail("status.admin", "the configuration names no admin listener", hint=hint, where=str(config))
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(spec.bind.host, spec.bind.host)  # noqa: S104 - what is meant by it
    return f"{'http' if spec.tls is None else 'https'}://{f'[{host}]' if ':' in host else host}:{spec.bind.port}"


def _show(facts: dict[str, Any], *, as_json: bool, plain: bool, again: bool) -> None:
    """Show it; again: in place of what was shown before, where that can be had."""
    from ostiary.cli.status_show import shown
    from ostiary.cli.terminal import colourful, show

    if as_json:
        print(json.dumps(facts)) if again else emit(facts)
    else:
        text = shown(facts, colour=colourful(sys.stdout) and not plain)
        show(f"{_CLEAR if again and sys.stdout.isatty() else ''}{text}")
    sys.stdout.flush()
