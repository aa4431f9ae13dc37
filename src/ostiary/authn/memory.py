"""What has to be remembered of requests: by every process of a gateway together, and through every reload.

    head           a secret, for nonces
    marks          proofs that were used, each until it could not be shown again
    certificates   whose bound tokens were seen here, and what replaces them must be like

Two tables in one piece of memory that processes share. An entry stands in one of the places that follow its own hash;
whoever looks or writes holds the table's lock, for microseconds, and the system lets go of it for one that dies. What
does not fit is said to be full, and is refused: nothing that still counts is forgotten. Of certificates the oldest
goes: then a renewed one waits for its token to be renewed, too.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal, NamedTuple, TypeAlias

Use: TypeAlias = Literal["fresh", "seen", "full"]

_HEAD: Final = mmap.PAGESIZE
_SECRET: Final = 32
_HASH: Final = 16
_MARK: Final = struct.Struct("<16sd")  # of what, until when
_CERTIFICATE: Final = struct.Struct("<16s16sdd")  # of which, who it is, from when it counts, when it was noted
_MARKS: Final = 1 << 19
_CERTIFICATES: Final = 1 << 15
_FAR: Final = 64
"""Places that are looked at for one entry."""
SIZE: Final = _HEAD + _MARKS * _MARK.size + _CERTIFICATES * _CERTIFICATE.size


class Life(NamedTuple):
    """A certificate, as far as another one may replace it.

    Attributes:
        identity: a digest of its names and its issuer's.
        begins: from when it counts, epoch seconds.
    """

    identity: bytes
    begins: float


class Memory:
    """A piece of memory; see the module.

    Args:
        descriptor: a file of `SIZE` octets that other processes have, too; None: this process is alone.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        self._room = mmap.mmap(-1 if descriptor is None else descriptor, SIZE)
        with self._turn(0):
            if not any(self._room[:_SECRET]):
                self._room[:_SECRET] = secrets.token_bytes(_SECRET)
        self.secret = bytes(self._room[:_SECRET])

    def use(self, mark: bytes, *, now: float, until: float, rehearsal: bool = False) -> Use:
        """Remember that something was used, unless it was before.

        Args:
            mark: what; any octets.
            now: epoch seconds.
            until: when it may be forgotten, epoch seconds.
            rehearsal: only look.
        """
        wanted = self._hash(mark)
        with self._turn(1):
            free: int | None = None
            for place in self._places(wanted, _HEAD, _MARKS, _MARK.size):
                known, ends = _MARK.unpack_from(self._room, place)
                if known == wanted and ends > now:
                    return "seen"
                if free is None and ends <= now:
                    free = place
                if not ends:  # nothing was ever written here, so nothing of ours stands behind
                    break
            if free is None:
                return "full"
            if not rehearsal:
                _MARK.pack_into(self._room, free, wanted, until)
        return "fresh"

    def note(self, thumbprint: str, life: Life, *, now: float) -> None:
        """Remember a certificate; the one that was noted first makes room."""
        wanted = self._hash(thumbprint.encode())
        with self._turn(2):
            places = list(self._certificates(wanted))
            own = (place for place, known, _, _ in places if known == wanted)
            place = next(own, None)
            if place is None:
                place = min(places, key=lambda one: one[3])[0]
            _CERTIFICATE.pack_into(self._room, place, wanted, life.identity, life.begins, now)

    def life(self, thumbprint: str) -> Life | None:
        """Return what is remembered of a certificate."""
        wanted = self._hash(thumbprint.encode())
        with self._turn(2):
            return next(
                (life for _, known, life, noted in self._certificates(wanted) if known == wanted and noted), None
            )

    def _certificates(self, wanted: bytes) -> Iterator[tuple[int, bytes, Life, float]]:
        start = _HEAD + _MARKS * _MARK.size
        for place in self._places(wanted, start, _CERTIFICATES, _CERTIFICATE.size):
            known, identity, begins, noted = _CERTIFICATE.unpack_from(self._room, place)
            yield place, known, Life(identity, begins), noted

    def _places(self, wanted: bytes, start: int, count: int, size: int) -> Iterator[int]:
        first = int.from_bytes(wanted[:8], "little")
        return (start + (first + step) % count * size for step in range(_FAR))

    def _hash(self, data: bytes) -> bytes:
        """Return where something stands. Nobody can know that beforehand, and crowd one corner."""
        return hashlib.blake2b(data, key=self.secret, digest_size=_HASH).digest()

    @contextmanager
    def _turn(self, table: int) -> Iterator[None]:
        """Hold the lock of a table, where others may want it."""
        if self._descriptor is None:
            yield
            return
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX, 1, table)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, table)


def shared_descriptor() -> int:
    """Return the descriptor of a new piece of memory, for processes that are started with it."""
    descriptor = -1
    with suppress(AttributeError, OSError):  # Linux has it, and elsewhere a file without a name will do
        descriptor = os.memfd_create("ostiary")
    if descriptor < 0:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, SIZE)
    return descriptor
