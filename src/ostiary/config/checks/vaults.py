"""Can the vaults be opened, and can their records be asked for?"""

from __future__ import annotations

import base64
import binascii
import re
import stat
from collections.abc import Iterator
from typing import Final

from ostiary.config.checks.outside import Findings
from ostiary.config.draft import Draft
from ostiary.config.problem import Path, Problem
from ostiary.config.vaults import HashicorpVaultSpec, LocalVaultSpec

_KEY_OCTETS: Final = 32
_REFUSED: Final = re.compile(r"[%\x00-\x1f\x7f-\x9f]")


def paths(draft: Draft) -> Iterator[Problem]:
    """Find paths in a vault that could be read in two ways, or name no record."""
    for name, vault in draft.vaults.items():
        if isinstance(vault, HashicorpVaultSpec):
            yield from segments(draft, vault.mount, ("vaults", name, "mount"))
            if vault.namespace is not None and not re.fullmatch(r"[!-~]+", vault.namespace):
                yield draft.problem("C326", "a namespace is visible ASCII", ("vaults", name, "namespace"))
    for alias, credential in draft.credentials.items():
        local_or_unknown = isinstance(draft.vaults.get(credential.vault), LocalVaultSpec | None)
        if credential.path is not None and not local_or_unknown:
            yield from segments(draft, credential.path, ("credentials", alias, "path"))


def segments(draft: Draft, text: str, path: Path) -> Iterator[Problem]:
    """Find segments that could be read in two ways."""
    if any(segment in ("", ".", "..") or _REFUSED.search(segment) for segment in text.split("/")):
        message = f"{text!r}: a path in a vault has no empty, . or .. segments, no % and no control character"
        yield draft.problem("C326", message, path)


def local(findings: Findings) -> Iterator[Problem]:
    """Judge local vaults: is there one, for nobody else's eyes, and are its keys keys?"""
    for name, vault in findings.draft.vaults.items():
        if isinstance(vault, LocalVaultSpec):
            yield from _file(findings.draft, ("vaults", name, "path"), vault)
            yield from _keys(findings, ("vaults", name))


def _file(draft: Draft, path: Path, vault: LocalVaultSpec) -> Iterator[Problem]:
    file = draft.folder / vault.path
    try:
        mode, above = file.lstat().st_mode, file.parent.stat().st_mode
    except OSError as error:
        help_ = "`ostiary vault put` makes one"
        yield draft.problem("C514", f"there is no vault at {vault.path!r}: {error.strerror}", path, help=help_)
        return
    if not stat.S_ISREG(mode):
        yield draft.problem("C514", f"{vault.path!r} is not a plain file", path)
    elif mode & 0o077:
        yield draft.problem("C518", f"{vault.path!r} can be read by others", path, help=f"chmod 600 {vault.path}")
    elif above & 0o022:
        message = f"others may put another file in the place of {vault.path!r}"
        yield draft.problem("C518", message, path, help="chmod go-w the folder of the vault")


def _keys(findings: Findings, path: Path) -> Iterator[Problem]:
    for place, data in findings.below(path):
        if place[2] in ("master_key", "previous_master_keys") and data.strip() and not _is_key(data):
            message = f"{findings.shown(place)} does not hold a master key: 32 octets in base64"
            yield findings.draft.problem("C517", message, place, help="`ostiary vault key` makes one")


def _is_key(data: bytes) -> bool:
    try:
        return len(base64.b64decode(data.strip(), validate=True)) == _KEY_OCTETS
    except binascii.Error:
        return False
