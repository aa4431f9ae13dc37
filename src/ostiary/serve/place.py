"""What a configuration says of a listener, with its files read; and how its callers are proven."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ostiary.config.schema import ListenerSpec
from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind
from ostiary.edge.decide.trusted import asking
from ostiary.edge.listening import address_of, local_of
from ostiary.listener.fetched import FetchedLists
from ostiary.listener.forwarded import Forwarded, Trusted, compile_forwarded
from ostiary.listener.local import LocalPeers, compile_local
from ostiary.listener.points import Points
from ostiary.listener.responder import Responder
from ostiary.listener.store import Store
from ostiary.listener.tls import ServerTls, Showing, compile_tls
from ostiary.model import NOTHING, Peer
from ostiary.serve.deciding import told_certificates, trusted_of
from ostiary.serve.middleware import Judge, points_of, responder_of


@dataclass(frozen=True, slots=True)
class Place:
    """What a configuration says of one listener, with its files read.

    Attributes:
        name: in the configuration.
        spec: what stands there.
        tls: its TLS, or None.
        forwarded: how a proxy in front tells the caller's certificate, or None.
        responder: who is asked whether certificates are revoked, or None.
        points: what looks at the lists that certificates name, or None.
        proxies: processes of this machine whose connections begin with a header of the PROXY protocol, or None.
        asking: the proxies that may ask, where it decides for others; or None.
    """

    name: str
    spec: ListenerSpec
    tls: ServerTls | None
    forwarded: Forwarded | None = None
    responder: Responder | None = None
    proxies: LocalPeers | None = None
    asking: Trusted | None = None
    points: Points | None = None

    def inherit(self, before: Place) -> None:
        """Know what is known of callers from the configuration before."""
        if self.tls is not None and before.tls is not None:
            self.tls.inherit(before.tls)
        if self.forwarded is not None and before.forwarded is not None:
            self.forwarded.inherit(before.forwarded)
        if self.responder is not None and before.responder is not None:
            self.responder.inherit(before.responder)
        if self.points is not None and before.points is not None:
            self.points.inherit(before.points)

    @property
    def judges(self) -> list[Judge]:
        """Who is asked about certificates, one after the other."""
        return [one for one in (self.responder, self.points) if one is not None]

    @property
    def lists(self) -> list[FetchedLists]:
        """The revocation lists that are fetched while it listens."""
        clients = None if self.tls is None else self.tls.clients
        known = [one.revocation for one in (clients, self.forwarded) if one is not None]
        fetched = [one.fetched for one in known if one is not None and one.fetched is not None]
        return fetched if self.points is None else [*fetched, self.points.lists]

    @property
    def address(self) -> tuple[Bind | UnixBind, str]:
        """What tells whether two configurations mean the same socket. Any free port is another one for each name."""
        bind = self.spec.bind
        return bind, self.name if isinstance(bind, Bind) and bind.port == 0 else ""

    @property
    def scheme(self) -> str:
        """The scheme of its requests."""
        return "http" if self.tls is None else "https"


def compile_places(
    listeners: Mapping[str, ListenerSpec],
    folder: Path,
    state: Path | None = None,
    shown: Mapping[str, Showing] = NOTHING,
) -> dict[str, Place]:
    """Read what listeners need; nothing is bound.

    Args:
        listeners: by name.
        folder: the folder of the configuration file.
        state: where revocation lists that were fetched are kept; nowhere by default.
        shown: the keys that may be shown in TLS, by name.

    Raises:
        ConfigError: a file of some TLS is missing, unreadable or wrong.
    """
    places = {name: _place(name, spec, folder, shown) for name, spec in listeners.items()}
    if state is not None:
        for lists in [lists for place in places.values() for lists in place.lists]:
            lists.keep(Store(state))
    return places


def _place(name: str, spec: ListenerSpec, folder: Path, shown: Mapping[str, Showing]) -> Place:
    tls = None if spec.tls is None else compile_tls(spec.tls, folder, protocols=spec.protocols, keys=shown)
    forwarded = None if spec.forwarded is None else compile_forwarded(spec.forwarded, folder)
    asking_proxies = None
    if spec.decide is not None:
        forwarded, asking_proxies = told_certificates(spec.decide, folder), trusted_of(spec.decide)
    proxied = spec.proxy_protocol
    proxies = None if proxied is None or proxied.local is None else compile_local(proxied.local)
    judged = forwarded if forwarded is not None else None if tls is None else tls.clients
    points = points_of(spec, None if judged is None else judged.revocation)
    return Place(name, spec, tls, forwarded, responder_of(spec), proxies, asking_proxies, points)


def prover(place: Place) -> Callable[[asyncio.Transport], Peer]:
    """Return how the peer of a connection is proven, and whether it may ask, where only proxies may."""
    prove = _shown(place)
    return prove if place.asking is None else asking(prove, place.asking)


def _shown(place: Place) -> Callable[[asyncio.Transport], Peer]:
    """Return how the peer is proven. A proxy asks for its callers' hosts, not for the one of TLS."""
    tls, forwarded = place.tls, place.forwarded

    def shown(transport: asyncio.Transport) -> Peer:
        address = address_of(transport)
        return Peer(address) if tls is None else tls.peer(transport.get_extra_info("ssl_object"), address)

    def known(transport: asyncio.Transport) -> Peer:
        return replace(shown(transport), local=local_of(transport.get_extra_info("socket")))

    prove = known if isinstance(place.spec.bind, UnixBind) else shown
    return prove if forwarded is None or tls is None else lambda transport: forwarded.proxy(prove(transport))
