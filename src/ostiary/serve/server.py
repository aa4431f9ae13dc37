"""A gateway and the listeners before it. Both can be exchanged while they run.

    start the new gateway -> bind what is new -> exchange everything at once -> close the old after its last request

The first two may fail; then nothing has changed. The third waits for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog

from ostiary.config.schema import GatewaySpec
from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind
from ostiary.edge.listening import Carried, UnderWay
from ostiary.errors import Overloaded
from ostiary.gateway import Gateway
from ostiary.reasons import Reason
from ostiary.serve.descriptors import Descriptors, raise_limit
from ostiary.serve.listener import Listener
from ostiary.serve.place import Place, compile_places
from ostiary.serve.sockets import overlap

log = structlog.get_logger("ostiary.serve")

DRAIN: Final = 30.0
"""Seconds that exchanges under way are given, unless the configuration says otherwise."""

_LOOK: Final = 0.05
_SELDOM: Final = 1.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How what serves comes to its end; in seconds.

    Attributes:
        drain: what exchanges under way are given.
        lame_duck: for how long callers are still let in when the process was told to stop.
    """

    drain: float = DRAIN
    lame_duck: float = 0.0

    @classmethod
    def of(cls, spec: GatewaySpec) -> Self:
        """Return what a configuration says."""
        return cls(spec.drain_timeout, spec.lame_duck)


class Server:
    """What serves.

    Args:
        gateway: not yet started.
        places: its listeners, with their files read.
        ending: how it comes to its end.
        shared: other processes of this gateway listen on the same addresses (SO_REUSEPORT).

    Attributes:
        gateway: where new requests go.
        listeners: where callers come in, by name.
        ending: how it comes to its end.
    """

    def __init__(
        self, gateway: Gateway, places: Mapping[str, Place], *, ending: Ending = Ending(), shared: bool = False
    ) -> None:
        self.gateway = gateway
        self.ending = ending
        self._shared = shared
        self._descriptors = Descriptors(raise_limit())
        self.listeners = {name: self._listener(place, gateway) for name, place in places.items()}
        self._retiring: dict[asyncio.Task[None], tuple[Listener, ...]] = {}

    async def start(self) -> None:
        """Start the gateway, and listen.

        Raises:
            ConfigError: something cannot work as configured; nothing stays started.
        """
        await self.gateway.start()
        try:
            _bind(self.listeners.values(), shared=self._shared)
        except BaseException:
            await self.gateway.aclose()
            raise
        for listener in self.listeners.values():
            listener.open()

    async def change(self, gateway: Gateway, places: Mapping[str, Place], ending: Ending) -> None:
        """Serve what a new configuration says: every request from now on, also on connections that live.

        Args:
            gateway: not yet started.
            places: its listeners.
            ending: how it comes to its end.

        Raises:
            ConfigError: something cannot work as configured. Nothing has changed.
        """
        gateway.inherit(self.gateway)
        await gateway.start()
        at = {listener.place.address: listener for listener in self.listeners.values()}
        fresh = {
            place.name: self._listener(place, gateway)
            for place in places.values()
            if place.address not in at or at[place.address].place.scheme != place.scheme
        }
        kept = {place.address for place in places.values()}
        new = [one for one in fresh.values() if one.place.address not in at]
        try:
            _take_over(new, [one for address, one in at.items() if address not in kept], shared=self._shared)
        except BaseException:
            await gateway.aclose()
            raise
        self._exchange(gateway, places, fresh, at)
        self.ending = ending

    async def stop(self) -> None:
        """Let nobody in; end when everything that is under way has, or the time for it is over."""
        for listener in self.listeners.values():
            listener.close()
        await asyncio.gather(*(listener.drain(self.ending.drain) for listener in self.listeners.values()))
        await self._settle()
        await self.gateway.aclose()

    def abort(self) -> None:
        """Cut every connection, and give no time to those who come in while it ends."""
        self.ending = Ending(drain=0.0)
        retiring = [listener for listeners in self._retiring.values() for listener in listeners]
        for listener in (*self.listeners.values(), *retiring):
            listener.abort()

    def _listener(self, place: Place, gateway: Gateway) -> Listener:
        return Listener(place, gateway, self._descriptors)

    def _exchange(
        self,
        gateway: Gateway,
        places: Mapping[str, Place],
        fresh: Mapping[str, Listener],
        at: dict[tuple[Bind | UnixBind, str], Listener],
    ) -> None:
        """Exchange everything. Nothing here waits, so that no request sees half of it."""
        under_way = [one for listener in self.listeners.values() for one in listener.under_way()]
        listeners: dict[str, Listener] = {}
        left: list[Listener] = []
        for name, place in places.items():
            before = at.pop(place.address, None)
            if name not in fresh and before is not None:
                before.change(place, gateway)
                listeners[name] = before
                continue
            listeners[name] = fresh[name]
            if before is not None:
                left.append(before)
            fresh[name].open(None if before is None else before.hand_over())
        for listener in at.values():
            listener.close()
            left.append(listener)
        old, self.gateway, self.listeners = self.gateway, gateway, listeners
        self._retire(old, under_way, left)

    def _retire(self, gateway: Gateway, under_way: Sequence[UnderWay], listeners: Sequence[Listener]) -> None:
        task = asyncio.get_running_loop().create_task(_ended(gateway, under_way, listeners, self.ending.drain))
        self._retiring[task] = tuple(listeners)
        task.add_done_callback(lambda done: self._retiring.pop(done, None))

    async def _settle(self) -> None:
        """Close what is still being drained."""
        tasks = tuple(self._retiring)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _take_over(new: Sequence[Listener], leaving: Sequence[Listener], *, shared: bool) -> None:
    """Take every address, or none. Where one overlaps with another that is given up, both are held for a moment."""
    wanted = [one.place.spec.bind for one in new]
    met = [one for one in leaving if any(overlap(one.place.spec.bind, bind) for bind in wanted)]
    for one in met:
        one.share()
    _bind(new, shared=shared or bool(met))


