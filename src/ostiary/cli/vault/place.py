"""Which vault, which record, which fields: from the configuration file.

Only `vaults` and `credentials` have to be right: credentials are put into a vault before the rest of
a file works.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ostiary.cli.frame import Exit, fail, say
from ostiary.cli.vault.answer import answers
from ostiary.config.nearest import nearest
from ostiary.config.schema import CredentialSpec, LocalVaultSpec, VaultSpec
from ostiary.config.values import Name
from ostiary.vault.local import LocalStore, local_store

Alias = Annotated[str, typer.Argument(metavar="ALIAS", help="Alias of the credential.")]
VaultName = Annotated[
    str | None, typer.Option("--vault", metavar="NAME", help="Which local vault, if there are several.")
]
_VAULTS: Final[TypeAdapter[dict[str, Any]]] = TypeAdapter(dict[Name, VaultSpec])
_CREDENTIALS: Final[TypeAdapter[dict[str, CredentialSpec]]] = TypeAdapter(dict[Name, CredentialSpec])


@dataclass(frozen=True, slots=True)
class Sections:
    """What the file says about vaults.

    Attributes:
        file: the configuration file.
        vaults, credentials: its sections.
    """

    file: Path
    vaults: dict[str, Any]
    credentials: dict[str, CredentialSpec]

    def store(self, name: str) -> LocalStore:
        """Return a local vault of the file."""
        spec = self.vaults.get(name)
        if spec is None:
            guess = nearest(name, self.vaults)
            hint = f"did you mean {guess!r}?" if guess else f"there are: {', '.join(self.vaults) or 'none'}"
            fail("vault.unknown", f"there is no vault {name!r}", hint=hint, where=str(self.file), exit_code=Exit.USAGE)
        if not isinstance(spec, LocalVaultSpec):
            fail(
                "vault.not-local",
                f"vault {name!r} is of type {spec.type}: this command keeps local vaults only",
                hint="use the vault's own tools, such as `bao kv put`",
                exit_code=Exit.USAGE,
            )
        with answers():
            return local_store(spec, self.file.parent)

    def only_local(self) -> str:
        """Return the name of the one local vault."""
        local = [name for name, spec in self.vaults.items() if isinstance(spec, LocalVaultSpec)]
        if not local:
            fail("vault.unknown", "there is no local vault", where=str(self.file), exit_code=Exit.USAGE)
        if len(local) > 1:
            hint = f"choose with --vault: {', '.join(local)}"
            fail("vault.ambiguous", "there are several local vaults", hint=hint, exit_code=Exit.USAGE)
        return local[0]


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


def sections(file: Path) -> Sections:
    """Read the two sections of a configuration file."""
    try:
        document = YAML(typ="safe", pure=True).load(file.read_bytes())
    except OSError as error:
        fail("config.unreadable", error.strerror or "it cannot be read", where=str(file), exit_code=Exit.UNKNOWN)
    except YAMLError as error:
        fail("config.syntax", _line(error), hint="`ostiary check` says more", where=str(file))
    if not isinstance(document, dict):
        fail("config.syntax", "the file is not a mapping", where=str(file))
    return Sections(
        file,
        _valid(_VAULTS, document.get("vaults") or {}, f"{file}: vaults"),
        _valid(_CREDENTIALS, document.get("credentials") or {}, f"{file}: credentials"),
    )


def place(file: Path, alias: str, vault: str | None) -> Place:
    """Return where a credential is kept; the alias may be new to the file."""
    found = sections(file)
    spec = found.credentials.get(alias)
    if spec is None:
        spec = CredentialSpec(vault=vault or found.only_local())
        guess = nearest(alias, found.credentials)
        say(f"note: {file} has no credential {alias!r}" + (f"; did you mean {guess!r}?" if guess else ""))
    elif vault not in (None, spec.vault):
        fail("vault.other", f"{alias!r} is kept in vault {spec.vault!r}, not in {vault!r}", exit_code=Exit.USAGE)
    return Place(alias, spec.vault, found.store(spec.vault), spec)


def _valid(adapter: TypeAdapter[Any], value: Any, where: str) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        path, problem = ".".join(str(part) for part in first["loc"]), first["msg"].removeprefix("Value error, ")
        fail("config.invalid", f"{path}: {problem}", hint="`ostiary check` says more", where=where)


def _line(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: not valid YAML" if mark is not None else "not valid YAML"
