"""What the providers of tokens have in common with nobody: one word in the file for all of a provider's quirks.

    google    writes `iss` in two spellings
    auth0     ends its issuer with a slash
    okta      publishes keys below the authorization server; its own server's access tokens are for nobody else
    entra     writes an `iss` that is not the documented URL, and another one in tokens of version 1
    firebase  signs for all projects with the same keys, so that issuer and audience alone tell them apart;
              publishes certificates, not a key set
    keycloak  marks what a token is in a claim: Bearer, ID, Refresh
    axinom    writes the same `iss` for every tenant and `aud: "*"`; tenant and environment tell them apart
    cosmian   the server's own start-up options: keys below the issuer, an audience only where one is given

A preset only says what the file could have said without it. What the file does say stays, except where the
provider leaves no choice; a contradiction is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ostiary.config.schema import ClaimsSpec, IssuerSpec
from ostiary.config.values import Refused

_PLACES: Final = ("jwks_url", "certificates_url", "jwks_file")
_OWN: Final = ("auth_endpoint", "application", "project", "sync")
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Unfit(Refused):
    """A preset and what stands beside it do not go together.

    Attributes:
        key: the key of the block that it is about.
        suggestion: what was probably meant in its place, or None.
    """

    def __init__(self, code: str, sentence: str, key: str, suggestion: str | None = None) -> None:
        super().__init__(code, sentence)
        self.key = key
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Preset:
    """What a provider is like.

    Attributes:
        fill: the rest of the block, from what is given.
        wants: keys that must be given.
        takes: keys of the presets that may be given.
        algorithms, types: what it signs with, what its tokens are.
        claims: names that differ from ours.
    """

    fill: Callable[[IssuerSpec], dict[str, Any]]
    wants: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ("RS256",)
    types: tuple[str, ...] = ("JWT", "at+jwt")
    claims: Mapping[str, str] | None = None


def resolve(spec: IssuerSpec) -> IssuerSpec:
    """Return the block as it would have been written without its preset; one that has none is left as it is.

    Raises:
        Unfit: the preset lacks something, or something beside it contradicts it.
    """
    preset = PRESETS.get(spec.preset or "")
    _require_fitting(spec, preset)
    if preset is None:
        return spec
    filled: dict[str, Any] = {"preset": None, "algorithms": preset.algorithms, "types": preset.types}
    if preset.claims:
        filled["claims"] = ClaimsSpec.model_validate({**preset.claims, **spec.claims.model_dump(exclude_unset=True)})
    filled |= preset.fill(spec)
    forced = filled.pop("forced", ())
    given = spec.model_fields_set - {"preset", "claims", *forced}
    if any(name in given for name in _PLACES):  # a mirror: it takes the place of the provider's own
        filled = {name: value for name, value in filled.items() if name not in _PLACES}
    update = {name: value for name, value in filled.items() if name not in given}
    return spec.model_copy(update={**update, **dict.fromkeys(_OWN)})


def _require_fitting(spec: IssuerSpec, preset: Preset | None) -> None:
    places = [key for key in _PLACES if getattr(spec, key) is not None]
    if len(places) > 1:
        raise Unfit("C333", f"keys come from one place: `{places[0]}` or `{places[1]}`", places[1])
    word = f"preset: {spec.preset}" if preset else "an issuer without a preset"
    known = (*preset.wants, *preset.takes) if preset else ()
    for key in _OWN:
        if getattr(spec, key) is not None and key not in known:
            raise Unfit("C331", f"{word} has no use for `{key}`", key)
    for key in preset.wants if preset else ():
        if getattr(spec, key) is None:
            raise Unfit("C331", f"{word} needs `{key}`", "preset")


def _constant(spec: IssuerSpec, *identifiers: str) -> dict[str, Any]:
    """The issuer that the provider leaves no choice of, in its spellings."""
    if spec.issuer is not None and spec.issuer not in identifiers:
        raise Unfit("C332", f"{spec.preset} writes `iss: {identifiers[0]}`, and nothing else", "issuer", identifiers[0])
    return {"issuer": identifiers[0], "aliases": identifiers[1:], "forced": ("issuer", "aliases")}


def _google(spec: IssuerSpec) -> dict[str, Any]:
    return {
        **_constant(spec, "https://accounts.google.com", "accounts.google.com"),
        "jwks_url": "https://www.googleapis.com/oauth2/v3/certs",
    }


def _auth0(spec: IssuerSpec) -> dict[str, Any]:
    issuer = spec.issuer or ""
    if not issuer.endswith("/"):
        raise Unfit("C332", "auth0 writes its issuer with a slash at the end, and compares to the letter", "issuer",
                    issuer + "/")  # fmt: skip
    return {"jwks_url": issuer + ".well-known/jwks.json"}


def _okta(spec: IssuerSpec) -> dict[str, Any]:
    issuer = spec.issuer or ""
    if issuer.endswith("/"):
        raise Unfit("C332", "okta writes its issuer without a slash at the end", "issuer", issuer.rstrip("/"))
    own = _is_okta_itself(spec)
    return {"jwks_url": issuer + ("/oauth2/v1/keys" if own else "/v1/keys")}


def _is_okta_itself(spec: IssuerSpec) -> bool:
    """Whether tokens are of the organization's own server, and not of a custom authorization server."""
    return "/oauth2/" not in urlsplit(spec.issuer or "").path


_ENTRA_HOST: Final = "login.microsoftonline.com"


