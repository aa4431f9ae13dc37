"""The specs of listeners: where callers connect, what the gateway shows them, and who may speak for them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ostiary.config.certificates import DialectName, Network, ProxySpec
from ostiary.config.clients import ClientSpec
from ostiary.config.decisions import Decide, refuse_for_everybody, refuse_meaningless
from ostiary.config.sockets import ListeningAddress, LocalSpec, SocketSpec, UnixBind
from ostiary.config.spec import Spec
from ostiary.config.values import Duration, FileReference, HeaderName, Name, Refused, SecretReference, Size


class ForwardedSpec(Spec):
    """The caller's certificate, as a proxy in front tells it. It is verified anew, as if it had been shown here."""

    dialect: DialectName = Field(description="How it is written: as this proxy writes it.")
    header: HeaderName | None = Field(None, description="Name of the header; the dialect's own by default.")
    networks: Annotated[tuple[Network, ...], Field(strict=False)] = Field(
        (), description="Addresses of the proxies, CIDR. From anybody else the header means nothing."
    )
    proxy: ProxySpec | None = Field(
        None, description="The proxy's own client certificate, which the listener's `tls.client` has verified."
    )
    local: LocalSpec | None = Field(None, description="The proxies' processes, on a unix socket.")
    client: ClientSpec = Field(description="What is asked of the certificate that is told.")

    @model_validator(mode="after")
    def _from_somebody(self) -> Self:
        if not self.networks and self.proxy is None and self.local is None:
            raise Refused("C309", "say from whom the header is believed: `networks`, `proxy`, `local`, or several")
        if self.client.mode == "off":
            raise Refused("C309", "`client.mode` is off, so no certificate would be taken; write optional or required")
        return self


class ProxyProtocolSpec(Spec):
    """The PROXY protocol, version 2: a proxy of connections says whose each is, before everything else."""

    networks: Annotated[tuple[Network, ...], Field(strict=False)] = Field(
        (), description="Addresses of the proxies, CIDR. Their connections begin with a header; those of others do not."
    )
    local: LocalSpec | None = Field(
        None, description="The proxies' processes, on a unix socket; there by `local` only."
    )

    @model_validator(mode="after")
    def _from_somebody(self) -> Self:
        if not self.networks and self.local is None:
            raise Refused("C309", "say whose connections begin with a header: `networks` or `local`")
        return self


class ShownCertificateSpec(Spec):
    """A certificate that the gateway shows, and its private key: in two files, or in one store."""

    certificate: FileReference | None = Field(None, description="Certificate chain (PEM), leaf first.")
    private_key: FileReference | None = Field(None, description="Private key of the certificate (PEM).")
    pkcs12: FileReference | None = Field(None, description="Certificate, chain and key in one PKCS#12 file.")
    jks: FileReference | None = Field(None, description="The same in one Java key store of the old kind (JKS).")
    password: SecretReference | None = Field(None, description="Password of the private key or the store.")

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        self._check()
        return self

    def _check(self) -> None:
        pem = self.certificate is not None and self.private_key is not None
        either = self.certificate is not None or self.private_key is not None
        stores = (self.pkcs12 is not None) + (self.jks is not None)
        if stores > 1 or (stores and either):
            raise Refused("C303", "give either `pkcs12`, or `jks`, or `certificate` and `private_key`")
        if not stores and not pem:
            raise Refused("C303", "a certificate needs its key: `certificate` and `private_key`, or `pkcs12`, or `jks`")


Cipher = Literal[
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
]
"""Suites of TLS 1.2 with forward secrecy and authenticated encryption, as OpenSSL calls them."""


class ServerCertificateSpec(ShownCertificateSpec):
    """A certificate that a listener shows: from files, or that of a key."""

    identity: Name | None = Field(
        None, description="In place of files: a key of type local, whose certificate is shown, version by version."
    )

    def _check(self) -> None:
        if self.identity is None:
            super()._check()
        elif any((self.certificate, self.private_key, self.pkcs12, self.jks, self.password)):
            raise Refused("C303", "the certificate is that of the key under `identity`: leave the files out")


