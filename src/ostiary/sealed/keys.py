"""The data keys of a vault: wrapped in the file, open in memory for one operation."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Final, Literal

from ostiary.sealed.crypt import FORMAT, Key, MasterKeys, identified, new_key
from ostiary.sealed.database import rows
from ostiary.sealed.errors import Tampered

Purpose = Literal["rows", "ledger"]
Context = tuple[str, str, str, str, int]  # format, "data key", vault, purpose, number

_ALL: Final = "SELECT number, purpose, master, wrapped FROM data_key"
_KINDS: Final = (int, str, str, bytes)


@dataclass(frozen=True, slots=True)
class DataKeys:
    """The data keys, unwrapped.

    Attributes:
        ledger: the key of the MAC.
        rows: the keys that rows are sealed with, by number.
    """

    ledger: Key = field(repr=False)
    rows: dict[int, Key] = field(repr=False)

    @property
    def newest(self) -> int:
        """Number of the key that new rows are sealed with."""
        return max(self.rows)

    def row(self, number: int) -> Key:
        """Return a key of rows.

        Raises:
            Tampered: there is none with that number.
        """
        if number not in self.rows:
            raise Tampered(f"data key {number} is missing")
        return self.rows[number]


def unlock(db: sqlite3.Connection, vault: str, masters: MasterKeys) -> DataKeys:
    """Return the data keys.

    Raises:
        Sealed: none of the master keys opens them.
        Tampered: they were changed.
    """
    found: dict[str, dict[int, Key]] = {"rows": {}, "ledger": {}}
    for number, purpose, master, wrapped in rows(db, _ALL, _KINDS):
        octets = masters.find(master).open(wrapped, (FORMAT, "data key", vault, purpose, number))
        found.setdefault(purpose, {})[number] = identified(octets)
    if len(found["ledger"]) != 1 or not found["rows"]:
        raise Tampered("the vault has lost its data keys")
    (ledger,) = found["ledger"].values()
    return DataKeys(ledger, found["rows"])


def add(db: sqlite3.Connection, vault: str, purpose: Purpose, master: Key) -> Key:
    """Make a data key, wrap it, store it."""
    (number,) = db.execute("SELECT coalesce(max(number), 0) + 1 FROM data_key").fetchone()
    key = new_key()
    _store(db, (FORMAT, "data key", vault, purpose, number), key, master)
    return key


def rewrap(db: sqlite3.Connection, vault: str, masters: MasterKeys) -> int:
    """Wrap every data key with the current master key; return how many were not yet.

    Raises:
        Sealed: none of the master keys opens them.
        Tampered: they were changed.
    """
    old = [row for row in rows(db, _ALL, _KINDS) if row[2] != masters.current.id]
    for number, purpose, master, wrapped in old:
        context = (FORMAT, "data key", vault, purpose, number)
        _store(db, context, identified(masters.find(master).open(wrapped, context)), masters.current)
    return len(old)


def _store(db: sqlite3.Connection, context: Context, key: Key, master: Key) -> None:
    _, _, _, purpose, number = context
    db.execute(
        "INSERT OR REPLACE INTO data_key (number, purpose, master, wrapped) VALUES (?, ?, ?, ?)",
        (number, purpose, master.id, master.seal(key.octets.reveal(), context)),
    )
