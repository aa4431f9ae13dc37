"""Spec -> one `ssl.SSLContext`, and the peer of a connection.

The context is built from nothing: no store of the system, no defaults that change with the version of
Python. No tickets, no renegotiation, no compression, no early data; AEAD ciphers with forward secrecy
(RFC 9325, section 4.2). OpenSSL verifies within the handshake; `peer` then applies our own demands, once
per connection, before the first request is looked at.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.config.listeners import ServerCertificateSpec
from ostiary.config.schema import ClientSpec, ListenerTlsSpec
from ostiary.errors import ConfigError
from ostiary.listener.authorities import closed, load_authorities
from ostiary.listener.clients import ClientCertificates
from ostiary.listener.handshake import ServerContext, ServerSslObject, watch
from ostiary.listener.revocation import Revocation, load_revocation
from ostiary.listener.revoked import signer
from ostiary.listener.tally import End, Handshakes
from ostiary.model import NOTHING, Peer
from ostiary.pki.authority import Identity
from ostiary.pki.identity import AnyIdentity, load_identity, use, with_chain
from ostiary.pki.references import as_path

_CIPHERS: Final = "@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of TLS 1.3 are all of this kind
_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_MODES: Final = {"off": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


@dataclass(frozen=True, slots=True)
class ServerTls:
    """The TLS of a listener.

    Attributes:
        context: for `create_server(ssl=...)`.
        clients: the demands on client certificates, or None when none is asked for.
        handshakes: what became of them.
        ends: when the certificates and revocation lists in use end.
    """

    context: ssl.SSLContext
    clients: ClientCertificates | None
    handshakes: Handshakes = field(default_factory=Handshakes)
    ends: tuple[End, ...] = ()

    def inherit(self, previous: ServerTls) -> None:
        """Go on where the TLS of the configuration before ends: what was counted, and whose chains are known."""
        self.handshakes.go_on(previous.handshakes)
        if self.clients is not None and previous.clients is not None:
            self.clients.inherit(previous.clients)

    def peer(self, ssl_object: ssl.SSLObject, address: str) -> Peer:
        """Return the other end of a connection whose handshake is done.

        Args:
            ssl_object: the transport's `get_extra_info("ssl_object")`.
            address: the IP address of the other end.

        Raises:
            InvalidCertificate: it has shown a certificate that proves nobody. Close the connection.
        """
        return Peer(
            address=address,
            certificate=None if self.clients is None else self.clients.of(ssl_object),
            server_name=ssl_object.server_name if isinstance(ssl_object, ServerSslObject) else None,
            tls_version=ssl_object.version(),
        )


def compile_tls(
    spec: ListenerTlsSpec,
    folder: Path,
    *,
    clock: Callable[[], float] = time.time,
    protocols: Sequence[str] = ("http/1.1",),
    keys: Mapping[str, Showing] = NOTHING,
) -> ServerTls:
    """Return the TLS that a block of the configuration describes.

    Args:
        spec: `listeners.NAME.tls`.
        folder: the folder of the configuration file.
        clock: seconds since the epoch.
        protocols: what is offered by ALPN (RFC 7301), the most wanted first.
        keys: those that may be shown, by name.

    Raises:
        ConfigError: a file is missing, unreadable, empty or wrong, or a client could never be verified with
            what is there. There is no such thing as a listener that asks for certificates and verifies nothing.
    """
    now = datetime.fromtimestamp(clock(), UTC)
    client = spec.client
    authorities, revocation = _trusted(client, folder, now)
    identities = [_identity(one, folder, keys) for one in (spec, *spec.also)]
    contexts = [_context(spec, protocols, one, authorities, revocation) for one in identities]
    for one, context in zip((spec, *spec.also), contexts, strict=True):
        if one.identity is not None:
            keys[one.identity].into(context, lambda identity: with_chain(identity, authorities))
    handshakes = watch(contexts[0], _by_name(identities, contexts))
    shown = tuple(_end("server", one.certificate) for one in identities)
    if client.mode == "off":
        return ServerTls(contexts[0], None, handshakes, shown)
    anchors = frozenset(signer(one) for one in authorities)
    clients = ClientCertificates(
        client.profile, client.depth, revocation, clock, anchors, required=client.mode == "required"
    )
    return ServerTls(contexts[0], clients, handshakes, (*shown, *_ends(authorities, revocation)))


def _trusted(client: ClientSpec, folder: Path, now: datetime) -> tuple[tuple[x509.Certificate, ...], Revocation | None]:
    """Return who may issue client certificates, and what is known of revoked ones."""
    if client.mode == "off":
        return (), None
    authorities = load_authorities(client, folder, now)
    if client.revocation is None or not client.revocation.listed:
        return authorities, None
    return authorities, load_revocation(client.revocation, authorities, folder, now)


class Showing(Protocol):
    """A key and its certificate, which may become another one while we run."""

    def first(self) -> Identity:
        """Return what is shown at the start. Blocks."""

    def into(self, context: ssl.SSLContext, finish: Callable[[Identity], Identity] = ...) -> None:
        """Show whatever it is later in the handshakes of a context, too; `finish` makes an identity fit for it."""


def _identity(spec: ServerCertificateSpec, folder: Path, shown: Mapping[str, Showing]) -> AnyIdentity:
    if spec.identity is None:
        return load_identity(spec, folder)
    if spec.identity not in shown:
        raise ConfigError(f"tls > identity: {spec.identity!r} is no key that can be shown here")
    return shown[spec.identity].first()


def _context(
    spec: ListenerTlsSpec,
    protocols: Sequence[str],
    identity: AnyIdentity,
    authorities: Sequence[x509.Certificate],
    revocation: Revocation | None,
) -> ssl.SSLContext:
    """Return a context that shows one certificate. Of one listener, they are alike in everything else."""
    context = _bare_context(spec, protocols)
    use(with_chain(identity, authorities), context)
    if spec.client.mode != "off":
        _verify_clients(context, spec.client, authorities, revocation)
    return context


def _by_name(identities: Sequence[AnyIdentity], contexts: Sequence[ssl.SSLContext]) -> dict[str, ssl.SSLContext]:
    """Return which certificate is for which name (RFC 6066, section 3); of two for one name, the first."""
    found: dict[str, ssl.SSLContext] = {}
    for identity, context in zip(identities, contexts, strict=True):
        for name in _names_of(identity.certificate):
            found.setdefault(name, context)
    return found


def _names_of(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)]


def _ends(authorities: Sequence[x509.Certificate], revocation: Revocation | None) -> Iterator[End]:
    for one in authorities:
        yield _end("client-authority", one)
        said = None if revocation is None else revocation.lists.get(signer(one))
        if said is not None:
            yield End("revocation-list", one.subject.rfc4514_string(), said.until)


def _end(kind: Literal["server", "client-authority"], certificate: x509.Certificate) -> End:
    return End(kind, certificate.subject.rfc4514_string(), certificate.not_valid_after_utc.timestamp())


def _bare_context(spec: ListenerTlsSpec, protocols: Sequence[str]) -> ssl.SSLContext:
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[spec.minimum_version]
    context.set_ciphers(_CIPHERS if spec.ciphers is None else f"@SECLEVEL=2:{':'.join(spec.ciphers)}")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.num_tickets = 0
    context.set_alpn_protocols(list(protocols))
    return context


def _verify_clients(
    context: ssl.SSLContext,
    spec: ClientSpec,
    authorities: Sequence[x509.Certificate],
    revocation: Revocation | None,
) -> None:
    """Let OpenSSL verify client certificates with these authorities, and with no others.

    An intermediate authority may be trusted without its root; then OpenSSL ends the chain there, and can
    look for revocation of the leaf only. `ClientCertificates` looks at the whole chain in every case.
    """
    context.load_verify_locations(cadata=b"".join(one.public_bytes(Encoding.DER) for one in authorities))
    whole = closed(authorities)
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST
    if not whole:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if spec.profile == "strict":
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    if revocation is not None and revocation.hard and revocation.fetched is None:
        _load_crls(context, revocation.pem)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN if whole else ssl.VERIFY_CRL_CHECK_LEAF
    context.verify_mode = _MODES[spec.mode]


def _load_crls(context: ssl.SSLContext, pem: bytes) -> None:
    try:
        with as_path(pem) as path:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError as error:
        raise ConfigError(f"tls.client.revocation: OpenSSL cannot read the lists: {error.reason}") from None
