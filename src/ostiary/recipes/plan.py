"""What a recipe is made from: the policy, and where the proxy listens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from ostiary.config.schema import GatewaySpec, ListenerSpec, UpstreamSpec
from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind, Endpoint
from ostiary.recipes.safe import Unsafe, address, header, path, word


@dataclass(frozen=True, slots=True)
class Front:
    """Where callers come to the proxy.

    Attributes:
        listen: host and port.
        certificate: its certificate and chain (PEM), with its private key in the same file.
    """

    listen: str
    certificate: str

    @property
    def host(self) -> str:
        """The address without the port, and without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port."""
        return int(self.listen.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the proxy forwards to.

    Attributes:
        name: in the policy.
        endpoints: its addresses; all of one scheme.
        host: what it is called with: the caller's Host, or the endpoint's.
        trusted: a file with the authorities of its TLS (PEM), or None for the system's.
        server_name: the name to verify, or None for the endpoint's.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    host: Literal["preserve", "endpoint"]
    trusted: str | None
    server_name: str | None

    @property
    def tls(self) -> bool:
        """Whether it speaks TLS."""
        return self.endpoints[0].scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port of its first endpoint."""
        return authority(self.endpoints[0])


@dataclass(frozen=True, slots=True)
class Plan:
    """A policy, and its surroundings, as far as another proxy has to know them.

    Attributes:
        file: the policy's, for the comment at the top.
        ask: where decisions are asked for.
        owned: headers that the answer names, as the upstream is to see them.
        evidence: headers that the decision needs to see.
        certificates: whether callers' certificates are told.
        authorities: files with those that may have issued them.
        upstreams: where routes lead.
        front: where callers come.
        beside: where a second file of the recipe is, for proxies that need one.
    """

    file: str
    ask: Bind | UnixBind
    owned: tuple[str, ...]
    evidence: tuple[str, ...]
    certificates: bool
    authorities: tuple[str, ...]
    upstreams: tuple[Upstream, ...]
    front: Front
    beside: str

    def only_authorities(self, proxy: str) -> str:
        """Return the file with the authorities of client certificates, for proxies that take one.

        Raises:
            Unsafe: there are several.
        """
        if len(self.authorities) != 1:
            raise Unsafe(f"{proxy} takes the authorities of client certificates from one file")
        return self.authorities[0]

    def only_upstream(self, proxy: str) -> Upstream:
        """Return the upstream, for proxies that cannot choose by the answer.

        Raises:
            Unsafe: there are several.
        """
        if len(self.upstreams) != 1:
            raise Unsafe(f"{proxy} forwards to one upstream, and the policy has {len(self.upstreams)}")
        return self.upstreams[0]


def plan(
    spec: GatewaySpec,
    listener: str,
    *,
    owned: Iterable[bytes],
    evidence: Iterable[bytes],
    file: Path,
    front: Front,
    beside: str,
) -> Plan:
    """Return what a recipe is made from.

    Args:
        spec: the policy.
        listener: the decision listener that is asked.
        owned: headers that the answer names.
        evidence: headers that the decision needs to see.
        file: of the policy.
        front: where callers come.
        beside: where a second file of the recipe is, for proxies that need one.

    Raises:
        Unsafe: something in the policy is not written into a configuration.
    """
    asked = spec.listeners[listener]
    client = None if asked.decide is None else asked.decide.client
    folder = file.parent.resolve()
    return Plan(
        file=path(file.name),
        ask=_asked(listener, asked),
        owned=tuple(header(name.decode()) for name in owned),
        evidence=tuple(sorted(header(name.decode()) for name in evidence)),
        certificates=client is not None and client.mode != "off",
        authorities=() if client is None else tuple(path(str(one.below(folder))) for one in client.authorities),
        upstreams=tuple(_upstream(name, spec.upstreams[name], folder) for name in sorted(_used(spec))),
        front=Front(address(front.listen), path(front.certificate)),
        beside=path(beside),
    )


def _asked(name: str, listener: ListenerSpec) -> Bind | UnixBind:
    if listener.tls is not None:
        raise Unsafe(f"listener {name!r} has TLS: recipes ask on a unix socket or on loopback")
    if isinstance(listener.bind, UnixBind):
        path(listener.bind.path)
    return listener.bind


def _used(spec: GatewaySpec) -> set[str]:
    return {route.upstream for route in spec.routes}


def _upstream(name: str, spec: UpstreamSpec, folder: Path) -> Upstream:
    if len({one.scheme for one in spec.endpoints}) > 1:
        raise Unsafe(f"upstream {name!r} has endpoints with TLS and without")
    if spec.host not in ("preserve", "endpoint"):
        raise Unsafe(f"upstream {name!r} is sent a Host of its own: a recipe writes the caller's, or the endpoint's")
    if spec.host == "endpoint" and len(spec.endpoints) > 1:
        raise Unsafe(f"upstream {name!r}: `host: endpoint` needs one endpoint")
    if len(spec.tls.trusted) > 1:
        raise Unsafe(f"upstream {name!r}: the authorities have to be in one file")
    for one in spec.endpoints:
        address(authority(one))
    trusted = path(str(spec.tls.trusted[0].below(folder))) if spec.tls.trusted else None
    name_of = None if spec.tls.server_name is None else word(spec.tls.server_name)
    host: Literal["preserve", "endpoint"] = "preserve" if spec.host == "preserve" else "endpoint"
    return Upstream(word(name), spec.endpoints, host, trusted, name_of)


def authority(endpoint: Endpoint) -> str:
    """Return host and port of an endpoint."""
    return str(endpoint).partition("://")[2]


def spellings(names: Sequence[str]) -> Iterator[str]:
    """Return every other spelling of headers that some upstream cannot tell from them: `X_Subject`, `X.Subject`.

    Of a name with many hyphens only the two plain ones are returned; there would be too many.
    """
    seen = {name.lower() for name in names}
    for name in names:
        parts = name.replace("_", "-").replace(".", "-").split("-")
        few = len(parts) <= 4  # noqa: PLR2004 - 27 spellings
        joints = product("-_.", repeat=len(parts) - 1) if few else (tuple(one) * (len(parts) - 1) for one in "-_.")
        for joint in joints:
            spelt = "".join(part + between for part, between in zip(parts, (*joint, ""), strict=True))
            if spelt.lower() not in seen:
                seen.add(spelt.lower())
                yield spelt
