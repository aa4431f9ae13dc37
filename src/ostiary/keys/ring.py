"""A ring: the versions of one key, kept fresh; the one that signs now is there without asking.

The versions are read at the start, when whoever keeps them shows a change, and every minute. A keeper that
cannot answer leaves them in use for a while; one that says no is obeyed at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.keys.algorithms import jwk
from ostiary.keys.keeper import Keeper
from ostiary.keys.material import Material
from ostiary.keys.record import KeptKey
from ostiary.keys.signer import RingKey, unavailable
from ostiary.keys.state import RingState, Tally, state
from ostiary.keys.version import KeyVersion, published, signing, turns
from ostiary.sealed.errors import Destroyed, SecretError, Unavailable

log = structlog.get_logger("ostiary.keys")

LOOK: Final = 0.25  # seconds between two looks for a change that the keeper can show cheaply
REFRESH: Final = 60.0  # seconds after which the versions are read anew
RETRY: Final = 1.0  # seconds between two attempts at a keeper that does not answer
MAX_STALE: Final = 600.0  # seconds for which versions are used while the keeper cannot answer


class Ring:
    """The versions of one key; a model.KeySource, and a part of the gateway.

    Args:
        alias: its name in the configuration.
        keeper: who has the private keys.
        keep: the longest life of what is signed, in seconds.
        pin: the only version that may sign, or None.
        required: whether there is no start without a version that signs.
        clock: epoch seconds, by which versions begin and end.
        timer: monotonic seconds, by which what is known gets old.
    """

    def __init__(
        self,
        alias: str,
        keeper: Keeper,
        *,
        keep: float,
        pin: str | None = None,
        required: bool = False,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = alias
        self.keep = keep
        self.tally = Tally()
        self._keeper = keeper
        self._pin = pin
        self._clock = clock
        self._timer = timer
        self._versions: tuple[KeyVersion, ...] = ()
        self._key: RingKey | None = None
        self._until = float("-inf")
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._failure: SecretError | None = None
        self._reading: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._told: list[Callable[[], None]] = []
        self._required: list[Callable[[], None]] = [self._demand] if required else []

    @property
    def alias(self) -> str:
        """Its name in the configuration."""
        return self.name

    @property
    def versions(self) -> tuple[KeyVersion, ...]:
        """Every version that is known."""
        return self._versions

    @property
    def failure(self) -> SecretError | None:
        """Why the versions could not be read last, or None."""
        return self._failure

    @property
    def withdrawn(self) -> bool:
        """Whether no version may be used because somebody said so, and not because nobody could be asked."""
        return isinstance(self._failure, Destroyed) or (self._failure is None and bool(self._versions))

    @property
    def state(self) -> RingState:
        """How it stands now."""
        return state(self._versions, self._clock(), self.keep, self._pin)

    @property
    def age(self) -> float | None:
        """Seconds since the versions were read, or None when they were not yet."""
        return None if self._read_at == float("-inf") else self._timer() - self._read_at

    def current(self) -> RingKey | None:
        """Return the version that signs now, if that is known without asking."""
        return self._key if self._clock() < self._until else self._choose()

    async def get(self) -> RingKey:
        """Return the version that signs now; does not suspend while it is known.

        Raises:
            CredentialUnavailable: there is none, or it cannot be known now.
        """
        if (key := self.current()) is not None:
            return key
        await self.read()
        if (key := self.current()) is not None:
            return key
        if self._failure is not None:
            raise unavailable(self.name, self._failure)
        raise CredentialUnavailable(f"key {self.name}: no version may sign now", retry_after=1)

    async def jwks(self) -> list[dict[str, str]]:
        """Return the public keys of which signatures may be met, newest first (RFC 7517, section 5).

        Raises:
            CredentialUnavailable: they cannot be known now.
        """
        if not self._versions:
            await self.read()
        if not self._versions and self._failure is not None:
            raise unavailable(self.name, self._failure)
        found = published(self._versions, self._clock(), self.keep, self._pin)
        return [jwk(one.public, one.alg, one.kid) for one in found]

    def material(self, version: KeyVersion) -> Material | None:
        """Return the private half of a version and its certificates, where the keeper has it in this process."""
        look: Callable[[KeyVersion], Material | None] | None = getattr(self._keeper, "material", None)
        return None if look is None else look(version)

    async def unwrap(self, version: KeyVersion, wrapped: bytes) -> bytes:
        """Return the key of a token that was encrypted to a version, where the keeper unwraps it.

        Raises:
            KeyRefused: it is not one that was wrapped with this key.
            CredentialUnavailable: the keeper does not do that now.
        """
        unwrap: Callable[[KeyVersion, bytes], Awaitable[bytes]] = getattr(self._keeper, "unwrap")  # noqa: B009 - `opens`
        try:
            with self.tally.measured("unwrap"):
                return await unwrap(version, wrapped)
        except SecretError as error:
            problem = unavailable(self.name, error)
        raise problem

    def opens(self, version: KeyVersion) -> bool:
        """Whether what is encrypted to a version can be opened: in this process, or by its keeper."""
        able: Callable[[KeyVersion], bool] | None = getattr(self._keeper, "opens", None)
        return able is not None and able(version)

    def look(self) -> Material | None:
        """Return what signs now and its certificates, read at once, where the keeper has it in this process. Blocks.

        Raises:
            ConfigError: it cannot be read.
        """
        look: Callable[[], Sequence[KeptKey]] | None = getattr(self._keeper, "look", None)
        found = [] if look is None else look()
        signer = signing([one.version for one in found], self._clock(), self._pin)
        return next((one.material for one in found if one.version is signer), None)

    def require(self, check: Callable[[], None]) -> None:
        """Have a function called at the end of the start, which may raise ConfigError."""
        self._required.append(check)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Have a function called whenever another version signs."""
        self._told.append(callback)

    def inherit(self, previous: Ring) -> None:
        """Begin with the versions that the ring of the configuration before knew, if it is the same one."""
        if previous._keeper.origin == self._keeper.origin:
            self._versions, self._read_at, self.tally = previous._versions, previous._read_at, previous.tally
            if (take := getattr(self._keeper, "inherit", None)) is not None:
                take(previous._keeper)

    async def start(self) -> None:
        """Read the versions, and look for changes from then on.

        A key that cannot be had stops those who want to sign, not the start, unless it is required.

        Raises:
            ConfigError: it can never work as configured, or is required and cannot be had.
        """
        await self._keeper.start()
        self._watcher = asyncio.create_task(self._watch())
        await self.read()
        if self.current() is None:
            log.warning("key missing: nothing can be signed with it until it is there", key=self.name)
        for check in self._required:
            check()

    def _demand(self) -> None:
        if self._key is None:
            raise ConfigError(
                f"key {self.name!r} is required at the start: {self._failure or 'no version may sign now'}"
            )

    async def aclose(self) -> None:
        """Stop, and let go of the keeper."""
        tasks = [task for task in (self._watcher, self._reading) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._keeper.aclose()

    async def read(self) -> None:
        """Read the versions: once at a time, and after a failure not at once again. What went wrong is in `failure`."""
        if self._reading is None:
            if self._failure is not None and self._timer() < self._tried_at + RETRY:
                return
            self._reading = asyncio.create_task(self._read())
        await asyncio.wait((self._reading,))  # whoever is cancelled here leaves the reading alone

    async def _read(self) -> None:
        self._tried_at = self._timer()
        try:
            found = tuple(await self._keeper.versions())
        except SecretError as error:
            self._lost(error)
        except Exception as error:  # noqa: BLE001 - a bug in a keeper must not end the reading; its text may tell
            self._lost(Unavailable(f"the driver of the keys failed: {type(error).__name__}"))
        else:
            self._failure, self._read_at = None, self._timer()
            self._take(found)
        finally:
            self._reading = None

    def _lost(self, error: SecretError) -> None:
        self._failure = error
        if not error.transient or self._timer() > self._read_at + MAX_STALE:
            self._take(())
        served = "what was known" if self._versions else "nothing"
        log.warning("key not read", key=self.name, error=type(error).__name__, detail=str(error), served=served)

    def _take(self, versions: tuple[KeyVersion, ...]) -> None:
        self._versions = versions
        self._choose()

    def _choose(self) -> RingKey | None:
        """Find the version that signs now, and until when."""
        now, before = self._clock(), self._key
        self._until = turns(self._versions, now)
        version = signing(self._versions, now, self._pin)
        if version is None or before is None or before.version != version:
            self._key = None if version is None else RingKey(self.name, version, self._keeper, self.tally)
            self._tell(before)
        return self._key

    def _tell(self, before: RingKey | None) -> None:
        if self._key is not None or before is not None:
            version, kid = (None, None) if self._key is None else (self._key.version.id, self._key.kid)
            log.info("key version in use", key=self.name, version=version, kid=kid)
            for callback in self._told:
                callback()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            changed, now = self._keeper.changed(), self._timer()
            since = self._read_at if self._failure is None else self._tried_at + RETRY - REFRESH
            if changed or now > since + REFRESH:
                await self.read()
            self.current()