def _bind(listeners: Iterable[Listener], *, shared: bool) -> None:
    """Take every address, or none."""
    taken: list[Listener] = []
    try:
        for listener in listeners:
            listener.bind(shared=shared)
            taken.append(listener)
    except BaseException:
        for listener in taken:
            listener.unbind()
        raise


async def _ended(
    gateway: Gateway, under_way: Sequence[UnderWay], listeners: Sequence[Listener], seconds: float
) -> None:
    """Close a gateway after the last exchange that it carries, or after some seconds.

    Tunnels and calls of gRPC have no such bound: they may stay for hours, and have done nothing wrong. They
    live until they end, or the process does; meanwhile nothing of the gateway is kept but its upstreams.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    try:
        await asyncio.gather(*(listener.drain(seconds) for listener in listeners))
        while loop.time() < end and _late(under_way):  # noqa: ASYNC110 - seldom
            await asyncio.sleep(_LOOK)
        late = _late(under_way)
        lasting = [one for one in under_way if not one.answered and _lasting(one)]
        for one in late:
            _cut(one)
        log.info("the gateway before is closed", cut_off=len(late), lasting=len(lasting))
        if lasting:
            await gateway.rest()
        while not all(one.answered for one in lasting):  # noqa: ASYNC110 - seldom
            await asyncio.sleep(_SELDOM)
    finally:
        await gateway.aclose()


def _late(under_way: Iterable[UnderWay]) -> list[UnderWay]:
    """Return what has not ended, and should have."""
    return [one for one in under_way if not one.answered and not _lasting(one)]


def _lasting(one: UnderWay) -> bool:
    return isinstance(one, Carried) and one.lasting


def _cut(one: UnderWay) -> None:
    if isinstance(one, Carried):
        one.abandon()
        one.fail(Overloaded("the configuration that it began with has ended", reason=Reason.STOPPING))


@asynccontextmanager
async def listening(
    gateway: Gateway, spec: GatewaySpec, folder: Path, *, drain: float = DRAIN
) -> AsyncIterator[dict[str, Listener]]:
    """Start a gateway and its listeners; at the end, stop them in the opposite order.

    Raises:
        ConfigError: something cannot work as configured; nothing stays started.
    """
    server = Server(gateway, compile_places(spec.listeners, folder, shown=gateway.shown), ending=Ending(drain))
    await server.start()
    try:
        yield server.listeners
    finally:
        await server.stop()
