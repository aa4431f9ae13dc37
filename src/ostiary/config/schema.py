"""The specs: what a configuration file says, as frozen values.

One class per block of the file. `build/` compiles them into a gateway; nothing looks at them while
requests are served. The descriptions become the JSON Schema and the configuration reference.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ostiary.config.certificates import CertificateHeaderSpec, MtlsSpec
from ostiary.config.clients import ClientSpec, DistributionPointsSpec, OcspSpec, RevocationSpec
from ostiary.config.evidence import (
    AnonymousSpec,
    ApiKeySpec,
    AuthenticateSpec,
    AuthenticatorSpec,
    ClaimsSpec,
    IntrospectionSpec,
    JwtSpec,
    PasswordSpec,
)
from ostiary.config.injectors import BasicSpec, BearerSpec, CookieSpec, HeaderSpec, InjectorSpec, QuerySpec
from ostiary.config.keys import KeySpec, PublicationSpec
from ostiary.config.listeners import (
    ForwardedSpec,
    ListenerLimits,
    ListenerSpec,
    ListenerTimeouts,
    ListenerTlsSpec,
    ProxyProtocolSpec,
    ShownCertificateSpec,
)
from ostiary.config.observing import AdminSpec, AuditSpec, LogSpec, TracingSpec
from ostiary.config.rates import RateSpec, SharedRatesSpec
from ostiary.config.redis import RedisSpec, RedisTlsSpec, SentinelSpec
from ostiary.config.rewriting import RewriteSpec
from ostiary.config.rules import RuleSpec, ScopesSpec, SomeOf, TimeSpec
from ostiary.config.shared import SharedRevocationSpec, SharedSpec
from ostiary.config.sockets import LocalSpec, SocketSpec
from ostiary.config.spec import OneOf, Some, Spec
from ostiary.config.sync import SyncSpec
from ostiary.config.upstreams import UpstreamSpec, UpstreamTimeouts, UpstreamTlsSpec
from ostiary.config.values import (
    Address,
    Duration,
    FileReference,
    HeaderName,
    HostPattern,
    Method,
    Name,
    PathPattern,
    Protocol,
    Refused,
    SecretReference,
    SecureUrl,
    Size,
    Text,
)
from ostiary.config.vaults import (
    AppRoleSpec,
    CacheSpec,
    CredentialSpec,
    HashicorpVaultSpec,
    LocalVaultSpec,
    VaultAuthSpec,
    VaultSpec,
)

# --- issuers -----------------------------------------------------------------------------------

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class KeysSpec(Spec):
    """How an issuer's key set is kept."""

    refresh: Duration = Field(600.0, description="How old a key set may become before it is fetched again.")
    max_stale: Duration = Field(86400.0, description="How long the last key set is used while the issuer is down.")
    cooldown: Duration = Field(10.0, description="Least time between fetches for unknown key ids.")
    timeout: Duration = Field(5.0, description="Patience with one fetch.")
    refresh_least: Duration = Field(
        60.0, description="How old it becomes at least, however soon `Cache-Control` (RFC 9111) wants it fetched again."
    )


PresetName = Literal["google", "auth0", "okta", "entra", "firebase", "keycloak", "axinom", "cosmian"]


def _any_key(*names: str) -> dict[str, Any]:
    """JSON Schema: at least one of these keys is there."""
    return {"anyOf": [{"required": [name]} for name in names]}


class IssuerSpec(Spec):
    """Whose tokens count (RFC 7519), and where its keys are (RFC 7517)."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                _any_key("preset", "issuer"),
                _any_key("preset", "audiences", "audience_wildcard", "audience_unchecked"),
            ]
        }
    )
    preset: PresetName | None = Field(None, description="A provider whose quirks are known; it fills in the rest.")
    issuer: Text | None = Field(
        None, description="The exact `iss` of its tokens; also where discovery starts. Required, but for some presets."
    )
    aliases: Annotated[tuple[Text, ...], Field(strict=False)] = Field((), description="Other spellings of its `iss`.")
    jwks_url: SecureUrl | None = Field(None, description="The key set; by default found by discovery.")
    jwks_file: FileReference | None = Field(
        None, description="The key set in a file: JWKS, certificates or public keys (PEM). Watched."
    )
    certificates_url: SecureUrl | None = Field(
        None, description="Certificates by URL: PEM, or a map {kid: certificate} as Google publishes."
    )
    discovery: Literal["openid", "oauth"] = Field(
        "openid", description="Where metadata is: OpenID Connect Discovery 1.0, or RFC 8414."
    )
    tenant: Text | None = Field(
        None,
        description="Only tokens of this tenant; tells issuers with the same `iss` apart. For entra the directory.",
    )
    environment: Text | None = Field(None, description="Only tokens of this environment; tells issuers apart as well.")
    auth_endpoint: SecureUrl | None = Field(None, description="preset axinom: the identity service.")
    application: Text | None = Field(None, description="preset axinom: the application whose end users are meant.")
    project: Text | None = Field(None, description="preset firebase: the project.")
    audiences: Annotated[tuple[Text, ...], Field(min_length=1, strict=False)] = Field(
        (), description="Accepted `aud` values; a token needs one of them. Required, but for some presets."
    )
    audience_wildcard: bool = Field(False, description="Accept tokens that are for everybody (`aud` is `*`).")
    audience_unchecked: bool = Field(False, description="Do not look at `aud`: tokens for other services count too.")
    require: dict[Text, Text | Some] = Field(
        default_factory=dict, description="Claims that must have one of these values, such as {typ: Bearer}."
    )
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1, strict=False)] = Field(
        ("ES256", "RS256"), description="Accepted signature algorithms. Never taken from the token."
    )
    types: Annotated[tuple[Text, ...], Field(min_length=1, strict=False)] = Field(
        ("JWT", "at+jwt"), description="Accepted `typ` values (RFC 8725, section 3.11); an absent `typ` counts as JWT."
    )
    leeway: Duration = Field(30.0, description="Clock difference forgiven in exp, nbf and iat.")
    max_token: Size = Field(8 << 10, description="Largest token.")
    keys: KeysSpec = Field(default_factory=lambda: KeysSpec(), description="How its key set is kept.")
    claims: ClaimsSpec = Field(default_factory=lambda: ClaimsSpec(), description="Names of its claims.")
    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that its server is verified with; by default the system's."
    )

    sync: SyncSpec | None = Field(None, description="preset axinom: permissions that it is told of at the start.")
    decryption_keys: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="Our private keys (PEM) for tokens that are encrypted: RSA-OAEP-256 or ECDH-ES, with A256GCM."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.preset is None and self.issuer is None:
            raise Refused("C102", "'issuer' is missing in an issuer")
        free = self.audience_wildcard or self.audience_unchecked or self.preset in ("firebase", "axinom", "cosmian")
        if not self.audiences and not free:
            raise Refused("C102", "'audiences' is missing in an issuer")
        return self

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Every spelling of `iss` that its tokens may have."""
        return (*((self.issuer,) if self.issuer else ()), *self.aliases)


