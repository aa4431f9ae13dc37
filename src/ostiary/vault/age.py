"""One file encrypted with age (age-encryption.org/v1): a YAML block of records, for those who keep it in git.

    crm: {id: svc, secret: ...}
    reports-key: one value, the field `secret`

The whole file is opened for each record and forgotten again. What is changed is the file as a whole, so
its date is the version of each record in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ostiary.config.secrets import resolve
from ostiary.config.vaults.cloud import AgeVaultSpec
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, Misconfigured, NotFound, SecretError, Unavailable
from ostiary.vault.extra import extra
from ostiary.vault.fields import SECRET, Fields
from ostiary.vault.names import segments, unversioned
from ostiary.vault.record import SecretRecord

LARGEST: Final = 4 << 20  # octets of the file


class AgeProvider:
    """One file; a record.Provider.

    Args:
        path: the file.
        library: pyrage.
        identity: what opens it.
    """

    def __init__(self, path: Path, library: Any, identity: Any) -> None:
        self._path = path
        self._library = library
        self._identity = identity
        self._seen = self._look()

    async def start(self) -> None:
        """Do nothing: the file is read with the first record."""

    async def aclose(self) -> None:
        """Do nothing: it is not open."""

    @property
    def origin(self) -> str:
        """The file."""
        return str(self._path)

    def inherit(self, previous: AgeProvider) -> None:
        """Read anew: the file is near."""

    def check(self, path: str) -> None:
        """Refuse a name that could be read in two ways.

        Raises:
            ConfigError: the name is not usable.
        """
        segments(path)

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Open the file, and return one record of it.

        Raises:
            SecretError: why not.
        """
        unversioned(version)
        asked = time.monotonic()
        records, name = await asyncio.to_thread(self._read)
        if path not in records:
            raise NotFound("there is no such record in the file")
        return SecretRecord(_fields(records[path]), name, asked)

    def changed(self) -> bool:
        """Whether the file is another one, or was written to."""
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _look(self) -> tuple[int, int, int] | None:
        try:
            facts = os.stat(self._path)  # noqa: PTH116 - this runs on the loop; pathlib costs more than the call
        except OSError:
            return None
        return facts.st_ino, facts.st_mtime_ns, facts.st_size

    def _read(self) -> tuple[Mapping[str, Any], str]:
        try:
            with self._path.open("rb") as file:
                facts, sealed = os.fstat(file.fileno()), file.read(LARGEST + 1)
        except OSError as error:
            raise Unavailable(f"the file cannot be read: {error.strerror}") from None
        if len(sealed) > LARGEST:
            raise Unavailable(f"the file is larger than {LARGEST} octets")
        mark = hashlib.blake2b(repr((facts.st_ino, facts.st_mtime_ns, facts.st_size)).encode(), digest_size=4)
        day = datetime.fromtimestamp(facts.st_mtime_ns // 1_000_000_000, UTC)
        return _records(self._opened(sealed)), f"{day:%Y-%m-%dT%H:%M:%SZ}-{mark.hexdigest()}"

    def _opened(self, sealed: bytes) -> bytes:
        try:
            return bytes(self._library.decrypt(sealed, [self._identity]))
        except Exception as error:  # noqa: BLE001 - the library has one kind of error for all that can be wrong
            refusal: SecretError = (
                AccessDenied("the file is not encrypted to this identity")
                if "No matching keys" in str(error)
                else Unavailable("the file is not what age writes")  # half written, perhaps
            )
        raise refusal


def _records(text: bytes) -> Mapping[str, Any]:
    try:
        found = YAML(typ="base", pure=True).load(text)  # every scalar is text
    except (YAMLError, ValueError, RecursionError):
        found = None
    if isinstance(found, Mapping):
        return found
    raise Unavailable("what the file holds is not a block of YAML with each name once")


def _fields(value: Any) -> Fields:
    block = {SECRET: value} if isinstance(value, str) else value
    if isinstance(block, Mapping):
        try:
            return {name: Secret(text) for name, text in block.items() if isinstance(text, str)}
        except UnicodeEncodeError:  # half of a pair of surrogates
            pass
    raise Misconfigured("the record is neither a text nor a block of texts")


def compile_age(spec: AgeVaultSpec, folder: Path) -> AgeProvider:
    """Make the provider of an encrypted file.

    Raises:
        ConfigError: the extra is not installed, the file is not there, or the identity is none.
    """
    library, path = extra("age", "pyrage"), folder / spec.path
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file")
    identity = resolve(spec.identity, folder)
    lines = [line for line in identity.reveal().splitlines() if line.strip() and not line.startswith(b"#")]
    try:
        (line,) = lines
        return AgeProvider(path, library, library.x25519.Identity.from_str(line.decode().strip()))
    except Exception:  # noqa: BLE001 - the text of the error may be the identity
        problem = f"{spec.identity}: not one identity of age (AGE-SECRET-KEY-1...)"
    raise ConfigError(problem)
