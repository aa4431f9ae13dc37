"""Which vault, which record, which fields: from the configuration file.

Only the vault and the credential have to be right: credentials are put into a vault before the rest
of a file works.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.frame import Exit, fail, say, unreadable
from ostiary.cli.vault.answer import answers
from ostiary.config.draft import Draft
from ostiary.config.nearest import nearest
from ostiary.config.reading.layers import read_all
from ostiary.config.reading.sound import sound
from ostiary.config.schema import CredentialSpec, LocalVaultSpec
from ostiary.vault.local import LocalStore, local_store

Alias = Annotated[str, typer.Argument(metavar="ALIAS", help="Alias of the credential.")]
VaultName = Annotated[
    str | None, typer.Option("--vault", metavar="NAME", help="Which local vault, if there are several.")
]


@dataclass(frozen=True, slots=True)
class Sections:
    """What the file says about vaults.

    Attributes:
        file: the configuration file.
        draft: its sound entries.
    """

    file: Path
    draft: Draft

    def store(self, name: str) -> LocalStore:
        """Return a local vault of the file."""
        spec = self.draft.vaults.get(name)
        if spec is None:
            self._refuse_broken("vaults", name)
            known = self.draft.names("vaults")
            guess = nearest(name, known)
            hint = f"did you mean {guess!r}?" if guess else f"there are: {', '.join(known) or 'none'}"
            fail("vault.unknown", f"there is no vault {name!r}", hint=hint, where=str(self.file), exit_code=Exit.USAGE)
        if not isinstance(spec, LocalVaultSpec):
            fail(
                "vault.not-local",
                f"vault {name!r} is of type {spec.type}: this command keeps local vaults only",
                hint="`ostiary vault test` tries it; write with the vault's own tools, such as `bao kv put`",
                exit_code=Exit.USAGE,
            )
        with answers():
            return local_store(spec, self.file.parent)

    def credential(self, alias: str) -> CredentialSpec | None:
        """Return a credential of the file, or None when it is new to it."""
        self._refuse_broken("credentials", alias)
        return self.draft.credentials.get(alias)

    def only_local(self) -> str:
        """Return the name of the one local vault."""
        for name in self.draft.names("vaults"):
            self._refuse_broken("vaults", name)
        local = [name for name, spec in self.draft.vaults.items() if isinstance(spec, LocalVaultSpec)]
        if not local:
            fail("vault.unknown", "there is no local vault", where=str(self.file), exit_code=Exit.USAGE)
        if len(local) > 1:
            hint = f"choose with --vault: {', '.join(local)}"
            fail("vault.ambiguous", "there are several local vaults", hint=hint, exit_code=Exit.USAGE)
        return local[0]

    def _refuse_broken(self, section: str, name: str) -> None:
        """Refuse to guess what an entry means that has mistakes in it."""
        if name in self.draft.names(section) and name not in getattr(self.draft, section):
            where = f"{self.file}: {section}.{name}"
            fail("config.invalid", f"{name!r} has mistakes", hint="`ostiary check` says which", where=where)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one credential is kept.

    Attributes:
        alias: the credential.
        vault: name of its vault.
        store: the vault.
        spec: its fields and its pinned version.
    """

    alias: str
    vault: str
    store: LocalStore
    spec: CredentialSpec

    @property
    def path(self) -> str:
        """The record."""
        return self.spec.path or self.alias


def sections(file: Path, overlays: Sequence[Path] = ()) -> Sections:
    """Read the two sections of a configuration file and what is laid over it."""
    whole = read_all((file, *overlays))
    if whole.tree is None:
        problem = whole.problems[0]
        if missing := unreadable(problem, whole.source):
            raise missing
        where = whole.source.place(problem.mark)
        fail("config.syntax", problem.message, hint="`ostiary check` says more", where=where)
    return Sections(file, sound(whole.tree, file.parent, None, whole.tree.problems))


def place(file: Path, alias: str, vault: str | None, overlays: Sequence[Path] = ()) -> Place:
    """Return where a credential is kept; the alias may be new to the file."""
    found = sections(file, overlays)
    spec = found.credential(alias)
    if spec is None:
        spec = CredentialSpec(vault=vault or found.only_local())
        guess = nearest(alias, found.draft.names("credentials"))
        say(f"note: {file} has no credential {alias!r}" + (f"; did you mean {guess!r}?" if guess else ""))
    elif vault not in (None, spec.vault):
        fail("vault.other", f"{alias!r} is kept in vault {spec.vault!r}, not in {vault!r}", exit_code=Exit.USAGE)
    elif spec.for_each:
        hint = f"name the record of one: `ostiary vault put {_example(spec)}`"
        fail("vault.for-each", f"{alias!r} is another credential for each caller", hint=hint, exit_code=Exit.USAGE)
    return Place(alias, spec.vault, found.store(spec.vault), spec)


def _example(spec: CredentialSpec) -> str:
    """Return a path that a credential of callers could have."""
    return re.sub(r"\{[^{}]*\}", "NAME", spec.path or "")
