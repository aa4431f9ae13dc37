"""Can an engine of a HashiCorp vault give what a credential asks it for?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.config.checks.names import references
from ostiary.config.checks.vaults import segments
from ostiary.config.draft import Draft
from ostiary.config.problem import Path, Problem
from ostiary.config.values import SecretRef
from ostiary.config.vaults import CredentialSpec, HashicorpVaultSpec

_BEGIN: Final = {"database": ("creds/", "static-creds/"), "pki": ("issue/",)}
_SHOWN: Final = (("tls", "credential"), ("certificate", "credential"))
_FORMS: Final = {"database": "creds/ROLE or static-creds/ROLE", "pki": "issue/ROLE"}


def engines(draft: Draft) -> Iterator[Problem]:
    """Find credentials that their vault has no engine for, or ask an engine for what it does not have."""
    for alias, credential in draft.credentials.items():
        vault, where = draft.vaults.get(credential.vault), ("credentials", alias)
        if isinstance(vault, HashicorpVaultSpec):
            yield from _asked(draft, credential, where)
        elif vault is not None:
            for name in ("engine", "mount", "parameters"):
                if getattr(credential, name) is not None:
                    message = f"`{name}`: vault {credential.vault!r} is not of type hashicorp"
                    yield draft.problem("C361", message, (*where, name))


def _asked(draft: Draft, credential: CredentialSpec, where: Path) -> Iterator[Problem]:
    engine = credential.engine or "kv"
    if credential.mount is not None:
        yield from segments(draft, credential.mount, (*where, "mount"))
    if engine != "kv" and credential.version is not None:
        yield draft.problem("C361", f"what engine {engine} gives has no versions", (*where, "version"))
    if engine != "pki" and credential.parameters is not None:
        yield draft.problem("C361", f"engine {engine} takes no parameters", (*where, "parameters"))
    path = credential.path or str(where[-1])
    if not path.startswith(_BEGIN.get(engine, ("",))):
        place = (*where, "path" if credential.path is not None else "engine")
        yield draft.problem("C361", f"{path!r}: a path of engine {engine} is {_FORMS[engine]}", place)


def logins(draft: Draft) -> Iterator[Problem]:
    """Find places of login methods that could be read in two ways."""
    for name, vault in draft.vaults.items():
        if not isinstance(vault, HashicorpVaultSpec) or isinstance(vault.auth.value, SecretRef):
            continue
        method, where = vault.auth.value, ("vaults", name, "auth", vault.auth.kind)
        yield from segments(draft, method.mount, (*where, "mount"))
        if method.namespace is not None and not re.fullmatch(r"[!-~]+", method.namespace):
            yield draft.problem("C326", "a namespace is visible ASCII", (*where, "namespace"))


def shown(draft: Draft) -> Iterator[Problem]:
    """Find credentials that are to be shown in TLS and are no certificates."""
    for section, alias, path in references(draft):
        credential = draft.credentials.get(alias) if section == "credentials" and path[-2:] in _SHOWN else None
        if credential is not None and (credential.engine != "pki" or credential.for_each):
            message = f"credential {alias!r} is not of engine pki, so it is no certificate"
            yield draft.problem("C361", message, path)