class ListenerTlsSpec(ServerCertificateSpec):
    """The server's identity, and what is asked of the client."""

    also: Annotated[tuple[ServerCertificateSpec, ...], Field(strict=False)] = Field(
        (), description="More certificates: the one for the name that a client asks for is shown (SNI), else the first."
    )
    minimum_version: Literal["1.2", "1.3"] = Field("1.2", description="Oldest TLS version accepted.")
    ciphers: Annotated[tuple[Cipher, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="Cipher suites of TLS 1.2, the best first; by default all of these. TLS 1.3 has its own."
    )
    client: ClientSpec = Field(default_factory=lambda: ClientSpec(), description="Client certificates.")

    @model_validator(mode="after")
    def _ciphers_of_something(self) -> Self:
        if self.ciphers is not None and self.minimum_version == "1.3":
            raise Refused("C348", "`ciphers` are those of TLS 1.2, which `minimum_version` excludes")
        return self


class ListenerLimits(Spec):
    """Bounds on what one connection may ask for."""

    headers: Size = Field(32 << 10, description="Largest head of a request.")
    target: Size = Field(8 << 10, description="Longest target of a request: path and query.")
    header_count: int = Field(100, ge=8, le=1000, description="Most header fields in a request.")
    body: Size | None = Field(None, description="Largest body; unlimited by default, because bodies stream.")
    connections: int = Field(10_000, ge=1, description="Most connections at a time.")
    connections_per_address: int | None = Field(
        None, ge=1, description="Most connections of one address; unlimited by default, because of balancers before us."
    )


class ListenerTimeouts(Spec):
    """How long one connection may take for each phase."""

    handshake: Duration = Field(10.0, description="TLS handshake.")
    headers: Duration = Field(10.0, description="From the first octet of a request to the end of its head.")
    body: Duration = Field(30.0, description="Longest pause within a request body.")
    send: Duration = Field(60.0, description="Longest pause in which the caller reads nothing of the answer.")
    keep_alive: Duration = Field(75.0, description="Longest pause between requests.")


class ListenerSpec(Spec):
    """One address, one TLS policy."""

    bind: ListeningAddress = Field(description="Where to listen: IP:PORT, or the path of a unix socket, unix:/PATH.")
    socket: SocketSpec | None = Field(None, description="Who may open the unix socket; by default the gateway's user.")
    tls: ListenerTlsSpec | None = Field(None, description="TLS. Without it, only loopback may be bound.")
    plaintext: Literal["accepted"] | None = Field(
        None, description="`accepted` allows a listener without TLS on an address that other machines can reach."
    )
    protocols: Annotated[tuple[Literal["h2", "http/1.1"], ...], Field(min_length=1, strict=False)] = Field(
        ("h2", "http/1.1"),
        description="HTTP versions offered in the TLS handshake, the most wanted first. Without TLS it is http/1.1.",
    )
    forwarded: ForwardedSpec | None = Field(
        None, description="The caller's certificate comes in a header, from a proxy in front."
    )
    proxy_protocol: ProxyProtocolSpec | None = Field(
        None, description="Callers' addresses come by the PROXY protocol, from a proxy in front."
    )
    decide: Decide | None = Field(
        None, description="Its callers are proxies, which ask whether they may forward: `nginx`, or a block."
    )
    limits: ListenerLimits = Field(default_factory=lambda: ListenerLimits(), description="Bounds.")
    timeouts: ListenerTimeouts = Field(default_factory=lambda: ListenerTimeouts(), description="Patience.")

    @model_validator(mode="after")
    def _clear_only_at_home(self) -> Self:
        if self.tls is None and not self.bind.loopback and self.plaintext is None:
            raise Refused(
                "C304",
                "a listener that other machines can reach needs `tls` (or, in so many words, `plaintext: accepted`)",
            )
        return self

    @model_validator(mode="after")
    def _http_2_wants_tls(self) -> Self:
        told = "protocols" in self.model_fields_set and "h2" in self.protocols
        if self.tls is None and told and (self.decide is None or self.decide.dialect != "envoy-grpc"):
            raise Refused("C342", "without `tls` only http/1.1 is spoken, so `h2` would never be used")
        return self

    @model_validator(mode="after")
    def _decisions_for_somebody(self) -> Self:
        if self.decide is not None:
            refuse_for_everybody(self)
            refuse_meaningless(self)
        return self

    @model_validator(mode="after")
    def _local_on_a_socket(self) -> Self:
        if isinstance(self.bind, UnixBind):
            return self
        local = [
            one
            for one in (self.forwarded, self.proxy_protocol, self.decide)
            if one is not None and one.local is not None
        ]
        if self.socket is not None or local:
            raise Refused("C343", "`socket` and `local` are about unix sockets, so `bind` must be one: unix:/PATH")
        return self
