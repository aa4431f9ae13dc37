"""The gateways that are compared: one module each, how to configure and start it.

To add one: a module with a class that fits `Peer`, and a line in `everyone()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.places import Place


@dataclass(frozen=True, slots=True)
class Start:
    """How a peer is started, once its files are written.

    Attributes:
        command: program and arguments; it stays in the foreground.
        environment: variables beside our own.
    """

    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class Peer(Protocol):
    """A gateway.

    Attributes:
        name: what it is called on the command line and in results.
        title: what it does here, in a few words.
        judges_tokens: whether a bad token is refused.
        injects: whether the upstream is shown the Basic credential.
    """

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def title(self) -> str:
        """What it does here."""

    @property
    def judges_tokens(self) -> bool:
        """Whether a bad token is refused."""

    @property
    def injects(self) -> bool:
        """Whether the upstream is shown the Basic credential."""

    def missing(self) -> str | None:
        """Return what has to be installed first, or None."""

    def version(self) -> str:
        """Return its version, and that of its TLS library where it says."""

    def prepare(self, place: Place) -> Start:
        """Write its configuration; return how to start it."""


def everyone() -> dict[str, Peer]:
    """Return every peer, by name, in the order of the table."""
    from benchmarks.peers.caddy import Caddy  # noqa: PLC0415 - they import the words above
    from benchmarks.peers.envoy import Envoy  # noqa: PLC0415
    from benchmarks.peers.haproxy import HAProxy  # noqa: PLC0415
    from benchmarks.peers.hypercorn import Hypercorn  # noqa: PLC0415
    from benchmarks.peers.nginx import Nginx  # noqa: PLC0415
    from benchmarks.peers.ostiary import Ostiary  # noqa: PLC0415

    peers: list[Peer] = [
        *(Nginx(), Ostiary(), Ostiary(compiled=False), Envoy(), Envoy(cached=False), Envoy(whole=True)),
        *(HAProxy(), Caddy(), Hypercorn()),
    ]
    return {peer.name: peer for peer in peers}
