"""From what a route says to its injectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.config.schema import BasicSpec, BearerSpec, CookieSpec, HeaderSpec, InjectorSpec, QuerySpec
from ostiary.errors import ConfigError
from ostiary.inject import cookie, header, query
from ostiary.inject.basic import basic
from ostiary.inject.bearer import bearer
from ostiary.inject.certificate import certificate_header
from ostiary.inject.encoded import Encoded
from ostiary.inject.template import compile_template
from ostiary.model import CredentialSource, Injector, fold
from ostiary.pki.dialect import DIALECTS

Spec = BasicSpec | BearerSpec | HeaderSpec | QuerySpec | CookieSpec | CertificateHeaderSpec


def compile_injectors(
    spec: Sequence[InjectorSpec], credentials: Mapping[str, CredentialSource]
) -> tuple[Injector, ...]:
    """Make the injectors of a route, in their order.

    Args:
        spec: what the route says.
        credentials: where credentials come from, by alias.

    Raises:
        ConfigError: an unknown credential or name in braces, or two injectors that write the same thing.
    """
    _refuse_twice([one.value for one in spec])
    return tuple(_compile(one.value, credentials) for one in spec)


def _compile(spec: Spec, credentials: Mapping[str, CredentialSource]) -> Injector:
    match spec:
        case BasicSpec():
            return basic(_source(spec.credential, credentials))
        case BearerSpec():
            return bearer(_source(spec.credential, credentials))
        case HeaderSpec():
            return _header(spec, credentials)
        case QuerySpec():
            return _query(spec, credentials)
        case CookieSpec():
            return _cookie(spec, credentials)
        case CertificateHeaderSpec():
            return certificate_header(spec)
    assert_never(spec)


def _header(spec: HeaderSpec, credentials: Mapping[str, CredentialSource]) -> Injector:
    name = spec.name.encode()
    owns = frozenset({fold(name)})
    if spec.credential is not None:
        return header.SecretHeader(name, owns, Encoded(_source(spec.credential, credentials), header.encode))
    return header.TextHeader(name, owns, compile_template(spec.value or ""))


def _query(spec: QuerySpec, credentials: Mapping[str, CredentialSource]) -> Injector:
    nothing: frozenset[bytes] = frozenset()
    if spec.credential is not None:
        return query.SecretParameter(spec.name, nothing, Encoded(_source(spec.credential, credentials), query.encode))
    return query.TextParameter(spec.name, nothing, compile_template(spec.value or ""))


def _cookie(spec: CookieSpec, credentials: Mapping[str, CredentialSource]) -> Injector:
    nothing: frozenset[bytes] = frozenset()
    if spec.credential is not None:
        return cookie.SecretCookie(spec.name, nothing, Encoded(_source(spec.credential, credentials), cookie.encode))
    return cookie.TextCookie(spec.name, nothing, compile_template(spec.value or ""))


def _source(alias: str, credentials: Mapping[str, CredentialSource]) -> CredentialSource:
    if alias not in credentials:
        raise ConfigError(f"there is no credential {alias!r}; there are: {', '.join(sorted(credentials)) or 'none'}")
    return credentials[alias]


def _refuse_twice(specs: Sequence[Spec]) -> None:
    seen: set[tuple[str, bytes]] = set()
    for spec in specs:
        written = _written(spec)
        if written in seen:
            raise ConfigError(f"two injectors of a route write the {written[0]} {written[1].decode()}")
        seen.add(written)


def _written(spec: Spec) -> tuple[str, bytes]:
    match spec:
        case HeaderSpec():
            return "header", fold(spec.name.encode())
        case QuerySpec():
            return "parameter", query.alike(spec.name.encode())
        case CookieSpec():
            return "cookie", cookie.alike(spec.name.encode())
        case CertificateHeaderSpec():
            return "header", fold((spec.header or DIALECTS[spec.dialect].header).encode())
    return "header", b"authorization"
