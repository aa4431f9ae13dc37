"""A ring in the sealed file: what the command line does to it, and how the gateway signs with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ostiary.errors import ConfigError
from ostiary.keys.algorithms import encryption, sign
from ostiary.keys.errors import KeyRefused
from ostiary.keys.material import Material
from ostiary.keys.record import KeptKey, fields, kept
from ostiary.keys.version import KeyVersion
from ostiary.sealed import LocalStore, VersionState
from ostiary.sealed.errors import Destroyed, NotFound, SecretError, Tampered
from ostiary.sealed.files import check_file
from ostiary.sealed.store import KEY
from ostiary.sealed.watch import Watch


def record_path(name: str) -> str:
    """Return the record of a ring in the sealed file."""
    return f"keys/{name}"


@dataclass(frozen=True, slots=True)
class LocalRing:
    """A ring in a sealed file; every method blocks.

    Attributes:
        store: the file.
        path: the record.
        algorithm: how it signs, or None for each key's usual way.
    """

    store: LocalStore
    path: str
    algorithm: str | None = None

    def read(self) -> tuple[list[KeptKey], int]:
        """Return the versions that were not destroyed, oldest first, and the counter of the file.

        Raises:
            SecretError: why not.
        """
        found, counter = self.store.read_all(self.path, KEY)
        if not found:
            raise NotFound(f"there is no {self.path}")
        there = [kept(one, self.algorithm) for one in found if one.fields]
        if not there:
            raise Destroyed(f"every version of {self.path} was destroyed")
        return there, counter

    def add(self, material: Material, begins: float, ends: float | None = None, *, existing: bool = False) -> int:
        """Add a version; return its number.

        Args:
            material: the key.
            begins: when it begins to sign, seconds since the epoch.
            ends: when it signs no more.
            existing: refuse a ring that is not there yet.

        Raises:
            SecretError: why not.
            KeyRefused: this key is in the ring already.
        """
        if any(one.version.public == material.public for one in self._known()):
            raise KeyRefused("this key is in the ring already")
        made = fields(material, int(begins), None if ends is None else int(ends))
        return self.store.put(self.path, made, existing=existing, kind=KEY)

    def change(self, state: VersionState, number: int | None = None) -> list[int]:
        """Change the state of one version, or of all; return the numbers of those that changed."""
        return self.store.change(self.path, state, number, KEY)

    def _known(self) -> list[KeptKey]:
        try:
            return self.read()[0]
        except SecretError:
            return []  # what is wrong, or missing, is said by the writing


class LocalKeeper:
    """The private keys of a ring in a sealed file; a keeper.Keeper.

    The counter of the file is remembered: one that is older than what was read before is refused.
    """

    def __init__(self, ring: LocalRing) -> None:
        self._ring = ring
        self._watch = Watch(ring.store.path)
        self._counter = 0
        self._private: dict[str, KeptKey] = {}

    @property
    def origin(self) -> str:
        """The file and the record."""
        return f"{self._ring.store.path} {self._ring.path}"

    def inherit(self, previous: LocalKeeper) -> None:
        """Begin with what another keeper of the same ring has read: a reload does not accept an older file either."""
        self._private, self._counter = previous._private, previous._counter

    async def start(self) -> None:
        """Check the file.

        Raises:
            ConfigError: there is no vault, others may read it, or the master key is another one.
        """
        await asyncio.to_thread(self._open)

    async def aclose(self) -> None:
        """Stop watching."""
        self._watch.close()

    def look(self) -> Sequence[KeptKey]:
        """Read every version at once. Blocks.

        Raises:
            ConfigError: it cannot be read.
        """
        check_file(self._ring.store.path)
        try:
            return self._ring.read()[0]
        except SecretError as error:
            raise ConfigError(f"{self._ring.store.path}: {error}") from None

    def opens(self, version: KeyVersion) -> bool:
        """Whether this process can open what is encrypted to a version."""
        return bool(encryption(version.public))

    async def versions(self) -> Sequence[KeyVersion]:
        """Read every version."""
        found, counter = await asyncio.to_thread(self._ring.read)
        if counter < self._counter:
            raise Tampered("the vault is older than what was read from it before; restart to accept that")
        self._counter = counter
        self._private = {one.version.kid: one for one in found if one.version.enabled}
        return [one.version for one in found]

    async def sign(self, version: KeyVersion, data: bytes) -> bytes:
        """Sign: RSA beside the loop, since it takes a millisecond."""
        one = self._private.get(version.kid)
        if one is None:
            raise NotFound(f"version {version.id} is not there any more")
        if isinstance(one.private, RSAPrivateKey):
            return await asyncio.to_thread(sign, one.private, version.alg, data)
        return sign(one.private, version.alg, data)

    def material(self, version: KeyVersion) -> Material | None:
        """Return key and certificates of a version, for TLS; None when it is not there any more."""
        one = self._private.get(version.kid)
        return None if one is None else one.material

    def changed(self) -> bool:
        """Whether another process has written to the file."""
        return self._watch.changed()

    def _open(self) -> None:
        check_file(self._ring.store.path)
        try:
            self._ring.store.counter()
        except SecretError as error:
            raise ConfigError(f"{self._ring.store.path}: {error}") from None
        self._watch.start()
