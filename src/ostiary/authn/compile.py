"""Specs -> the composed authenticators of a route."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ostiary.authn.anonymous import compile_anonymous
from ostiary.authn.api_key import compile_api_key
from ostiary.authn.ask import HttpEndpoint
from ostiary.authn.compose import Every, First
from ostiary.authn.introspection import IntrospectionAuthenticator
from ostiary.authn.jwt import JwtAuthenticator, compile_jwt
from ostiary.authn.memory import Memory
from ostiary.authn.mtls import compile_mtls
from ostiary.authn.password import compile_password
from ostiary.authn.single_use import SingleUseAuthenticator
from ostiary.config.schema import (
    AnonymousSpec,
    ApiKeySpec,
    AuthenticateSpec,
    AuthenticatorSpec,
    IntrospectionSpec,
    JwtSpec,
    MtlsSpec,
    PasswordSpec,
)
from ostiary.jwks import Issuer
from ostiary.model import NOTHING, Authenticator, CredentialSource, KeySource
from ostiary.oauth import client as oauth
from ostiary.pki.server_trust import server_trust
from ostiary.shared.marks import Marks

_NONE: Final[Mapping[str, CredentialSource]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Around:
    """What authenticators are compiled from, beside their own block.

    Attributes:
        issuers: the compiled issuers, by name.
        credentials: where records come from, by alias.
        folder: the folder of the configuration file.
        clock: epoch seconds.
        keys: what signs, by alias.
        memory: what the processes of a gateway remember together; None: each authenticator has its own.
        marks: what several gateways know together; None: nothing.
        shown: certificates that the gateway may show, by name; None when nothing will be sent.
        made: the authenticators that were compiled already, by what their blocks say.
    """

    issuers: Mapping[str, Issuer]
    credentials: Mapping[str, CredentialSource] = field(default_factory=lambda: _NONE)
    folder: Path = Path()
    clock: Callable[[], float] = time.time
    memory: Memory | None = None
    keys: Mapping[str, KeySource] = field(default_factory=lambda: NOTHING)
    marks: Marks | None = None
    shown: Mapping[str, oauth.Showing] | None = None
    made: dict[tuple[str, bool], Authenticator] = field(default_factory=dict, compare=False, repr=False)


def compile_authenticators(
    spec: AuthenticateSpec, issuers: Mapping[str, Issuer], *, clock: Callable[[], float] = time.time
) -> First | Every:
    """Return what a route's `authenticate:` describes, where it needs nothing but issuers: see `compose`."""
    return compose(spec, Around(issuers, clock=clock))


def compose(spec: AuthenticateSpec, around: Around) -> First | Every:
    """Return what a route's `authenticate:` describes.

    Args:
        spec: the block: one authenticator, `any:` or `all:`.
        around: issuers, credentials, and where files are.

    Raises:
        ConfigError: a reference dangles, two authenticators judge the same evidence, or one is out of reach.
    """
    several = spec.any or spec.all or (spec,)
    shared = any(one.jwt is not None for one in several) and any(is_opaque(one) for one in several)
    compiled = [_compile(one, around, shared=shared) for one in several]
    return Every(compiled) if spec.all is not None else First(compiled)


def is_opaque(spec: AuthenticatorSpec) -> bool:
    """Whether a block judges bearer tokens that do not look like signed ones."""
    return spec.introspection is not None or (spec.api_key is not None and "bearer" in spec.api_key.written)


def _compile(spec: AuthenticatorSpec, around: Around, *, shared: bool) -> Authenticator:
    """Return the authenticator of a block. Routes whose blocks say the same share it, and what it remembers."""
    key = spec.model_dump_json(), shared
    made = around.made.get(key)
    if made is None:
        made = around.made[key] = _make(spec, around, shared=shared)
    return made


def _make(spec: AuthenticatorSpec, around: Around, *, shared: bool) -> Authenticator:
    match spec.value:
        case JwtSpec() as jwt:
            return compile_jwt(
                jwt,
                around.issuers,
                around.clock,
                shared=shared,
                folder=around.folder,
                memory=around.memory,
                marks=around.marks,
                kind=SingleUseAuthenticator if jwt.once else JwtAuthenticator,
            )
        case MtlsSpec() as mtls:
            return compile_mtls(mtls, around.clock)
        case IntrospectionSpec() as introspection:
            return compile_introspection(introspection, around, shared=shared)
        case ApiKeySpec() as api_key:
            return compile_api_key(api_key, around.credentials, shared=shared)
        case PasswordSpec() as password:
            return compile_password(password, around.credentials)
        case AnonymousSpec() as anonymous:
            return compile_anonymous(anonymous)
        case other:
            raise AssertionError(f"no authenticator for {type(other).__name__}")


def compile_introspection(spec: IntrospectionSpec, around: Around, *, shared: bool) -> IntrospectionAuthenticator:
    """Return the authenticator that a block of the configuration describes.

    Raises:
        ConfigError: a credential is not defined, or a file cannot be read.
    """
    tls = server_trust(spec.authorities, around.folder, "introspection.authorities")
    known = oauth.Around(around.credentials, around.folder, around.keys, around.shown)
    client = oauth.compile_client(spec.client, spec.url, known, tls, "introspection.client")
    return IntrospectionAuthenticator(
        spec, HttpEndpoint(spec.url, client, spec.timeout, tls), shared=shared, clock=around.clock
    )
