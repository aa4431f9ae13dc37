"""Specs -> the composed authenticators of a route."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ostiary.authn.anonymous import compile_anonymous
from ostiary.authn.compose import Every, First
from ostiary.authn.jwt import compile_jwt
from ostiary.authn.mtls import compile_mtls
from ostiary.config.schema import AnonymousSpec, AuthenticateSpec, AuthenticatorSpec, JwtSpec, MtlsSpec
from ostiary.jwks import Issuer
from ostiary.model import Authenticator


def compile_authenticators(
    spec: AuthenticateSpec, issuers: Mapping[str, Issuer], *, clock: Callable[[], float] = time.time
) -> First | Every:
    """Return what a route's `authenticate:` describes.

    Args:
        spec: the block: one authenticator, `any:` or `all:`.
        issuers: the compiled issuers, by name.
        clock: epoch seconds.

    Raises:
        ConfigError: a reference dangles, two authenticators judge the same evidence, or one is out of reach.
    """
    if spec.any is not None:
        return First([_compile(one, issuers, clock) for one in spec.any])
    if spec.all is not None:
        return Every([_compile(one, issuers, clock) for one in spec.all])
    return First([_compile(spec, issuers, clock)])


def _compile(
    spec: AuthenticatorSpec | AuthenticateSpec, issuers: Mapping[str, Issuer], clock: Callable[[], float]
) -> Authenticator:
    match spec.value:
        case JwtSpec() as jwt:
            return compile_jwt(jwt, issuers, clock)
        case MtlsSpec() as mtls:
            return compile_mtls(mtls, clock)
        case AnonymousSpec() as anonymous:
            return compile_anonymous(anonymous)
        case other:
            raise AssertionError(f"no authenticator for {type(other).__name__}")
