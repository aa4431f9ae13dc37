"""The list of what is revoked, opened as a gateway would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ostiary.cli.frame import Exit, Failure
from ostiary.errors import ConfigError, GatewayError
from ostiary.observe.log import silent

if TYPE_CHECKING:
    from ostiary.config.shared import SharedSpec
    from ostiary.embed import Credentials
    from ostiary.model import Credential
    from ostiary.shared import Shared
    from ostiary.shared.shelf import Shelf

T = TypeVar("T")


def with_list(file: Path, overlays: list[Path] | None, do: Callable[[Shared, Shelf], Awaitable[T]]) -> T:
    """Return what becomes of the list.

    Args:
        file: the configuration.
        overlays: what is laid over it.
        do: does something with it.

    Raises:
        Failure: there is no list, or it cannot be had.
    """
    try:
        with silent():
            return asyncio.run(_done(file, overlays or [], do))
    except GatewayError as error:
        raise Failure("shared.unavailable", error.detail, hint="`ostiary doctor`", exit_code=Exit.UNKNOWN) from None
    except ConfigError as error:
        raise Failure("shared.config", str(error), where=str(file), exit_code=Exit.UNKNOWN) from None


async def _done(file: Path, overlays: list[Path], do: Callable[[Shared, Shelf], Awaitable[T]]) -> T:
    from ostiary.config.load import load

    spec = load(file, overlays).spec.shared
    if spec is None or spec.revocation is None:
        hint = "docs/shared-state.md: `shared: {redis: ..., key: ..., revocation: {}}`"
        raise Failure("shared.none", "no `shared.revocation` in the configuration", hint=hint, where=str(file))
    async with _opened(spec, file, overlays) as shared:
        if not shared.link.here:
            raise Failure("shared.unavailable", shared.link.failure, hint="`ostiary doctor`", exit_code=Exit.UNKNOWN)
        assert shared.revocations is not None  # noqa: S101 - the configuration has it
        return await do(shared, shared.revocations.shelf)


@asynccontextmanager
async def _opened(spec: SharedSpec, file: Path, overlays: list[Path]) -> AsyncIterator[Shared]:
    from ostiary.embed import open_vault
    from ostiary.shared import compile_shared

    aliases = {alias for alias in (spec.key_credential, *spec.redis.logins.values()) if alias is not None}
    async with AsyncExitStack() as opened:
        known = {}
        if aliases:
            vault = await opened.enter_async_context(open_vault(file, overlays=overlays, only=aliases))
            known = {alias: _Kept(vault, alias) for alias in aliases}
        shared = compile_shared(spec, known, file.parent)
        opened.push_async_callback(shared.aclose)
        await shared.link.start()
        yield shared


class _Kept:
    """A credential in a vault that is open."""

    def __init__(self, vault: Credentials, alias: str) -> None:
        self._vault = vault
        self.alias = alias

    async def get(self) -> Credential:
        """Return it."""
        return await self._vault.extract(self.alias)
