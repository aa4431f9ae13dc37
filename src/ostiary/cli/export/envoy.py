"""`ostiary export envoy`: what Envoy can do by itself as its own configuration, and the rest asked about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.export import place
from ostiary.cli.export.judged import judged
from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Json, Overlays, emit, fail, say

if TYPE_CHECKING:
    from ostiary.export import Plan

_ELSEWHERE = Path("/etc/envoy/ostiary")


def envoy(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    listener: Annotated[str | None, typer.Option(help="Where callers come; needed if there are several.")] = None,
    asked: Annotated[
        str | None, typer.Option(help="The decision listener that is asked; needed if several fit.")
    ] = None,
    listen: Annotated[str | None, typer.Option(help="IP:PORT in place of the listener's own address.")] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Say of each clause who holds it, and write nothing.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write envoy.yaml and the files of secrets into this folder.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="With --out: keep the secrets as the vaults have them, until stopped.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the policy as a configuration of Envoy.

    It decides natively what it can, and asks about the rest. Without --out the configuration goes to stdout;
    there is no secret in it. `--report` says of each clause whether it is native, asked, or impossible; what
    nobody would hold is refused, unless its route says `decision: allow-partial`.
    """
    from ostiary.export import document, text

    if watch and out is None:
        fail("export.watch", "--watch keeps files up to date, and there are none", hint="give --out DIR")
    home = (out or _ELSEWHERE).resolve()
    made = judged((config, *(overlay or ())), home, listener=listener, asked=asked, listen=listen)
    if as_json or report:
        emit(document(made)) if as_json else print(text(made), end="")
    if made.refused:
        _refuse(made, told=report or as_json)
    if out is not None and not report:
        _write(made, config, overlay or [], watch=watch)
    elif not as_json and not report:
        _print(made)


def _refuse(plan: Plan, *, told: bool) -> None:
    """End the command: nothing is written that is weaker than the file."""
    from ostiary.export.report import dotted

    if told:
        raise typer.Exit(1)
    first = plan.refused[0]
    more = f" (and {len(plan.refused) - 1} more)" if len(plan.refused) > 1 else ""
    hint = "`--report` says all of it; `decision: allow-partial` on a route does without"
    fail("export.impossible", f"{dotted(first.path)}: {first.why}{more}", hint=hint)


def _print(plan: Plan) -> None:
    from ostiary.export.envoy import bootstrap, dump

    print(dump(bootstrap(plan)), end="")


def _write(plan: Plan, config: Path, overlays: list[Path], *, watch: bool) -> None:
    import asyncio
    from contextlib import nullcontext

    from ostiary.cli.export.watch import Keeper
    from ostiary.export.envoy import FOLDER, bootstrap, dump, files_of_tls
    from ostiary.observe.log import configure, silent

    if watch:
        configure()
    home = plan.place.home
    place.folder(home, 0o755)
    place.folder(home / FOLDER, 0o700)
    for name, content in files_of_tls(plan):
        place.put(home / FOLDER / name, dump(content), 0o600)
    keeper = Keeper(plan, config, overlays)
    with nullcontext() if watch else silent():
        written = dump(bootstrap(plan))
        asyncio.run(keeper.run(watch=watch, before=lambda: place.put(home / "envoy.yaml", written, 0o644)))
    for alias in keeper.missing:
        say(f"credential {alias} is not to be had: Envoy answers 503 where it is needed")
