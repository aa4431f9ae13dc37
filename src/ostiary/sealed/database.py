"""The file: SQLite in WAL mode, shared by the gateway's workers and the command line.

A connection lives for one operation. Readers never wait for a writer; a writer waits at most
`PATIENCE` for another one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ostiary.sealed.errors import SecretError, Tampered, Unavailable

PATIENCE: Final = 5.0  # seconds to wait for another writer
_RETRY: Final = 0.01  # seconds between two attempts at a lock that SQLite does not wait for

_PASSING: Final = (
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR),
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM),
)

_SCHEMA: Final = """
CREATE TABLE vault (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    format TEXT NOT NULL, id TEXT NOT NULL, counter INTEGER NOT NULL, mac BLOB NOT NULL);
CREATE TABLE data_key (
    number INTEGER PRIMARY KEY,
    purpose TEXT NOT NULL, master TEXT NOT NULL, wrapped BLOB NOT NULL);
CREATE TABLE head (
    path TEXT PRIMARY KEY,
    latest INTEGER NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE version (
    path TEXT NOT NULL, number INTEGER NOT NULL,
    kind TEXT NOT NULL, state TEXT NOT NULL, key INTEGER NOT NULL, sealed BLOB, created INTEGER NOT NULL,
    PRIMARY KEY (path, number)) WITHOUT ROWID;
"""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection inside one read transaction: one consistent picture.

    Raises:
        Unavailable: the file cannot be opened, or is busy for too long.
        Tampered: it is damaged.
    """
    with _connection(path) as db:
        db.execute("BEGIN")
        yield db


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection inside the only write transaction; all of it is committed, or nothing.

    Raises:
        Unavailable: the file cannot be opened, or is busy for too long.
        Tampered: it is damaged.
    """
    with _connection(path) as db:
        _log_ahead(db)
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def scrub(path: Path) -> None:
    """Write the log back into the file and empty it, so that destroyed rows are not left there.

    While somebody reads for longer than `PATIENCE`, nothing happens; SQLite does it later by itself.
    """
    with _connection(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def connect(path: Path, *, patience: float = PATIENCE) -> sqlite3.Connection:
    """Open a file that exists; usable from any one thread at a time."""
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=patience, isolation_level=None, check_same_thread=False
    )


@contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(connect(path)) as db:
            db.text_factory = _text
            db.execute("PRAGMA synchronous = FULL")
            yield db
    except sqlite3.Error as error:
        problem = _meaning(path, error)
    except UnicodeDecodeError:  # the library could not even say what is broken
        problem = Tampered(f"{path}: the file is damaged")
    else:
        return
    raise problem


def _log_ahead(db: sqlite3.Connection) -> None:
    """Switch the file to its write-ahead log, which it keeps.

    For this one lock SQLite does not wait, whatever its timeout says: two that make a vault at the same moment would
    find it busy.
    """
    patient_until = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > patient_until:
                raise
            time.sleep(_RETRY)
        else:
            return


def _meaning(path: Path, error: sqlite3.Error) -> SecretError:
    """Return whether the file cannot be had now, or is not what it was."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return Unavailable(f"{path}: {error}") if code in _PASSING else Tampered(f"{path}: {error}")


def _text(octets: bytes) -> str:
    return octets.decode(errors="replace")


def rows(db: sqlite3.Connection, query: str, kinds: Sequence[Any], *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query, each value of the kind expected: SQLite itself keeps no types.

    Raises:
        Tampered: a value is of another kind.
    """
    found: list[tuple[Any, ...]] = db.execute(query, values).fetchall()
    if all(isinstance(value, kind) for row in found for value, kind in zip(row, kinds, strict=True)):
        return found
    raise Tampered("a value in the vault is of the wrong kind")


def has_vault(db: sqlite3.Connection) -> bool:
    """Whether the tables are there."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'vault'").fetchone() is not None


def create_tables(db: sqlite3.Connection) -> None:
    """Make the tables, in the transaction that is open."""
    for statement in _SCHEMA.split(";\n"):
        db.execute(statement)
