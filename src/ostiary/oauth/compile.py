"""From what an injector says to where its tokens come from."""

from __future__ import annotations

from dataclasses import replace

from ostiary.config.oauth import CertificateClientSpec, ClientCredentialsSpec, TokenExchangeSpec, TokenSpec
from ostiary.errors import CredentialUnavailable
from ostiary.jwks.discovery import Discovery
from ostiary.model import Credential
from ostiary.oauth.client import Around, CertificateClient, compile_client, of_caller
from ostiary.oauth.each import CallerTokens, Records
from ostiary.oauth.endpoint import TokenEndpoint
from ostiary.oauth.exchange import TYPE, ExchangedTokens
from ostiary.oauth.post import Asker, Form
from ostiary.oauth.token import ClientToken
from ostiary.pki.server_trust import server_trust


def compile_token(name: str, spec: ClientCredentialsSpec, around: Around) -> ClientToken:
    """Return the gateway's own token that a block describes.

    Args:
        name: what it is kept under from one configuration to the next: all that it depends on.
        spec: the block.
        around: credentials, and where files are.

    Raises:
        ConfigError: a credential is not defined, or a file cannot be read.
    """
    return ClientToken(name, _alias(spec), _endpoint(spec, around, "oauth2"))


def compile_caller_tokens(name: str, spec: ClientCredentialsSpec, around: Around, records: Records) -> CallerTokens:
    """Return the tokens that a block describes where each caller has a client of its own: see `compile_token`.

    Raises:
        ConfigError: a file cannot be read, or the client is not one of a caller's.
    """
    alias = _alias(spec)
    endpoint = _endpoint(spec, replace(around, credentials={alias: _Nobody(alias)}), "oauth2")
    of_caller(endpoint.client, _Nobody(alias))
    return CallerTokens(name, alias, endpoint, records)


class _Nobody:
    """Stands where a caller's credential will."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    async def get(self) -> Credential:
        """Raise CredentialUnavailable."""
        raise CredentialUnavailable(f"{self.alias}: there is no caller")


def compile_exchange(name: str, spec: TokenExchangeSpec, around: Around) -> ExchangedTokens:
    """Return the tokens that callers' are exchanged for, as a block describes: see `compile_token`.

    Raises:
        ConfigError: a credential is not defined, or a file cannot be read.
    """
    types = {"subject_token_type": TYPE + spec.subject_token_type}
    if spec.requested_token_type is not None:
        types["requested_token_type"] = TYPE + spec.requested_token_type
    return ExchangedTokens(name, _alias(spec), _endpoint(spec, around, "token_exchange"), types, spec.most)


def _endpoint(spec: TokenSpec, around: Around, where: str) -> TokenEndpoint:
    tls = server_trust(spec.authorities, around.folder, f"{where}.authorities")
    place = spec.token_url or Discovery(spec.issuer or "", spec.discovery)
    client = compile_client(spec.client, spec.token_url or spec.issuer or "", around, tls, f"{where}.client")
    changing = isinstance(client, CertificateClient) and client.thumbprint is None
    asker = Asker(spec.timeout, tls, keep=not changing)
    return TokenEndpoint(place, client, asker, _form(spec), lifetime=spec.lifetime, bound=spec.bound)


def _form(spec: TokenSpec) -> Form:
    """Return what every request says; audience and resource may stand several times (RFC 8693, RFC 8707)."""
    form: dict[str, str | list[str]] = dict(spec.parameters)
    if spec.scopes is not None:
        form["scope"] = " ".join(spec.scopes)
    if spec.audience is not None:
        form["audience"] = list(spec.audience)
    if spec.resource is not None:
        form["resource"] = list(spec.resource)
    return form


def _alias(spec: TokenSpec) -> str:
    """Return who the gateway is: the alias of its credential, or its name at the issuer."""
    client = spec.client.value
    if isinstance(client, CertificateClientSpec):
        return client.client_id
    return str(getattr(client, "credential", None) or client.client_id)
