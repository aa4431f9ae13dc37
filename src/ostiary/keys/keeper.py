"""What whoever keeps private keys must be able to do: a file, a key server, an HSM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ostiary.keys.version import KeyVersion


class Keeper(Protocol):
    """Keeps the private halves of one ring, and never gives them out.

    Every method may raise a SecretError: `Unavailable` when it cannot say now, so that what is known of the
    versions may be used a while longer; anything else takes effect at once.
    """

    @property
    def origin(self) -> str:
        """Where the keys are: two with the same origin keep the same ring."""

    async def start(self) -> None:
        """Begin.

        Raises:
            ConfigError: it can never work as configured.
        """

    async def aclose(self) -> None:
        """End, and let go of everything."""

    async def versions(self) -> Sequence[KeyVersion]:
        """Return every version, disabled ones too."""

    async def sign(self, version: KeyVersion, data: bytes) -> bytes:
        """Return a signature in the form of JOSE: r and s, never DER (RFC 7518, section 3.4)."""

    def changed(self) -> bool:
        """Whether the versions may have changed since the last call, as far as that can be seen without asking."""
