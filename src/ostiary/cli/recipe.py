"""`ostiary recipe`: the configuration of another proxy that asks this gateway, generated from the policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Overlays, fail, say
from ostiary.cli.reading import read_text
from ostiary.errors import CredentialUnavailable

if TYPE_CHECKING:
    from ostiary.config.schema import GatewaySpec, ListenerSpec
    from ostiary.model import Credential
    from ostiary.recipes.plan import Front

_PROXY = typer.Argument(metavar="PROXY", help="Which: nginx, haproxy, apache, caddy, envoy-http, ...")


def recipe(
    proxy: Annotated[str, _PROXY],
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    listener: Annotated[str | None, typer.Option(help="The decision listener; needed if several fit.")] = None,
    listen: Annotated[str, typer.Option(help="HOST:PORT where callers come to the proxy.")] = "0.0.0.0:443",
    certificate: Annotated[
        str, typer.Option(help="The proxy's certificate and private key, in one PEM file.")
    ] = "/etc/ssl/private/front.pem",
    beside: Annotated[
        str, typer.Option(help="haproxy: where what `recipe haproxy-lua` prints was put.")
    ] = "/etc/haproxy/ostiary.lua",
    lint: Annotated[Path | None, typer.Option(help="Look at a configuration of nginx that asks us, instead.")] = None,
) -> None:
    """Print a complete configuration for another proxy, which forwards what this gateway allows.

    It holds every header that the policy owns, in every spelling: write it anew when the policy changes. What routes do
    without is said on stderr.
    """
    if lint is not None:
        _lint(proxy, lint)
        return
    from ostiary.recipes.plan import Front

    print(_written(proxy, (config, *(overlay or ())), listener, Front(listen, certificate), beside), end="")


def _written(proxy: str, files: tuple[Path, ...], listener: str | None, front: Front, beside: str) -> str:
    from ostiary.build import compile_gateway
    from ostiary.config.load import load
    from ostiary.observe.log import silent
    from ostiary.recipes import RECIPES, Unsafe
    from ostiary.recipes.plan import plan

    if proxy not in RECIPES:
        known = ", ".join(RECIPES)
        fail("usage", f"there is no recipe for {proxy!r}", hint=f"there are: {known}", exit_code=Exit.USAGE)
    dialect, write = RECIPES[proxy]
    loaded = load(files[0], files[1:])
    name = _listener(loaded.spec.listeners, dialect, listener)
    with silent():
        decisions = compile_gateway(
            loaded, sources={alias: Blank(alias) for alias in loaded.spec.credentials}
        ).decisions
    assert decisions is not None  # noqa: S101 - `build` makes them for every gateway
    try:
        made = plan(
            loaded.spec, name, owned=decisions.owned, evidence=decisions.evidence, file=files[0],
            front=front, beside=beside,
        )  # fmt: skip
        written = write(made)
    except Unsafe as error:
        fail("recipe.unsafe", str(error), where=str(files[0]))
    _say_without(loaded.spec)
    return written


def _say_without(spec: GatewaySpec) -> None:
    """Say on stderr what routes do without where this proxy forwards."""
    from ostiary.config.clauses import clauses

    for route in spec.routes:
        for clause in clauses(route, spec.upstreams.get(route.upstream)):
            word = ".".join(str(part) for part in clause.path if not isinstance(part, int))
            say(f"note: route {route.name!r} does without `{word}`: {clause.why}")


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


class Blank:
    """A credential that nobody asks for: a recipe needs none."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    async def get(self) -> Credential:
        """Raise CredentialUnavailable."""
        raise CredentialUnavailable(f"{self.alias} is not opened")


def _lint(proxy: str, file: Path) -> None:
    from ostiary.recipes.lint import findings

    if proxy != "nginx":
        fail("usage", "only configurations of nginx are looked at", exit_code=Exit.USAGE)
    found = findings(read_text(file))
    for one in found:
        print(f"{file}:{one.line}: {one.text}")
    if found:
        raise typer.Exit(int(Exit.NO))
