"""`ostiary recipe`: the configuration of another proxy that asks this gateway, generated from the policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, fail

if TYPE_CHECKING:
    from ostiary.config.schema import ListenerSpec
    from ostiary.model import CredentialSource

_PROXY = typer.Argument(metavar="PROXY", help="Which: nginx, haproxy, apache, caddy, envoy-http, ...")


def recipe(
    proxy: Annotated[str, _PROXY],
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    listener: Annotated[str | None, typer.Option(help="The decision listener; needed if several fit.")] = None,
    listen: Annotated[str, typer.Option(help="HOST:PORT where callers come to the proxy.")] = "0.0.0.0:443",
    certificate: Annotated[
        str, typer.Option(help="The proxy's certificate and private key, in one PEM file.")
    ] = "/etc/ssl/private/front.pem",
    lint: Annotated[Path | None, typer.Option(help="Look at a configuration of nginx that asks us, instead.")] = None,
) -> None:
    """Print a complete configuration for another proxy, which forwards what this gateway allows.

    It holds every header that the policy owns, in every spelling: write it anew when the policy changes.
    """
    if lint is not None:
        _lint(proxy, lint)
        return
    print(_written(proxy, config, listener, listen, certificate), end="")


def _written(proxy: str, config: Path, listener: str | None, listen: str, certificate: str) -> str:
    from ostiary.build import compile_gateway
    from ostiary.config.load import load
    from ostiary.observe.log import silent
    from ostiary.recipes import RECIPES, Unsafe
    from ostiary.recipes.plan import Front, plan

    if proxy not in RECIPES:
        known = ", ".join(RECIPES)
        fail("usage", f"there is no recipe for {proxy!r}", hint=f"there are: {known}", exit_code=Exit.USAGE)
    dialect, write = RECIPES[proxy]
    loaded = load(config)
    name = _listener(loaded.spec.listeners, dialect, listener)
    with silent():
        decisions = compile_gateway(loaded, sources=_blank(loaded.spec.credentials)).decisions
    assert decisions is not None  # noqa: S101 - `build` makes them for every gateway
    try:
        made = plan(
            loaded.spec, name, owned=decisions.owned, evidence=decisions.evidence, file=config,
            front=Front(listen, certificate),
        )  # fmt: skip
        return write(made)
    except Unsafe as error:
        fail("recipe.unsafe", str(error), where=str(config))


def _listener(listeners: Mapping[str, ListenerSpec], dialect: str, wanted: str | None) -> str:
    """Return the name of the decision listener that the proxy asks."""
    fitting = [name for name, one in listeners.items() if one.decide is not None and one.decide.dialect == dialect]
    if wanted is not None and wanted not in fitting:
        fail("recipe.listener", f"{wanted!r} is no listener with `decide: {dialect}`", hint=_there_are(fitting))
    if wanted is None and len(fitting) != 1:
        what = "several listeners" if fitting else "no listener"
        fail("recipe.listener", f"{what} with `decide: {dialect}`", hint=_there_are(fitting))
    return wanted or fitting[0]


def _there_are(names: list[str]) -> str:
    return f"--listener {' or '.join(names)}" if names else "add one to the file; see docs/plugin.md"


def _blank(credentials: Iterable[str]) -> dict[str, CredentialSource]:
    """Return credentials that nobody asks for: a recipe needs none."""
    from ostiary.explain.noting import Withheld

    return {alias: Withheld(alias) for alias in credentials}


def _lint(proxy: str, file: Path) -> None:
    from ostiary.recipes.lint import findings

    if proxy != "nginx":
        fail("usage", "only configurations of nginx are looked at", exit_code=Exit.USAGE)
    found = findings(file.read_text())
    for one in found:
        print(f"{file}:{one.line}: {one.text}")
    if found:
        raise typer.Exit(int(Exit.NO))
