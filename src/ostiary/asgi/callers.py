"""Who is on the line of somebody else's server: its TLS extension, held against the demands of a listener of the file.

    our Hypercorn              has proven the connection already
    the extension `tls`        our classes for uvicorn, or a server that writes it itself: the chain is verified anew
    neither                    an address, and nobody

That the caller holds the key is what the server's handshake has shown; a chain that nobody's handshake has seen cannot
be in a scope. Everything else (authorities, dates, purpose, revocation) is judged here, once for each certificate.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from binascii import Error as NotBase64
from functools import lru_cache
from typing import Any, Final

from ostiary.config.clients import ClientSpec
from ostiary.config.listeners import ForwardedSpec, ListenerSpec
from ostiary.config.loaded import Loaded
from ostiary.edge.asgi.handler import PROVEN, Proven, Scope, proven_of
from ostiary.edge.asgi.tls_extension import TLS
from ostiary.errors import ConfigError, GatewayError, InvalidCertificate
from ostiary.listener.forwarded import Forwarded, compile_forwarded
from ostiary.model import Headers, Peer
from ostiary.reasons import Reason

_NAMES: Final = {0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}


class Callers:
    """Says who is on the line.

    Args:
        told: the demands, in the form in which a proxy's word is verified (RFC 9440); None to take no certificate.
    """

    def __init__(self, told: Forwarded | None) -> None:
        self._told = told

    def of(self, scope: Scope) -> Proven:
        """Return the other end of a scope's connection, or why its certificate proves nobody."""
        proven = proven_of(scope)
        extensions = scope.get("extensions") or {}
        if self._told is None or PROVEN in extensions:
            return proven
        said: dict[str, Any] = extensions.get(TLS) or {}
        try:
            peer = Peer(proven.peer.address, tls_version=_NAMES.get(said.get("tls_version", 0)))
            return Proven(self._told.peer(peer, _shown(said)))
        except GatewayError as refusal:
            return Proven(proven.peer, refusal)


def _shown(said: dict[str, Any]) -> Headers:
    """Return a chain in the form that is read elsewhere.

    The extension has a chain (version 0.2: PEM, the caller's own first). What servers have that write it themselves is
    not settled yet: a tuple or a list, PEM or DER, or the caller's own certificate apart, as `client_cert`. All that is
    read; where both are there, they have to say the same.
    """
    if said.get("client_cert_error"):
        raise InvalidCertificate("the server's handshake has failed", reason=Reason.CERTIFICATE_UNTRUSTED)
    chain, own = said.get("client_cert_chain") or (), said.get("client_cert")
    if not chain and not own:
        return Headers()
    try:
        return Headers.of(_fields(tuple(chain), own))
    except TypeError:  # what has no hash is none of these
        raise _unreadable() from None


def _unreadable() -> InvalidCertificate:
    return InvalidCertificate("the server's extension", reason=Reason.CERTIFICATE_UNREADABLE)


@lru_cache(maxsize=4096)
def _fields(chain: tuple[str | bytes, ...], own: str | bytes | None) -> list[tuple[bytes, bytes]]:
    try:
        leaf, *others = (b":%b:" % b64encode(_der(one)) for one in chain or (own,))
        if own and leaf != b":%b:" % b64encode(_der(own)):
            raise _unreadable()
    except (ValueError, NotBase64, AttributeError, TypeError):
        raise _unreadable() from None
    fields = [(b"client-cert", leaf)]
    return [*fields, (b"client-cert-chain", b", ".join(others))] if others else fields


def _der(one: Any) -> bytes:
    return one if isinstance(one, bytes) and not one.startswith(b"-----") else ssl.PEM_cert_to_DER_cert(_text(one))


def _text(pem: Any) -> str:
    return pem.decode("ascii") if isinstance(pem, bytes) else pem


def compile_callers(loaded: Loaded, listener: str | None) -> Callers:
    """Return how callers are known.

    Args:
        loaded: the configuration.
        listener: whose demands on client certificates hold; may be left out where all that ask for one ask the same.

    Raises:
        ConfigError: there is no such listener, it is not clear which, or it asks somebody about each caller.
    """
    asked = _asked(loaded.spec.listeners, listener)
    if asked is None:
        return Callers(None)
    if asked.revocation is not None and asked.revocation.live:
        raise ConfigError("revocation that is fetched is kept by the native listener only: `ostiary serve`")
    told = ForwardedSpec.model_construct(dialect="rfc9440", header=None, client=asked)
    return Callers(compile_forwarded(told, loaded.folder))


def _asked(listeners: dict[str, ListenerSpec], name: str | None) -> ClientSpec | None:
    if name is not None and name not in listeners:
        raise ConfigError(f"there is no listener {name!r}; name one of {', '.join(listeners)}")
    chosen = listeners if name is None else {name: listeners[name]}
    found = {one: spec.tls.client for one, spec in chosen.items() if spec.tls and spec.tls.client.mode != "off"}
    if any(spec != next(iter(found.values())) for spec in found.values()):
        raise ConfigError(f"name the listener whose demands on certificates hold: {', '.join(found)}")
    return next(iter(found.values()), None)
