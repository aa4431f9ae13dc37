"""From what a route says to its injectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.config.identity import CustomSpec, IdentityTokenSpec
from ostiary.config.injectors import BasicSpec, BearerSpec, CookieSpec, HeaderSpec, InjectorSpec, QuerySpec
from ostiary.config.oauth import ClientCredentialsSpec, TokenExchangeSpec
from ostiary.config.sigv4 import SigV4Spec
from ostiary.config.spec import Spec
from ostiary.errors import ConfigError
from ostiary.inject import cookie, header, query
from ostiary.inject.basic import basic
from ostiary.inject.bearer import bearer
from ostiary.inject.certificate import certificate_header
from ostiary.inject.custom import compile_custom
from ostiary.inject.each import EachCredential
from ostiary.inject.encoded import Each, Written, encoded
from ostiary.inject.identity import compile_identity
from ostiary.inject.template import compile_template
from ostiary.inject.token import own_token, token_of_each
from ostiary.inject.tools import Tools
from ostiary.inject.value import SecretValue, TextValue
from ostiary.inject.written import refuse_shared, refuse_twice
from ostiary.model import Credential, CredentialSource, Injector, fold

Sources = Mapping[str, CredentialSource] | Mapping[str, CredentialSource | Each]


def compile_injectors(
    spec: Sequence[InjectorSpec], credentials: Sources, tools: Tools | None = None
) -> tuple[Injector, ...]:
    """Make the injectors of a route, in their order.

    Args:
        spec: what the route says.
        credentials: where credentials come from, by alias: one for all callers, or one for each.
        tools: what some injectors need beside them.

    Raises:
        ConfigError: an unknown credential or name in braces, or two injectors that write the same thing.
    """
    refuse_twice([one.value for one in spec])
    around = tools or Tools()
    made = tuple(COMPILERS[type(one.value)](one.value, credentials, around) for one in spec)
    refuse_shared(made)
    return made


def _basic(spec: BasicSpec, credentials: Sources, _: Tools) -> Injector:
    return basic(_source(spec.credential, credentials), spec.on_reject, spec.reject_status)


def _bearer(spec: BearerSpec, credentials: Sources, _: Tools) -> Injector:
    return bearer(_source(spec.credential, credentials), spec.on_reject, spec.reject_status)


def _header(spec: HeaderSpec, credentials: Sources, _: Tools) -> Injector:
    name = spec.name.encode()
    owns = frozenset({fold(name)})
    if spec.credential is not None:
        written = _written(spec.credential, credentials, header.encode)
        return header.SecretHeader(name, owns, written, spec.on_reject, spec.reject_status)
    return header.TextHeader(name, owns, compile_template(spec.value or ""))


def _query(spec: QuerySpec, credentials: Sources, _: Tools) -> Injector:
    put = query.into(spec.name)
    if spec.credential is not None:
        written = _written(spec.credential, credentials, query.encode)
        return SecretValue(put, written, spec.on_reject, spec.reject_status)
    return TextValue(put, compile_template(spec.value or ""), query.spell)


def _cookie(spec: CookieSpec, credentials: Sources, _: Tools) -> Injector:
    put = cookie.into(spec.name)
    if spec.credential is not None:
        written = _written(spec.credential, credentials, cookie.encode)
        return SecretValue(put, written, spec.on_reject, spec.reject_status)
    return TextValue(put, compile_template(spec.value or ""), cookie.spell)


def _token(spec: ClientCredentialsSpec, credentials: Sources, tools: Tools) -> Injector:
    records = credentials.get(getattr(spec.client.value, "credential", None) or "")
    if isinstance(records, EachCredential):
        return token_of_each(spec, tools.tokens_of_clients(spec, records))
    return own_token(spec, tools.token(spec))


def _written(alias: str, credentials: Sources, encode: Callable[[Credential], bytes]) -> Written:
    return encoded(_source(alias, credentials), encode)


def _source(alias: str, credentials: Sources) -> CredentialSource | Each:
    if alias not in credentials:
        raise ConfigError(f"there is no credential {alias!r}; there are: {', '.join(sorted(credentials)) or 'none'}")
    return credentials[alias]


def _given(spec: CustomSpec, tools: Tools) -> CredentialSource | None:
    return None if spec.credential is None else tools.credential(spec.credential)


COMPILERS: Final[Mapping[type[Spec], Callable[[Any, Sources, Tools], Injector]]] = {
    BasicSpec: _basic,
    BearerSpec: _bearer,
    HeaderSpec: _header,
    QuerySpec: _query,
    CookieSpec: _cookie,
    ClientCredentialsSpec: _token,
    SigV4Spec: lambda spec, credentials, tools: tools.signer(spec, lambda alias: _source(alias, credentials)),
    IdentityTokenSpec: lambda spec, _, tools: compile_identity(spec, tools.key(spec.key)),
    CustomSpec: lambda spec, _, tools: compile_custom(spec, _given(spec, tools)),
    TokenExchangeSpec: lambda spec, _, tools: token_of_each(spec, tools.exchange(spec)),
    CertificateHeaderSpec: lambda spec, _, __: certificate_header(spec),
}
"""How the injector of each kind is made: from its block, the credentials, and what else there is."""
