"""The vaults and keys of a configuration file, for programs that need them and no gateway.

    async with ostiary.open_vault("gateway.yaml") as vault:
        credential = await vault.extract("legacy-accounts")
        connect(credential.id, credential.secret.reveal())      # and credential.version

What the gateway does for its upstreams is done for the program: records are cached, fetched anew before they
are old, used a while longer when the vault is down, and dropped when it says no. So call `extract` each time
a credential is needed, and keep none. The sections `vaults` and `credentials` have to be right; whether there
are others does not matter.

    async with ostiary.open_keys("gateway.yaml") as keys:
        token = await keys.sign({"aal": 3}, "identity")

Here the sections `vaults` and `keys` have to be right.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from ostiary.build import compile_rings
from ostiary.config.checks.backends import needs
from ostiary.config.draft import Draft
from ostiary.config.load import examine
from ostiary.config.nearest import nearest
from ostiary.config.problem import ConfigInvalid, Problem
from ostiary.config.vaults import CredentialSpec
from ostiary.gateway import Part
from ostiary.keys import Keys
from ostiary.model import Credential, CredentialSource
from ostiary.vault import Vault, compile_vaults
from ostiary.vault.source import VaultCredential

__all__ = ["Credentials", "Keys", "UnknownCredential", "open_keys", "open_vault"]

_SECTIONS: Final = ("vaults", "credentials")


class UnknownCredential(LookupError):
    """The file has no such credential, or keeps it in another vault."""


class Credentials:
    """The credentials of a file, and the vaults that keep them.

    Args:
        specs: what the file says of them, by alias.
        sources: where they come from, by alias.
        vaults: the vaults, by name.
        types: the types of the vaults, by name.
    """

    def __init__(
        self,
        specs: dict[str, CredentialSpec],
        sources: dict[str, CredentialSource],
        vaults: dict[str, Vault],
        types: Mapping[str, str],
    ) -> None:
        self._types = types
        self._specs = specs
        self._sources = sources
        self._vaults = vaults

    @property
    def aliases(self) -> tuple[str, ...]:
        """The credentials that the file names."""
        return tuple(self._specs)

    async def extract(self, alias: str, vault: str | None = None) -> Credential:
        """Return a credential: its `id`, its `secret`, and the `version` that they are of.

        Args:
            alias: its name in the file.
            vault: the vault that keeps it. May be left out; with it, a record that the file gives no alias can
                be had too, under its path, with the fields `id` and `secret`.

        Raises:
            UnknownCredential: the file has no such credential, or keeps it in another vault.
            ConfigError: the vault cannot have such a path.
            CredentialUnavailable: the vault does not give it; `reason` says whether it may later.
        """
        spec = self._specs.get(alias)
        if spec is not None and vault in (None, spec.vault):
            return await self._sources[alias].get()
        if spec is not None:
            raise UnknownCredential(f"{alias!r} is kept in vault {spec.vault!r}, not in {vault!r}")
        if vault is None or vault not in self._vaults:
            raise UnknownCredential(self._unknown(alias, vault))
        self._specs[alias] = CredentialSpec(vault=vault)
        self._sources[alias] = self._vaults[vault].source(alias, self._specs[alias])
        return await self._sources[alias].get()

    def facts(self, alias: str) -> dict[str, Any]:
        """Return what is known of a credential of the file: where it is kept, how old it is; never a value."""
        spec, source = self._specs[alias], self._sources[alias]
        state = source.state if isinstance(source, VaultCredential) else None
        return {
            "alias": alias,
            "vault": spec.vault,
            "type": self._types[spec.vault],
            "path": spec.path or alias,
            "age": None if state is None else state.age,
            "expires": None if state is None else state.expires,
        }

    def _unknown(self, alias: str, vault: str | None) -> str:
        if vault is not None:
            return f"there is no vault {vault!r}; there are: {', '.join(self._vaults) or 'none'}"
        meant = nearest(alias, self.aliases)
        return f"there is no credential {alias!r}" + (f"; did you mean {meant!r}?" if meant else "")


@asynccontextmanager
async def open_vault(
    path: str | Path, *, overlays: Sequence[str | Path] = (), only: Iterable[str] | None = None
) -> AsyncIterator[Credentials]:
    """Open the vaults of a configuration file for as long as the block lasts.

    Args:
        path: the file.
        overlays: files that are laid over it, in order.
        only: the aliases that are wanted, so that no other vault is opened; by default all.

    Raises:
        ConfigInvalid: its vaults or credentials have mistakes; all of them are in the exception.
        ConfigError: a vault can never work as configured.
        UnknownCredential: one of `only` is not in the file.
    """
    file = Path(path)
    draft = _sound(file, [Path(one) for one in overlays])
    specs = _wanted(draft, only)
    kept = {spec.vault for spec in specs.values()} if only is not None else set(draft.vaults)
    chosen = {name: spec for name, spec in draft.vaults.items() if name in kept}
    vaults, sources = compile_vaults(chosen, specs, file.parent)
    async with AsyncExitStack() as opened:
        for vault in vaults.values():
            opened.push_async_callback(vault.aclose)  # beforehand: what fails half-way is closed as well
            await vault.start()
        yield Credentials(specs, sources, vaults, {name: spec.type for name, spec in chosen.items()})


@asynccontextmanager
async def open_keys(path: str | Path, *, overlays: Sequence[str | Path] = ()) -> AsyncIterator[Keys]:
    """Open the keys of a configuration file for as long as the block lasts.

    Args:
        path: the file.
        overlays: files that are laid over it, in order.

    Raises:
        ConfigInvalid: its vaults or keys have mistakes; all of them are in the exception.
        ConfigError: a key can never work as configured.
    """
    file = Path(path)
    draft = _sound(file, [Path(one) for one in overlays], ("vaults", "keys"))
    kept = {getattr(key, "vault", None) for key in draft.keys.values()}
    vaults, _ = compile_vaults({name: spec for name, spec in draft.vaults.items() if name in kept}, {}, file.parent)
    rings = compile_rings(draft.keys, draft.vaults, vaults, file.parent)
    parts: tuple[Part, ...] = (*vaults.values(), *rings.values())
    async with AsyncExitStack() as opened:
        for part in parts:
            opened.push_async_callback(part.aclose)
            await part.start()
        yield Keys(rings)


def _sound(file: Path, overlays: Sequence[Path], sections: Sequence[str] = _SECTIONS) -> Draft:
    """Return what a file says of vaults, credentials and keys, when nothing is wrong with these sections of it."""
    examined = examine(file, overlays)
    wrong = [one for one in examined.problems if examined.draft is None or _concerns(one, sections)]
    if wrong or examined.draft is None:
        raise ConfigInvalid(wrong or examined.problems, examined.source)
    return examined.draft


def _concerns(problem: Problem, sections: Sequence[str]) -> bool:
    """Whether a problem is one of these sections, or of the text itself."""
    return problem.severity == "error" and (not problem.path or problem.path[0] in sections)


def _wanted(draft: Draft, only: Iterable[str] | None) -> dict[str, CredentialSpec]:
    """Return the credentials that are wanted, and those that the vaults of these have to be shown."""
    if only is None:
        return {alias: spec for alias, spec in draft.credentials.items() if not spec.for_each}
    found: dict[str, CredentialSpec] = {}
    ahead = list(only)
    while ahead:
        alias = ahead.pop()
        if alias not in draft.credentials:
            meant = nearest(alias, tuple(draft.credentials))
            raise UnknownCredential(
                f"there is no credential {alias!r}" + (f"; did you mean {meant!r}?" if meant else "")
            )
        if draft.credentials[alias].for_each:
            raise UnknownCredential(f"{alias!r} is another credential for each caller: name a record, and its vault")
        if alias not in found:
            found[alias] = draft.credentials[alias]
            ahead += [other for other, place in needs(draft) if place[1] == found[alias].vault]
    return found
