"""One SQLite file for what nobody may see: credentials of the local vault, private keys of the local rings.

    master key (configuration) -> data keys (wrapped, in the file) -> versions of records (sealed)
                                                                  -> ledger: one MAC over what there is

Envelope encryption with AES-256-GCM. The rooms `vault` and `keys` do not know each other; both keep their
records here, each of its own kind.

crypt.py     keys, sealing, MAC                    database.py  connections, transactions, tables
versions.py  which version counts                  files.py     modes and owners
keys.py      data keys, wrapped and open           store.py     the operations
ledger.py    what must be there, and is the newest  watch.py     seeing another process write
errors.py    why there is no record

Protected against somebody who can read the file, and who can change rows of it. Not protected:
putting an older copy of the whole file in place while no gateway is running; somebody who has the
master key.
"""

from __future__ import annotations

from pathlib import Path

from ostiary.config.secrets import resolve
from ostiary.config.values import SecretRef
from ostiary.config.vaults import LocalVaultSpec
from ostiary.sealed.crypt import Key, MasterKeys, master_key, new_key_text
from ostiary.sealed.store import LocalStore, Opened
from ostiary.sealed.versions import Version, VersionState

__all__ = ["LocalStore", "Opened", "Version", "VersionState", "local_store", "new_key_text"]


def local_store(spec: LocalVaultSpec, folder: Path) -> LocalStore:
    """Return the file of a local vault, and its keys; nothing is opened.

    Raises:
        ConfigError: a master key is not there, or is not one.
    """

    def key(reference: SecretRef) -> Key:
        return master_key(resolve(reference, folder), str(reference))

    masters = MasterKeys(key(spec.master_key), tuple(key(reference) for reference in spec.previous_master_keys))
    return LocalStore(folder / spec.path, masters)