def _entra(spec: IssuerSpec) -> dict[str, Any]:
    tenant, host = _directory(spec)
    base = f"https://{host}/{tenant}"
    return {
        "issuer": f"{base}/v2.0",
        "aliases": (f"https://sts.windows.net/{tenant}/",),
        "tenant": tenant,
        "jwks_url": f"{base}/discovery/v2.0/keys",
        "forced": ("issuer", "aliases", "tenant"),
    }


def _directory(spec: IssuerSpec) -> tuple[str, str]:
    """Return the directory (tenant) and the host of an Entra issuer, in whichever spelling it was written."""
    parts = urlsplit(spec.issuer or "")
    steps = [step for step in parts.path.split("/") if step]
    written = steps[0] if steps else None
    tenant = (spec.tenant or written or "").lower()
    if not _GUID.fullmatch(tenant):
        key = "tenant" if spec.tenant is not None else "issuer" if spec.issuer is not None else "preset"
        raise Unfit("C331", "entra needs the id of the directory in `tenant`: a GUID, as `iss` has it", key)
    if written is not None and written.lower() != tenant:
        raise Unfit("C332", f"`issuer` is of the directory {written}, and `tenant` says {tenant}", "issuer")
    host = parts.hostname or _ENTRA_HOST
    return tenant, _ENTRA_HOST if host == "sts.windows.net" else host


def _firebase(spec: IssuerSpec) -> dict[str, Any]:
    project = spec.project or ""
    if spec.audiences and spec.audiences != (project,):
        raise Unfit("C332", "all projects share the same keys, so the audience can only be the project", "audiences",
                    f"[{project}]")  # fmt: skip
    return {
        **_constant(spec, f"https://securetoken.google.com/{project}"),
        "audiences": (project,),
        "algorithms": ("RS256",),
        "certificates_url": "https://www.googleapis.com/service_accounts/v1/metadata/x509/securetoken@system.gserviceaccount.com",
        "forced": ("issuer", "aliases", "audiences", "algorithms"),
    }


def _keycloak(spec: IssuerSpec) -> dict[str, Any]:
    issuer = spec.issuer or ""
    if "/realms/" not in issuer or issuer.endswith("/"):
        better = issuer.rstrip("/") if "/realms/" in issuer else None
        raise Unfit("C332", "keycloak's issuer is that of a realm: https://HOST/realms/NAME", "issuer", better)
    return {"jwks_url": f"{issuer}/protocol/openid-connect/certs", "require": {"typ": ("Bearer",)}}


def _axinom(spec: IssuerSpec) -> dict[str, Any]:
    """An application has the tokens of its end users; without one they are those of management."""
    place = f"{(spec.auth_endpoint or '').rstrip('/')}/{spec.tenant}/{spec.environment}"
    identifier = "ax-id-service" if spec.application is None else "ax-user-service"
    below = "" if spec.application is None else f"/{spec.application}"
    return {
        **_constant(spec, identifier),
        "audience_wildcard": True,
        "jwks_url": f"{place}{below}/.well-known/jwks.json",
    }


def _cosmian(spec: IssuerSpec) -> dict[str, Any]:
    issuer = spec.issuer or ""
    filled: dict[str, Any] = {"jwks_url": issuer.rstrip("/") + "/.well-known/jwks.json"}
    return filled if spec.audiences else {**filled, "audience_unchecked": True}


_ENTRA_CLAIMS: Final = {"tenant": "tid", "scope": "scp"}
PRESETS: Final[Mapping[str, Preset]] = {
    "google": Preset(_google, types=("JWT",), claims={"tenant": "hd"}),
    "auth0": Preset(_auth0, wants=("issuer",), claims={"tenant": "org_id"}),
    "okta": Preset(_okta, wants=("issuer",), claims={"scope": "scp"}),
    "entra": Preset(_entra, claims=_ENTRA_CLAIMS),
    "firebase": Preset(_firebase, wants=("project",), types=("JWT",)),
    "keycloak": Preset(_keycloak, wants=("issuer",), algorithms=("RS256", "ES256", "PS256", "EdDSA")),
    "axinom": Preset(_axinom, ("auth_endpoint", "tenant", "environment"), ("application", "sync"), types=("JWT",)),
    "cosmian": Preset(_cosmian, wants=("issuer",), algorithms=("RS256", "ES256", "PS256", "EdDSA")),
}


_CHANGEABLE: Final = ("email", "upn", "preferred_username", "unique_name")


def doubts(spec: IssuerSpec) -> Iterator[tuple[str, str, str]]:
    """Return what is accepted and should be looked at: the key, what is the matter, and what to do."""
    if spec.preset == "entra" and "/discovery/" in (spec.issuer or ""):
        tenant, host = _directory(spec)
        message = "no token of entra has this `iss`; what they have was taken in its place"
        yield "issuer", message, f"write `tenant: {tenant}`, or issuer: https://{host}/{tenant}/v2.0"
    if spec.preset == "entra" and spec.claims.subject in _CHANGEABLE:
        message = f"entra lets directories, and users, write whatever they like into `{spec.claims.subject}`"
        yield "claims", message, "use `sub`, or `oid` for one name in all applications of the directory"
    if spec.preset == "okta" and _is_okta_itself(spec):
        message = (
            "access tokens of the organization's own server are for okta alone; only its ID tokens can be verified"
        )
        yield "issuer", message, "use an authorization server: https://HOST/oauth2/default"
