"""Can vaults be asked that need something first: a credential of another vault, a folder?"""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.checks.outside import Findings
from ostiary.config.draft import Draft
from ostiary.config.problem import Path, Problem
from ostiary.config.vaults import (
    AgeVaultSpec,
    AwsVaultSpec,
    AzureVaultSpec,
    ConjurVaultSpec,
    CyberarkVaultSpec,
    EnvVaultSpec,
    FilesVaultSpec,
    HttpVaultSpec,
)
from ostiary.config.vaults.cyberark import CCP_REFUSED


def needs(draft: Draft) -> Iterator[tuple[str, Path]]:
    """Return the credentials that vaults are shown, with where they are named."""
    for name, vault in draft.vaults.items():
        if isinstance(vault, HttpVaultSpec):
            yield from ((alias, ("vaults", name, *place)) for alias, place in vault.needs())


def circles(draft: Draft) -> Iterator[Problem]:
    """Find vaults that need themselves, directly or through others."""
    kept = {alias: credential.vault for alias, credential in draft.credentials.items()}
    below: dict[str, set[str]] = {}
    for alias, path in needs(draft):
        if alias in kept:
            below.setdefault(str(path[1]), set()).add(kept[alias])
    for alias, path in needs(draft):
        if alias in kept and str(path[1]) in _reach(kept[alias], below):
            message = f"to ask vault {path[1]!r}, the credential {alias!r} is needed, and it cannot be had without it"
            yield draft.problem("C360", message, path)


def _reach(start: str, below: dict[str, set[str]]) -> set[str]:
    """Return a vault, and every vault that it needs."""
    found, ahead = set[str](), [start]
    while ahead:
        if (name := ahead.pop()) not in found:
            found.add(name)
            ahead += below.get(name, ())
    return found


def pins(draft: Draft) -> Iterator[Problem]:
    """Find versions that are pinned where they have no numbers."""
    for alias, credential in draft.credentials.items():
        why = None if credential.version is None else _unpinned(draft.vaults.get(credential.vault))
        if why is not None:
            message = f"version {credential.version} cannot be pinned: {why}"
            yield draft.problem("C361", message, ("credentials", alias, "version"))


def _unpinned(vault: object) -> str | None:
    """Return why versions of a vault cannot be pinned by number, or None when they can."""
    match vault:
        case FilesVaultSpec() | EnvVaultSpec() | AgeVaultSpec() | CyberarkVaultSpec():
            return f"a vault of type {vault.type} has one version only"
        case HttpVaultSpec() if not any("{version}" in text for text in _texts(vault)):
            return "there is no {version} in what this vault is asked"
        case ConjurVaultSpec() if vault.variables:
            return "variables that are fetched together are the newest"
        case AwsVaultSpec():
            return "versions have no numbers there; the vault's `stage` says which"
        case AzureVaultSpec():
            return "versions have no numbers there; write NAME/VERSION as the path"
    return None


def _texts(vault: HttpVaultSpec) -> tuple[str, ...]:
    return (vault.url, *vault.headers.values(), *vault.body.values())


def folders(findings: Findings) -> Iterator[Problem]:
    """Find folders of files, and encrypted files, that are not there."""
    for name, vault in findings.draft.vaults.items():
        if isinstance(vault, AgeVaultSpec) and not (findings.draft.folder / vault.path).is_file():
            yield findings.draft.problem("C514", f"there is no file {vault.path!r}", ("vaults", name, "path"))
        if isinstance(vault, FilesVaultSpec) and vault.path is not None:
            folder = findings.draft.folder / vault.path
            if not folder.is_dir():
                help_ = "a relative path counts from the folder of the configuration file"
                path = ("vaults", name, "path")
                yield findings.draft.problem("C514", f"there is no folder {vault.path!r}", path, help=help_)


def accounts(draft: Draft) -> Iterator[Problem]:
    """Find paths that CyberArk's provider does not accept."""
    for alias, credential in draft.credentials.items():
        vault, path = draft.vaults.get(credential.vault), credential.path or alias
        if not isinstance(vault, CyberarkVaultSpec):
            continue
        where = ("credentials", alias, *(("path",) if credential.path is not None else ()))
        if CCP_REFUSED.search(path):
            yield draft.problem("C326", f"{path!r}: the provider accepts no + & % ; and no white space", where)
        elif vault.query is None and "/" not in path:
            yield draft.problem("C326", f"{path!r}: an account is named SAFE/OBJECT", where)
