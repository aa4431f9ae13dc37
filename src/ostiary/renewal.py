"""Values that are made anew before they end: one making at a time, however many wait for it.

    made ------------ due ------------------ dead
           use it          use it, and make       never
                           another behind the
                           requests

A making that fails leaves the value in use until it is dead, unless the failure says that there shall be none:
then it is dropped at once. Between two makings that fail there is a pause, which doubles.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from math import ceil, inf
from typing import Final, Generic, TypeVar

from ostiary.errors import CredentialUnavailable, GatewayError, KeysUnavailable
from ostiary.reasons import Reason

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_BELIEVED: Final = 5.0  # seconds for which a refusal is believed before it is tried again
_SLOWEST: Final = 8.0  # longest pause between two tries while nobody answers, in seconds
_REST: Final = 10.0  # seconds for which a value is not given up again, however often it is rejected
_MOST_UNDER_WAY: Final = 100


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """A value, and its times on the monotonic clock in seconds: when it is due to be replaced, and when it is dead."""

    value: T
    due: float = inf
    dead: float = inf


class Kept(Generic[T]):
    """One value.

    Args:
        make: makes it; what it raises ends the requests that wait, and leaves a value that may still be used.
        clock: the monotonic clock, in seconds.
        under_way: where makings are noted while they last, with those of others.
    """

    __slots__ = (
        *("__weakref__", "_clock", "_failure", "_failures", "_flight", "_made", "_make"),
        *("_rejected_at", "_retry_at", "_under_way"),
    )

    def __init__(
        self,
        make: Callable[[], Awaitable[Made[T]]],
        *,
        clock: Callable[[], float] = time.monotonic,
        under_way: set[asyncio.Task[None]] | None = None,
    ) -> None:
        self._make = make
        self._clock = clock
        self._under_way = set[asyncio.Task[None]]() if under_way is None else under_way
        self._made: Made[T] | None = None
        self._flight: asyncio.Task[None] | None = None
        self._failure: GatewayError | None = None
        self._failures = 0
        self._retry_at = self._rejected_at = -inf

    @property
    def held(self) -> Made[T] | None:
        """What is held now, whether it may be used or not."""
        return self._made

    @property
    def failure(self) -> GatewayError | None:
        """Why the last making failed, or None when it did not."""
        return self._failure

    async def get(self) -> T:
        """Return the value; does not suspend while it is fresh.

        Raises:
            GatewayError: there is none that may be used: what the last making ended with.
        """
        made = self._made
        if made is not None and self._clock() < made.due:
            return made.value
        return await self._get()

    def begin(self) -> None:
        """Have it made, if it is not there, without waiting."""
        if self._made is None:
            self._fly()

    def inherit(self, previous: Kept[T]) -> None:
        """Begin with what another one held."""
        self._made = previous._made

    def drop(self) -> None:
        """Forget the value: it is of no use any more."""
        self._made = None

    def rejected(self, value: T) -> bool:
        """Say that somebody did not accept a value; return whether there is another one, or may be one.

        One that is made in its place is kept for a while, whatever is said of it: whoever accepts none must not
        become a storm at where they are made.
        """
        made, now = self._made, self._clock()
        if made is None or made.value is not value:
            return True
        if now < self._rejected_at + _REST:
            return False
        self._made, self._rejected_at = None, now
        return True

    async def aclose(self) -> None:
        """Stop making."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    async def _get(self) -> T:
        now = self._clock()
        if now >= self._retry_at:
            flight = self._fly()
            if self._made is None or now >= self._made.dead:
                await asyncio.wait((flight,))  # whoever is cancelled here leaves the making alone
        made = self._made
        if made is not None and self._clock() < made.dead:
            return made.value
        raise self._refusal()

    def _fly(self) -> asyncio.Task[None]:
        if self._flight is None:
            if len(self._under_way) >= _MOST_UNDER_WAY:
                raise CredentialUnavailable("too many are made at a time", retry_after=1)
            self._flight = asyncio.create_task(self._fetch())
            self._under_way.add(self._flight)
            self._flight.add_done_callback(self._under_way.discard)
        return self._flight

    async def _fetch(self) -> None:
        try:
            self._made = await self._make()
        except GatewayError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - a bug must not end the refreshing; its text may tell a secret
            self._failed(CredentialUnavailable(f"a bug of ours: {type(error).__name__}"))
        else:
            self._failure, self._failures, self._retry_at = None, 0, -inf
        finally:
            self._flight = None

    def _failed(self, error: GatewayError) -> None:
        pause = max(min(2.0 ** min(self._failures, 3), _SLOWEST), error.retry_after or 0)
        if final(error):
            self._made, pause = None, _BELIEVED
        self._failure, self._retry_at = _bare(error), self._clock() + pause
        self._failures += 1

    def _refusal(self) -> GatewayError:
        """Return what to end a request with: a new one each time, because an exception collects its travels."""
        error = self._failure
        if error is None:
            return CredentialUnavailable("the gateway is stopping", retry_after=1)
        told = _bare(error)
        if type(error).status == CredentialUnavailable.status:
            told.retry_after = max(1, ceil(self._retry_at - self._clock()))
        return told


def _bare(error: GatewayError) -> GatewayError:
    """Return an error that says the same, without the frames that it came through: their variables hold secrets."""
    return type(error)(error.detail, reason=error.reason)


def final(error: GatewayError) -> bool:
    """Whether a failure says that there shall be no value, so that one that is there is of no use any more."""
    unable = isinstance(error, CredentialUnavailable | KeysUnavailable)
    return not unable or error.reason is Reason.CREDENTIAL_MISSING


class Partitions(Generic[K, T]):
    """Kept values by key, bounded: the one that was not used for longest is forgotten for a new one.

    Args:
        most: how many there may be.
        clock: the monotonic clock, in seconds.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._slots: OrderedDict[K, Kept[T]] = OrderedDict()
        self._under_way: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._slots)

    def of(self, key: K, make: Callable[[], Awaitable[Made[T]]]) -> Kept[T]:
        """Return the value of a key; one that is not there yet will be made by `make`."""
        found = self._slots.get(key)
        if found is None:
            if len(self._slots) >= self._most:
                self._slots.popitem(last=False)
            found = self._slots[key] = Kept(make, clock=self._clock, under_way=self._under_way)
        else:
            self._slots.move_to_end(key)
        return found

    async def aclose(self) -> None:
        """Stop making."""
        flights = tuple(self._under_way)
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
