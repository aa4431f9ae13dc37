"""The nouns, notes and refusals that messages are made of."""

from __future__ import annotations

from typing import Any, Final

from ostiary.config import certificates, identity, oauth, schema, sigv4, vaults
from ostiary.config.certificates import IdentitySpec
from ostiary.config.decisions import DecideSpec
from ostiary.config.keys import KEY_NOUNS
from ostiary.config.listeners import ServerCertificateSpec
from ostiary.config.rates import RATE_NOUNS
from ostiary.config.reading.tree import Fraction
from ostiary.config.rewriting import REWRITE_NOUNS
from ostiary.config.shape import Shape, bare, branches, is_spec, metadata, origin, words_of

NOUNS: Final[dict[type, str]] = {
    schema.GatewaySpec: "the file",
    schema.ListenerSpec: "a listener",
    schema.ForwardedSpec: "a listener's forwarded",
    schema.ProxyProtocolSpec: "proxy_protocol",
    certificates.ProxySpec: "a proxy",
    schema.SocketSpec: "a unix socket",
    schema.LocalSpec: "local processes",
    DecideSpec: "decide",
    schema.ShownCertificateSpec: "a certificate with its key",
    ServerCertificateSpec: "a certificate of a listener",
    schema.ListenerTlsSpec: "a listener's tls",
    schema.ClientSpec: "a listener's tls client",
    schema.RevocationSpec: "revocation",
    schema.DistributionPointsSpec: "distribution_points",
    schema.OcspSpec: "ocsp",
    schema.ListenerLimits: "a listener's limits",
    schema.ListenerTimeouts: "a listener's timeouts",
    schema.AdminSpec: "admin",
    schema.TracingSpec: "tracing",
    schema.LogSpec: "log",
    schema.AuditSpec: "audit",
    schema.SharedSpec: "shared",
    schema.RedisSpec: "redis",
    schema.RedisTlsSpec: "redis tls",
    schema.SentinelSpec: "redis sentinel",
    schema.SharedRevocationSpec: "shared revocation",
    schema.IssuerSpec: "an issuer",
    schema.KeysSpec: "an issuer's keys",
    schema.ClaimsSpec: "an issuer's claims",
    schema.SyncSpec: "permissions to be told",
    **vaults.NOUNS,
    **KEY_NOUNS,
    **REWRITE_NOUNS,
    **RATE_NOUNS,
    schema.VaultAuthSpec: "a vault's auth",
    schema.AppRoleSpec: "approle",
    vaults.JwtLoginSpec: "logging in with a jwt",
    vaults.KubernetesLoginSpec: "logging in from kubernetes",
    vaults.CertificateLoginSpec: "logging in with a certificate",
    schema.UpstreamSpec: "an upstream",
    schema.UpstreamTlsSpec: "an upstream's tls",
    schema.UpstreamTimeouts: "an upstream's timeouts",
    schema.RouteSpec: "a route",
    schema.MatchSpec: "a match",
    schema.AuthenticateSpec: "authenticate",
    schema.AuthenticatorSpec: "an authenticator",
    schema.MtlsSpec: "mtls",
    IdentitySpec: "an identity of certificates",
    schema.JwtSpec: "jwt",
    schema.IntrospectionSpec: "introspection",
    oauth.ClientAuthSpec: "a client of OAuth",
    oauth.SecretClientSpec: "a client with a secret",
    oauth.SignedClientSpec: "a client with a signed assertion",
    oauth.CertificateClientSpec: "a client with a certificate",
    schema.ApiKeySpec: "api_key",
    schema.PasswordSpec: "passwords of callers",
    schema.AnonymousSpec: "anonymous",
    schema.RuleSpec: "a condition",
    schema.ScopesSpec: "scopes",
    schema.TimeSpec: "a time",
    schema.SomeOf: "a choice of any and all",
    schema.InjectorSpec: "an injector",
    schema.BasicSpec: "basic",
    schema.BearerSpec: "bearer",
    schema.HeaderSpec: "header",
    schema.QuerySpec: "query",
    schema.CookieSpec: "cookie",
    oauth.ClientCredentialsSpec: "oauth2",
    oauth.TokenExchangeSpec: "token_exchange",
    sigv4.SigV4Spec: "sigv4",
    identity.IdentityTokenSpec: "identity",
    identity.CustomSpec: "custom",
    certificates.CertificateHeaderSpec: "a certificate header",
}

# What the design has and this version has not: refused by name, so that nobody believes to have it.
LATER: Final[dict[type, dict[str, str]]] = {
    schema.GatewaySpec: {
        "certificates": "managed certificates",
        "plugins": "plug-ins",
    },
    schema.ListenerTlsSpec: {"acme": "certificates by ACME"},
    schema.VaultAuthSpec: {
        **{word: f"logging in with {word}" for word in ("userpass", "ldap", "aws", "gcp", "azure")},
    },
    schema.UpstreamSpec: {"health": "health checks", "retry": "retries", "balance": "a choice of balancing"},
    schema.AuthenticateSpec: {},
    schema.AuthenticatorSpec: {},
    schema.InjectorSpec: {},
    schema.RouteSpec: {"limits": "limits per route", "timeouts": "timeouts per route", "shadow": "shadow routes"},
}


def found(value: Any) -> str:
    """Return what a value is, in words. The value of a text is not shown."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return f"the number {value}"
        case Fraction():
            return f"the number {value.text}"
    kinds: dict[type, str] = {str: "text", list: "a list", dict: "a block"}
    return kinds.get(type(value), "nothing")


def wanted(shape: Shape) -> str:
    """Return what a place allows, in words."""
    return " or ".join(dict.fromkeys(_wanted(branch) for branch in branches(shape)))


def _wanted(shape: Shape) -> str:
    inner = bare(shape)
    if words := words_of(shape):
        return " or ".join(f"`{word}`" for word in words) if len(words) <= 3 else "one of its words"  # noqa: PLR2004 - a line
    if is_spec(shape):
        return f"a block with {', '.join(list(inner.model_fields)[:4])}{', ...' if len(inner.model_fields) > 4 else ''}"  # noqa: PLR2004 - a line
    if origin(inner) is tuple:
        return "a list"
    if origin(inner) is dict:
        return "a block of names"
    return "a whole number" if inner is int else "text"


def range_of(shape: Shape) -> str:
    """Return the bounds of a number in words: `from 1 to 10`."""
    bounds = {
        name: getattr(item, name) for item in _all_metadata(shape) for name in ("ge", "le") if hasattr(item, name)
    }
    low = f"from {bounds['ge']}" if "ge" in bounds else ""
    return f"{low} to {bounds['le']}" if "le" in bounds else f"{low} upwards"


def _all_metadata(shape: Shape) -> list[Any]:
    collected: list[Any] = []
    for part in (shape, *branches(shape)):
        for item in metadata(part):
            collected += [item, *getattr(item, "metadata", ())]
    return collected
