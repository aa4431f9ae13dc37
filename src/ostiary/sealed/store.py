"""The local vault: one encrypted file, versions of records, one transaction for each operation.

Everything here blocks, for microseconds to milliseconds: the gateway calls it from a thread, the
command line directly.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ostiary.model import Secret
from ostiary.sealed import files, keys, ledger
from ostiary.sealed.crypt import FORMAT, MasterKeys
from ostiary.sealed.database import create_tables, has_vault, reading, scrub, writing
from ostiary.sealed.errors import Misconfigured, NotFound, Tampered
from ostiary.sealed.keys import DataKeys
from ostiary.sealed.ledger import Ledger
from ostiary.sealed.versions import Version, VersionState, choose

CREDENTIAL: Final = "credential"
KEY: Final = "key"


@dataclass(frozen=True, slots=True)
class Opened:
    """One version of a record, opened."""

    version: Version
    fields: Mapping[str, Secret]


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A vault in one file.

    Every method may raise Unavailable (busy, not to be opened), Sealed (locked with another master
    key) and Tampered (somebody changed the file). A record is of one kind for ever, and whoever asks for
    one of another kind is refused (Misconfigured): a private key is never given out as a password.
    """

    path: Path
    masters: MasterKeys

    def counter(self) -> int:
        """Open and verify the vault; return how often it was written to."""
        with reading(self.path) as db:
            return self._unlock(db)[1].counter

    def read(self, path: str, pinned: int | None = None, kind: str = CREDENTIAL) -> tuple[Opened, int]:
        """Return the version that counts, opened, and the vault's counter.

        Raises:
            NotFound, Destroyed, AccessDenied: there is no version that may be used.
        """
        with reading(self.path) as db:
            data_keys, book = self._unlock(db)
            version = choose(path, _alike(path, kind, ledger.versions(db, book, path)), pinned)
            return Opened(version, _open(book, data_keys, version)), book.counter

    def read_all(self, path: str, kind: str) -> tuple[list[Opened], int]:
        """Return every version of a record, oldest first, and the vault's counter. What was destroyed has no fields."""
        with reading(self.path) as db:
            data_keys, book = self._unlock(db)
            found = _alike(path, kind, ledger.versions(db, book, path))
            return [Opened(one, _left(book, data_keys, one)) for one in found], book.counter

    def versions(self) -> list[Version]:
        """Return every version of every record, still sealed."""
        with reading(self.path) as db:
            _, book = self._unlock(db)
            return [version for path in sorted(book.heads) for version in ledger.versions(db, book, path)]

    def put(self, path: str, fields: Mapping[str, Secret], *, existing: bool = False, kind: str = CREDENTIAL) -> int:
        """Add a version, making vault and record if they are not there; return its number.

        Args:
            path: the record.
            fields: what it holds.
            existing: refuse a record that is not there yet.
            kind: what kind of record it is.

        Raises:
            NotFound: `existing`, and it is not.
            ConfigError: the file cannot be made, or is open to others.
        """
        if not existing:
            files.create(self.path)
        with writing(self.path) as db:
            if not existing and not has_vault(db):
                self._found(db)
            data_keys, book = self._unlock(db)
            before = _alike(path, kind, ledger.versions(db, book, path))
            if existing and not before:
                raise NotFound(f"there is no {path}")
            number = 1 + max((version.number for version in before), default=0)
            ledger.add(db, _seal(book, data_keys, (path, number, kind), fields))
            ledger.reseal(db, book, data_keys.ledger, path)
        return number

    def change(self, path: str, state: VersionState, number: int | None = None, kind: str = CREDENTIAL) -> list[int]:
        """Change the state of one version, or of all; return the numbers of those that changed.

        A destroyed version loses its content and never comes back.

        Raises:
            NotFound: there is no such version.
        """
        with writing(self.path) as db:
            data_keys, book = self._unlock(db)
            found = _alike(path, kind, ledger.versions(db, book, path))
            asked = [version for version in found if number in (None, version.number)]
            if not asked:
                raise NotFound(f"there is no {path}" if number is None else f"there is no {path} version {number}")
            changed = [v.number for v in asked if v.state not in (state, VersionState.DESTROYED)]
            for one in changed:
                ledger.mark(db, path, one, state)
            ledger.reseal(db, book, data_keys.ledger, path)
        if state is VersionState.DESTROYED:
            scrub(self.path)
        return changed

    def rekey(self) -> int:
        """Wrap the data keys with the current master key, and start a new one for rows to come.

        One transaction: it is done, or nothing has changed.

        Returns:
            How many data keys were wrapped with an older master key; 0 when there was nothing to do.
        """
        with writing(self.path) as db:
            data_keys, book = self._unlock(db)
            wrapped = keys.rewrap(db, book.vault, self.masters)
            if wrapped:
                keys.add(db, book.vault, "rows", self.masters.current)
                ledger.reseal(db, book, data_keys.ledger)
        return wrapped

    def _unlock(self, db: sqlite3.Connection) -> tuple[DataKeys, Ledger]:
        vault = ledger.vault_id(db)
        data_keys = keys.unlock(db, vault, self.masters)
        return data_keys, ledger.load(db, data_keys.ledger)

    def _found(self, db: sqlite3.Connection) -> None:
        create_tables(db)
        vault = secrets.token_hex(16)
        key = keys.add(db, vault, "ledger", self.masters.current)
        keys.add(db, vault, "rows", self.masters.current)
        ledger.reseal(db, Ledger(vault, 0, {}), key)


def _alike(path: str, kind: str, found: list[Version]) -> list[Version]:
    """Return versions that are of the kind that was asked for.

    Raises:
        Misconfigured: they are not.
    """
    if other := next((version.kind for version in found if version.kind != kind), None):
        raise Misconfigured(f"{path} is a {other}, not a {kind}")
    return found


def _left(book: Ledger, data_keys: DataKeys, version: Version) -> Mapping[str, Secret]:
    return {} if version.state is VersionState.DESTROYED else _open(book, data_keys, version)


def _open(book: Ledger, data_keys: DataKeys, version: Version) -> Mapping[str, Secret]:
    if version.sealed is None:
        raise Tampered(f"version {version.number} of {version.path} is empty")
    plain = json.loads(data_keys.row(version.key).open(version.sealed, _context(book, version)))
    return {name: Secret(value) for name, value in plain.items()}


def _seal(book: Ledger, data_keys: DataKeys, what: tuple[str, int, str], fields: Mapping[str, Secret]) -> Version:
    path, number, kind = what
    plain = json.dumps({name: secret.reveal().decode() for name, secret in fields.items()}).encode()
    key = data_keys.newest
    version = Version(path, number, kind, VersionState.ENABLED, key, None, int(time.time()))
    return replace(version, sealed=data_keys.row(key).seal(plain, _context(book, version)))


def _context(book: Ledger, version: Version) -> tuple[str | int, ...]:
    return (FORMAT, "record", book.vault, version.kind, version.key, version.number, version.path)
