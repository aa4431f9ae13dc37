"""Evidence: tokens that the engine can verify, and certificates that it has verified in the handshake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.config.certificates import MtlsSpec
from ostiary.config.evidence import AuthenticateSpec, AuthenticatorSpec, JwtSpec
from ostiary.config.problem import Path
from ostiary.config.schema import IssuerSpec
from ostiary.config.spec import Spec
from ostiary.export.clause import Clause

_CERTIFICATE: Final = (
    "the certificate is judged once, in the handshake, and neither its purpose (extendedKeyUsage) nor the strength "
    "of its keys and signatures is looked at"
)
_FILE: Final = "the key set is read once, when the engine starts"
_PUBLISHED: Final = "the issuer's keys are taken as published, and one that is withdrawn counts for a while longer"
_STRANGE: Final = "{names}: not known to hold without the gateway"
_JWT: Final = frozenset(("issuers", "bound", "renewal", "dpop", "dpop_nonce"))
_MTLS: Final = frozenset(("subject", "allow", "issuer"))
_ISSUER: Final = frozenset(
    (
        *(
            "preset",
            "issuer",
            "aliases",
            "jwks_url",
            "jwks_file",
            "discovery",
            "tenant",
            "environment",
            "auth_endpoint",
        ),
        *("application", "project", "audiences", "audience_wildcard", "audience_unchecked", "require", "algorithms"),
        *("types", "leeway", "max_token", "keys", "claims", "authorities", "sync", "decryption_keys"),
    )
)
_BOUND: Final = "tokens that are bound to a certificate are not native: "


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the judgement of evidence depends on, beside the block itself.

    Attributes:
        issuers: whose tokens count, their presets applied.
        unfit: why the engine cannot read the key set of some of them.
        verified: whether the engine verifies certificates in the handshake.
        asking: whether there is anybody to ask.
        demanded: whether the listener lets nobody in without a certificate that the engine cannot verify.
    """

    issuers: Mapping[str, IssuerSpec]
    unfit: Mapping[str, str]
    verified: bool
    asking: bool
    demanded: bool = False


def judge_evidence(spec: AuthenticateSpec, here: Path, around: Surroundings) -> Iterator[Clause]:
    """Return what a route wants callers to prove, clause by clause."""
    if around.demanded:
        yield Clause(here, "asked", "the listener wants a certificate of everybody, which the engine cannot verify")
    if spec.kind in ("any", "all"):
        for position, one in enumerate(members(spec)):
            yield _judge(one, (*here, spec.kind, position, one.kind), around)
    else:
        yield _judge(spec, (*here, spec.kind), around)


def members(spec: AuthenticateSpec) -> tuple[AuthenticatorSpec, ...]:
    """Return the authenticators of a route: those of `any:` and `all:`, or the only one."""
    several: tuple[AuthenticatorSpec, ...] | None = spec.any or spec.all
    return several or (spec,)


def _judge(spec: AuthenticatorSpec, path: Path, around: Surroundings) -> Clause:
    if spec.anonymous is not None:
        return Clause(path, "native")
    if spec.jwt is not None:
        return _jwt(spec.jwt, path, around)
    if spec.mtls is not None:
        return _mtls(spec.mtls, path, around)
    return Clause(path, "asked", "the gateway has what this evidence is compared with")


def _mtls(spec: MtlsSpec, path: Path, around: Surroundings) -> Clause:
    if not around.verified:
        return Clause(path, "asked", "the handshake does not verify certificates as this listener wants it")
    if strange := strange_to(spec, _MTLS):
        return Clause(path, "asked", strange)
    if spec.subject != "san.uri" or spec.allow is None or spec.issuer is not None:
        return Clause(path, "asked", "only one URI that stands in the certificate is compared natively")
    return Clause(path, "partial", _CERTIFICATE)


def _jwt(spec: JwtSpec, path: Path, around: Surroundings) -> Clause:
    if strange := strange_to(spec, _JWT):
        return Clause(path, "asked", strange)
    if spec.bound == "required" or spec.dpop != "off" or spec.dpop_nonce:
        return Clause(path, "asked", "whoever shows the token has to prove that it is theirs")
    names = tuple(dict.fromkeys(spec.issuers))
    in_the_way = [why for name in names if (why := _unfit(name, around))]
    if in_the_way:
        return Clause(path, "asked", in_the_way[0])
    spellings = [one for name in names for one in around.issuers[name].identifiers]
    if len(set(spellings)) != len(spellings):
        return Clause(path, "asked", "two issuers write the same `iss`")
    return Clause(path, "partial", "; ".join(_rest(spec, [around.issuers[name] for name in names], around)))


def _rest(spec: JwtSpec, issuers: list[IssuerSpec], around: Surroundings) -> Iterator[str]:
    if any(one.jwks_file is not None for one in issuers):
        yield _FILE
    if any(one.jwks_file is None for one in issuers):
        yield _PUBLISHED
    if spec.bound == "when-present":
        yield _BOUND + ("they are asked about" if around.asking else "they are refused")


def strange_to(spec: Spec, known: frozenset[str]) -> str:
    """Return what a block says that nobody here has heard of, in words, or ""."""
    names = sorted(name for name in spec.model_fields_set - known if getattr(spec, name))
    return _STRANGE.format(names=", ".join(names)) if names else ""


def _unfit(name: str, around: Surroundings) -> str:
    spec = around.issuers[name]
    if strange := strange_to(spec, _ISSUER):
        return f"issuer {name}: {strange}"
    if len(spec.authorities) > 1:
        return f"issuer {name}: the authorities have to be in one file"
    if spec.jwks_url is None and spec.jwks_file is None:
        return f"issuer {name}: the engine has no discovery, and reads no certificates; give its `jwks_url`"
    if spec.leeway < 1:
        return f"issuer {name}: the engine's least leeway is a second"
    if spec.claims.subject == "email":
        return f"issuer {name}: an address has to be a verified one"
    return around.unfit.get(name, "")
