"""Keys in the sealed file."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.signers.shape import LEAD

from ostiary.keys.local import LocalKeeper, LocalRing, record_path
from ostiary.keys.material import make
from ostiary.pki.keys import KeyKind
from ostiary.sealed import LocalStore
from ostiary.sealed.crypt import MasterKeys, new_key

_KINDS: dict[str, KeyKind] = {"ES256": "ec-p256", "ES384": "ec-p384", "EdDSA": "ed25519"}


class Local:
    """A sealed file of its own."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o700)
        self._store = LocalStore(folder / "vault.db", MasterKeys(new_key()))

    def keeper(self, name: str, wanted: str | None = None) -> LocalKeeper:
        return LocalKeeper(LocalRing(self._store, record_path(name), wanted))

    def make(self, name: str, alg: str) -> None:
        ring = LocalRing(self._store, record_path(name))
        there = self._store.path.exists() and any(one.path == ring.path for one in self._store.versions())
        ring.add(make(_KINDS.get(alg, "rsa-2048")), time.time() - 1 + (LEAD if there else 0))

    def away(self) -> None:
        self._store.path.rename(self._store.path.with_name("elsewhere.db"))

    def back(self) -> None:
        self._store.path.with_name("elsewhere.db").rename(self._store.path)

    async def aclose(self) -> None: ...
