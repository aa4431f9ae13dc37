"""`ostiary demo`: a whole example on this machine, and a tour through it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.frame import Exit, Json, NoColor, emit, fail

if TYPE_CHECKING:
    from ostiary.demo import World
    from ostiary.demo.show import Screen
    from ostiary.demo.tour import Outcome

Once = Annotated[bool, typer.Option("--once", help="End after the tour; the exit code says whether it came out right.")]
Keep = Annotated[
    Path | None,
    typer.Option("--keep", metavar="DIR", help="Put certificates, vault and configuration there, and leave them."),
]


def demo(*, once: Once = False, keep: Keep = None, as_json: Json = False, no_color: NoColor = False) -> None:
    """Run a whole example on this machine, with throw-away keys, and show who gets in and who does not.

    Gateway, issuer, vault and an old service that knows only Basic authentication are started on loopback;
    each step of the tour is a curl line that can be pasted. It stays up until Ctrl-C, or ends after the tour
    with --once or --json.
    """
    from ostiary.cli.terminal import colourful
    from ostiary.demo import DemoFailed, open_world
    from ostiary.demo.show import Screen

    screen = Screen(colour=colourful(sys.stdout) and not no_color)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whatever we started is ended, as with Ctrl-C
    try:
        with open_world(keep) as world:
            right = _as_json(world) if as_json else _shown(world, screen, once=once)
    except DemoFailed as error:
        fail("demo.failed", str(error), exit_code=Exit.UNKNOWN)
    if not right:
        raise typer.Exit(Exit.NO)


def _as_json(world: World) -> bool:
    """Take the tour and print it as one document. Return whether it came out right."""
    from ostiary.demo.client import choose
    from ostiary.demo.tour import walk, write_tokens

    client = choose(world)
    write_tokens(world)
    outcomes = list(walk(world, client))
    right = not any(outcome.differs for outcome in outcomes)
    emit({"ok": right, "client": client.name, "steps": [outcome.as_json() for outcome in outcomes]})
    return right


def _shown(world: World, screen: Screen, *, once: bool) -> bool:
    """Take the tour and show it; then stay up, unless it is for once. Return whether it came out right."""
    from ostiary.demo.client import choose
    from ostiary.demo.tour import walk, write_tokens

    client = choose(world)
    write_tokens(world)
    screen.introduce(world, client)
    outcomes = []
    for outcome in walk(world, client):
        outcomes.append(outcome)
        screen.outcome(len(outcomes), outcome)
    right = sum(not outcome.differs for outcome in outcomes)
    screen.summary(right, len(outcomes))
    if not once:
        _follow(world, screen, outcomes[-1])
    return right == len(outcomes)


def _follow(world: World, screen: Screen, last: Outcome) -> None:
    """Show how to go on, and then the access log, until Ctrl-C."""
    try:
        screen.stay(last)
        while True:
            if (line := world.gateway.next_line(1.0)) is not None:
                screen.logged(line)
    except KeyboardInterrupt:
        return