# --- routes ------------------------------------------------------------------------------------


class MatchSpec(Spec):
    """Which requests a route is for."""

    host: HostPattern | None = Field(None, description="Host; any by default.")
    path: PathPattern = Field(description="Path; * stands for one segment, /** at the end for any rest.")
    methods: Annotated[tuple[Method, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="Methods; any by default."
    )


class RouteSpec(Spec):
    """Match, policy and upstream of one kind of request."""

    name: Name = Field(description="Name of the route, in logs and metrics.")
    match: MatchSpec = Field(description="Which requests it is for.")
    authenticate: AuthenticateSpec = Field(description="Who is calling.")
    authorize: Literal["anyone"] | Annotated[tuple[RuleSpec, ...], Field(min_length=1, strict=False)] = Field(
        description="Conditions, all of which must hold; or the word `anyone`."
    )
    inject: Annotated[tuple[InjectorSpec, ...], Field(strict=False)] = Field(
        (), description="What the upstream is shown in place of the caller's credentials."
    )
    upstream: Name = Field(description="Where it goes.")
    rate: Annotated[tuple[RateSpec, ...], Field(strict=False)] = Field(
        (), description="How often callers may ask; all of them must have room."
    )
    rewrite: RewriteSpec | None = Field(
        None, description="What the upstream is told in other words; what is judged stays what the caller sent."
    )
    upgrades: Annotated[tuple[Protocol, ...], Field(strict=False)] = Field(
        (), description="Protocols that a caller may change to after all of the above, such as `websocket`."
    )
    decision: Literal["allow-partial"] | None = Field(
        None, description="`allow-partial`: where other proxies forward, what they do not enforce is done without."
    )


# --- operators ---------------------------------------------------------------------------------


class GatewaySpec(Spec):
    """The whole file."""

    version: Literal[1] = Field(description="Version of this language.")
    listeners: dict[Name, ListenerSpec] = Field(min_length=1, description="Where callers connect.")
    admin: AdminSpec | None = Field(None, description="Where operators look.")
    log: LogSpec = Field(default_factory=LogSpec, description="What a line of the access log says.")
    audit: AuditSpec | None = Field(None, description="Who did what.")
    tracing: TracingSpec | None = Field(None, description="Traces; by default a caller's headers pass as they are.")
    issuers: dict[Name, IssuerSpec] = Field(default_factory=dict, description="Whose tokens count.")
    vaults: dict[Name, VaultSpec] = Field(default_factory=dict, description="Where secrets live.")
    credentials: dict[Name, CredentialSpec] = Field(default_factory=dict, description="Aliases of credentials.")
    keys: dict[Name, KeySpec] = Field(default_factory=dict, description="What we sign and connect with.")
    publication: PublicationSpec | None = Field(None, description="Our public keys, for those who verify.")
    upstreams: dict[Name, UpstreamSpec] = Field(min_length=1, description="The protected side.")
    routes: Annotated[tuple[RouteSpec, ...], Field(min_length=1, strict=False)] = Field(
        description="Requests and their policies."
    )
    shared: SharedSpec | None = Field(None, description="What several gateways know together.")
    drain_timeout: Duration = Field(
        30.0, description="How long what is under way may take to end, when the gateway stops or is replaced."
    )
    lame_duck: Duration = Field(
        0.0, description="How long callers are still let in after readiness turned false, when the gateway stops."
    )
    state: Text | None = Field(
        None, description="Folder for what outlives a restart: key sets, revocation lists. By default systemd's."
    )
