"""What the file must say of itself, under a MAC.

A sealed row proves where it belongs, but not that it is the newest, nor that no other is missing.
So every record has a head: its latest version and a digest of all its versions; and one MAC covers
all heads and a counter that only goes up. Rows that were swapped, removed, added, re-labelled or taken
back from an older copy of the file no longer match.

Not noticed: an older copy of the *whole* file put in place while nobody who has seen the newer one
is running.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ostiary.sealed.crypt import FORMAT, Key
from ostiary.sealed.database import has_vault, rows
from ostiary.sealed.errors import Misconfigured, NoVault, Tampered
from ostiary.sealed.versions import Version, VersionState

_VERSION: Final = (str, int, str, str, int, bytes | None, int)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The heads of a vault, verified.

    Attributes:
        vault: random id of the vault.
        counter: how often it was written to.
        heads: record -> (latest version, digest of all its versions).
    """

    vault: str
    counter: int
    heads: dict[str, tuple[int, str]]


def vault_id(db: sqlite3.Connection) -> str:
    """Return the id of the vault.

    Raises:
        Misconfigured: there is no vault, or one written by another version of this program.
        Tampered: the row is missing.
    """
    if not has_vault(db):
        raise NoVault("there is no vault in this file")
    found = rows(db, "SELECT format, id FROM vault", (str, str))
    if len(found) != 1:
        raise Tampered("the vault has lost its head")
    if found[0][0] != FORMAT:
        raise Misconfigured("the vault was written by another version of this program")
    return str(found[0][1])


def load(db: sqlite3.Connection, key: Key) -> Ledger:
    """Return the ledger.

    Raises:
        Tampered: it does not match its MAC.
    """
    ((counter, mac),) = rows(db, "SELECT counter, mac FROM vault", (int, bytes))
    found = rows(db, "SELECT path, latest, digest FROM head", (str, int, str))
    heads = {path: (latest, digest) for path, latest, digest in found}
    ledger = Ledger(vault_id(db), counter, heads)
    if not hmac.compare_digest(_mac(ledger, key), mac):
        raise Tampered("the list of records does not match its seal")
    return ledger


def versions(db: sqlite3.Connection, ledger: Ledger, path: str) -> list[Version]:
    """Return every version of a record, oldest first; none when there is no such record.

    Raises:
        Tampered: they are not those that the ledger vouches for.
    """
    found = _rows(db, path)
    latest, digest = ledger.heads.get(path, (0, _digest(())))
    if not hmac.compare_digest(_digest(found), digest) or max((v.number for v in found), default=0) != latest:
        raise Tampered(f"the versions of {path} do not match their seal")
    return found


def reseal(db: sqlite3.Connection, ledger: Ledger, key: Key, path: str | None = None) -> None:
    """Write the ledger anew after the versions of `path` were changed, in the same transaction."""
    heads = dict(ledger.heads)
    if path is not None:
        found = _rows(db, path)
        heads[path] = (max(version.number for version in found), _digest(found))
        db.execute("INSERT OR REPLACE INTO head (path, latest, digest) VALUES (?, ?, ?)", (path, *heads[path]))
    after = Ledger(ledger.vault, ledger.counter + 1, heads)
    db.execute(
        "INSERT OR REPLACE INTO vault (one, format, id, counter, mac) VALUES (1, ?, ?, ?, ?)",
        (FORMAT, after.vault, after.counter, _mac(after, key)),
    )


def add(db: sqlite3.Connection, version: Version) -> None:
    """Store a version; `reseal` must follow."""
    db.execute(
        "INSERT INTO version (path, number, kind, state, key, sealed, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(version.path, version.number, version.kind, version.state.value),
            *(version.key, version.sealed, version.created),
        ),
    )


def mark(db: sqlite3.Connection, path: str, number: int, state: VersionState) -> None:
    """Change the state of a version, and drop its content when it is destroyed; `reseal` must follow."""
    db.execute("UPDATE version SET state = ? WHERE path = ? AND number = ?", (state.value, path, number))
    if state is VersionState.DESTROYED:
        db.execute("UPDATE version SET sealed = NULL WHERE path = ? AND number = ?", (path, number))


def _rows(db: sqlite3.Connection, path: str) -> list[Version]:
    query = "SELECT path, number, kind, state, key, sealed, created FROM version WHERE path = ? ORDER BY number"
    try:
        return [
            Version(path, number, kind, VersionState(state), key, sealed, created)
            for path, number, kind, state, key, sealed, created in rows(db, query, _VERSION, path)
        ]
    except ValueError:
        problem = Tampered(f"a version of {path} has an unknown state")
    raise problem


def _digest(found: Sequence[Version]) -> str:
    return hashlib.sha256(json.dumps([version.facts for version in found]).encode()).hexdigest()


def _mac(ledger: Ledger, key: Key) -> bytes:
    heads = sorted((path, *head) for path, head in ledger.heads.items())
    return key.mac([FORMAT, ledger.vault, ledger.counter, heads])
