"""`ostiary issuer`: is whoever signs our tokens reachable, and right?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Json, Overlays, emit, fail, group
from ostiary.cli.presented import read_token

if TYPE_CHECKING:
    from ostiary.config.loaded import Loaded
    from ostiary.jwks.probe import Probe, Step

_SIGNS: Final = {"yes": "ok  ", "no": "NO  ", "look": "look", "unknown": "??  "}

app = group("Look at the issuers of tokens, as this machine sees them.")


@app.callback()
def _several() -> None:
    """One command is there, and more may come: its name stays."""


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="Which issuer of the configuration.")],
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    token: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with a token to judge as well; - for stdin.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say, step by step, what of an issuer is reachable and right.

    With the gateway's own objects: what is fetched here is what the gateway would fetch. Nothing is kept.
    """
    loaded = _loaded(config, overlay or [], name)
    probe, steps = asyncio.run(_walk(loaded, name))
    if token is not None and probe.document is not None:
        steps += asyncio.run(_judged(loaded, name, probe, read_token(token)))
    if as_json:
        emit({"issuer": name, "ok": not _worst(steps), "steps": [_facts(step) for step in steps]})
    else:
        _print(steps)
    if worst := _worst(steps):
        raise typer.Exit(int(worst))


def _loaded(config: Path, overlays: list[Path], name: str) -> Loaded:
    from ostiary.config.load import load
    from ostiary.config.nearest import nearest

    loaded = load(config, overlays)
    issuers = loaded.spec.issuers
    if name not in issuers:
        guess = nearest(name, issuers)
        known = f"there are {', '.join(issuers)}" if issuers else "the file has no issuers"
        fail("issuer.unknown", f"there is no issuer {name!r}", hint=f"did you mean `{guess}`?" if guess else known)
    return loaded


async def _walk(loaded: Loaded, name: str) -> tuple[Probe, list[Step]]:
    from ostiary.config.presets import Unfit, resolve
    from ostiary.jwks import state_folder
    from ostiary.jwks.probe import Probe

    try:
        spec = resolve(loaded.spec.issuers[name])
    except Unfit as error:
        fail(error.code, str(error), hint=error.suggestion or "", where=f"issuers > {name} > {error.key}")
    probe = Probe(name, spec, loaded.folder, state_folder(loaded.spec.state, loaded.folder))
    return probe, [step async for step in probe.walk()]


async def _judged(loaded: Loaded, name: str, probe: Probe, token: bytes) -> list[Step]:
    from ostiary.authn.trial import judge
    from ostiary.jwks.probe import Step
    from ostiary.observe.log import silent

    assert probe.document is not None  # noqa: S101 - asked by the caller
    with silent():
        verdict = await judge(name, loaded.spec.issuers[name], probe.document, token)
    return [Step("token", "yes" if verdict.accepted else "no", verdict.text, verdict.help)]


def _facts(step: Step) -> dict[str, Any]:
    return {"step": step.name, "verdict": step.verdict, "text": step.text, "help": step.help}


def _print(steps: list[Step]) -> None:
    from ostiary.cli.terminal import show

    width = max(len(step.name) for step in steps)
    lines = []
    for step in steps:
        lines.append(f"{_SIGNS[step.verdict]}  {step.name:<{width}}  {step.text}")
        if step.help:
            lines.append(f"{'':<6}{'':<{width}}  help: {step.help}")
    show("\n".join(lines))


def _worst(steps: list[Step]) -> Exit | None:
    verdicts = {step.verdict for step in steps}
    if "no" in verdicts:
        return Exit.NO
    return Exit.UNKNOWN if "unknown" in verdicts else None
