"""`ostiary vault test`: can credentials be had, from whatever vault?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Failure, Json, Overlays, emit
from ostiary.cli.vault.answer import answers
from ostiary.errors import CredentialUnavailable
from ostiary.observe.log import silent
from ostiary.reasons import Reason

if TYPE_CHECKING:
    from ostiary.embed import Credentials

Wanted = Annotated[list[str] | None, typer.Argument(metavar="[ALIAS]...", help="Which credentials; all by default.")]


def attempt(
    aliases: Wanted = None, *, config: ConfigOption = DEFAULT_CONFIG, overlay: Overlays = None, as_json: Json = False
) -> None:
    """Try credentials as the gateway would fetch them.

    From vaults of any type. It says what came, and never a value. The answer is yes when all of them can be had
    and used.
    """
    import asyncio

    with answers(), silent():
        results = asyncio.run(_tried(aliases or None, config, overlay or []))
    if as_json:
        emit(results)
    else:
        for result in results:
            print(_line(result))
    worst = [result["error"]["reason"] for result in results if "error" in result]
    if worst:
        raise typer.Exit(int(Exit.UNKNOWN if str(Reason.CREDENTIAL_UNAVAILABLE) in worst else Exit.NO))


async def _tried(aliases: list[str] | None, config: Any, overlays: Any) -> list[dict[str, Any]]:
    from ostiary.embed import UnknownCredential, open_vault

    try:
        async with open_vault(config, overlays=overlays, only=aliases) as vault:
            return [await _one(vault, alias) for alias in aliases or vault.aliases]
    except UnknownCredential as error:
        raise Failure("vault.unknown", str(error), where=str(config), exit_code=Exit.USAGE) from None


async def _one(vault: Credentials, alias: str) -> dict[str, Any]:
    """Return what is to be said of a credential. Its vault was asked when it was opened."""
    began = time.monotonic()
    facts = vault.facts(alias)
    try:
        found = await vault.extract(alias)
    except CredentialUnavailable as error:
        return {**facts, "error": {"reason": str(error.reason), "detail": error.detail}}
    state = vault.facts(alias)
    return {**state, "version": found.version, "id": bool(found.id), "took": round(time.monotonic() - began, 3)}


def _line(result: dict[str, Any]) -> str:
    where = f"{result['alias']}: vault {result['vault']} ({result['type']}), path {result['path']}"
    if "error" in result:
        return f"{where}: {result['error']['reason']}: {result['error']['detail']}"
    pair = "id and secret" if result["id"] else "a secret, no id"
    ends = "" if result["expires"] is None else f", ends in {result['expires']:.0f} s"
    return f"{where}: version {result['version']}, {result['age']:.1f} s old, {pair}{ends}"
