"""The specs of certificates: whom they stand for, and how they are told."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Final, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ostiary.config.spec import Some, Spec
from ostiary.config.values import HeaderName, Refused, Text

CertificateName = Literal[
    "cn", "o", "ou", "dn", "serial", "san.uri", "san.dns", "san.email", "san.upn", "spiffe", "fingerprint", "spki"
]
MATCHED: Final = (*get_args(CertificateName), "issuer")


def matched_name(value: Any) -> str:
    """Return a kind of name that an identity may ask for."""
    if value not in MATCHED:
        raise Refused("C308", f"{value!r} is no name of certificates; there are {', '.join(MATCHED)}")
    return str(value)


MatchedName = Annotated[
    CertificateName | Literal["issuer"],
    BeforeValidator(matched_name),
    WithJsonSchema({"type": "string", "enum": list(MATCHED)}),
]


class IdentitySpec(Spec):
    """One kind of certificate, and whom it stands for."""

    match: dict[MatchedName, Text | Some] = Field(
        min_length=1,
        description="What its names must be, by kind; all of them. A pattern or several, as in `allow`.",
    )
    subject: CertificateName | None = Field(None, description="Which name is the principal; as `mtls` says by default.")
    tenant: Text | None = Field(None, description="The tenant of such callers.")
    environment: Text | None = Field(None, description="The environment of such callers.")
    permissions: dict[Text, Some] | None = Field(
        None, min_length=1, description="What such callers may, by service: {accounts: [read]}."
    )


class MtlsSpec(Spec):
    """Authenticate by TLS client certificate."""

    subject: CertificateName = Field(
        "san.uri", description="Which name of the certificate is the principal. There must be exactly one."
    )
    allow: Some | None = Field(
        None, description="Accepted names; * stands for one part of a name, ** at the end for any rest of a URI."
    )
    issuer: Text | Some | None = Field(
        None, description="Distinguished names (RFC 4514) of the only issuers accepted; by default any authority."
    )
    identities: Annotated[tuple[IdentitySpec, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="In place of `allow`: whom certificates stand for. The first that covers one decides."
    )

    @model_validator(mode="after")
    def _who(self) -> Self:
        if (self.allow is None) == (self.identities is None):
            raise Refused("C306", "give either `allow`, the accepted names, or `identities`")
        if any(self._of_nobody(one) for one in self.identities or (None,)):
            raise Refused("C307", "a serial number is one authority's: name the `issuer` beside it")
        return self

    def _of_nobody(self, identity: IdentitySpec | None) -> bool:
        """Whether the subject is a serial number of whatever authority."""
        subject, issuer = self.subject, self.issuer is not None
        if identity is not None:
            subject, issuer = identity.subject or subject, issuer or "issuer" in identity.match
        return subject == "serial" and not issuer


def network(value: Any) -> IPv4Network | IPv6Network:
    """Return the addresses that a CIDR stands for: `10.0.0.0/8`, or one address."""
    try:
        found = ip_network(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise Refused("C134", "addresses are written as CIDR: 10.0.0.0/8, 192.0.2.7/32 or 2001:db8::/32")
    if found.prefixlen == 0:
        raise Refused("C134", "everybody is not a network: name the addresses of the proxies")
    return found


Network = Annotated[
    IPv4Network | IPv6Network,
    BeforeValidator(network),
    WithJsonSchema(
        {"type": "string", "pattern": "^[0-9a-fA-F.:]+(/[0-9]+)?$", "examples": ["10.0.0.0/8"], "description": "CIDR."}
    ),
]


def published_url(value: Any) -> str:
    """Return where an authority publishes what it has signed: plain http is good enough for that."""
    parts = urlsplit(value) if isinstance(value, str) and value.isascii() and value.isprintable() else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise Refused("C126", "a URL is wanted, with its scheme: http://crl.example.com/ca.crl")
    return str(value)


PublishedUrl = Annotated[
    str,
    BeforeValidator(published_url),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^https?://",
            "examples": ["http://crl.example.com/ca.crl"],
            "description": "A URL.",
        }
    ),
]
DialectName = Literal["rfc9440", "envoy", "nginx", "apache", "haproxy", "caddy", "traefik", "aws-alb"]


class CertificateHeaderSpec(Spec):
    """The caller's certificate, as a header that the upstream reads. Without a certificate there is no header."""

    dialect: DialectName = Field(description="How it is written: as this proxy writes it.")
    header: HeaderName | None = Field(None, description="Name of the header; the dialect's own by default.")
    chain: bool = Field(False, description="Send the authorities above it as well, where the dialect has a place.")


class ProxySpec(Spec):
    """Who is the proxy, by its own client certificate."""

    match: dict[MatchedName, Text | Some] = Field(
        min_length=1, description="What the names of the proxy's own certificate must be, by kind; all of them."
    )
