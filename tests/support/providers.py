"""Doubles of the providers that presets are for: their key documents, headers and tokens in their real shapes.

Each is what the provider's own documentation and published endpoints show, with keys of ours in it. They differ
from each other in just the ways that presets are about.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.certificates import certificate_of
from tests.support.origin import Origin, ok
from tests.support.tokens import NOW, Signer

GUID = "13d99de7-b726-45f8-a03d-7935e116b111"
OTHER_GUID = "99999999-b726-45f8-a03d-7935e116b111"
ENVIRONMENT = "22202f00-19e2-462b-885a-da5948eb50cb"
SIGNER = Signer("a4f1c0ffee", "RS256")
NEXT = Signer("b5e2decade", "RS256")


def x5c(signer: Signer) -> str:
    """A certificate as it stands in `x5c`: base64 of the DER, in one line."""
    return "".join(certificate_of(signer).splitlines()[1:-1])


def times() -> dict[str, Any]:
    return {"iat": NOW - 10, "exp": NOW + 3600}


@dataclass
class Double:
    """A provider.

    Attributes:
        preset: which.
        block: what its users write, but for the place of the keys.
        url: where the preset says that its keys are, out there.
        place: which key takes the double's own address in its place.
        document: its key document.
        fields: of the answer's head.
        claims: of a good token.
        header: of a good token, beyond alg and kid.
        subject: whom that token is of.
    """

    preset: str
    block: dict[str, Any]
    url: str
    document: Callable[[], Any]
    fields: tuple[str, ...]
    claims: dict[str, Any]
    header: dict[str, Any] = field(default_factory=dict)
    place: str = "jwks_url"
    subject: str = ""

    def serve(self, web: Origin, path: str = "/keys") -> dict[str, Any]:
        """Answer at a path; return the block that points there."""
        web.answers[path] = ok(json.dumps(self.document()).encode(), *self.fields)
        return {"preset": self.preset, **self.block, self.place: web.url(path)}

    def token(self, **changes: Any) -> bytes:
        """A token; a change to None removes a claim."""
        claims = {name: value for name, value in {**times(), **self.claims, **changes}.items() if value is not None}
        return SIGNER.token(claims, **self.header)


def plain_set() -> dict[str, Any]:
    return {"keys": [SIGNER.jwk(), NEXT.jwk()]}


def keycloak_set() -> dict[str, Any]:
    """Keycloak publishes a key for encryption beside those for signatures, each with its certificate."""
    decorated = [
        {**one.jwk(), "x5c": [x5c(one)], "x5t": "abc", "x5t#S256": "abc"} for one in (SIGNER, Signer("ec", "ES256"))
    ]
    return {"keys": [Signer("enc", "RS256").jwk(use="enc", alg="RSA-OAEP", x5c=[x5c(NEXT)]), *decorated]}


def entra_set() -> dict[str, Any]:
    """Entra's members have no `alg`, and an `issuer`; kid and x5t are the same."""
    return {
        "keys": [
            {**one.jwk(alg=None), "x5t": one.kid, "x5c": [x5c(one)],
             "issuer": f"https://login.microsoftonline.com/{GUID}/v2.0", "cloud_instance_name": "microsoftonline.com"}
            for one in (SIGNER, NEXT)
        ]
    }  # fmt: skip


GOOGLE = Double(
    preset="google",
    block={"audiences": ["123-abc.apps.googleusercontent.com"]},
    url="https://www.googleapis.com/oauth2/v3/certs",
    document=plain_set,
    fields=("Cache-Control: public, max-age=21540, must-revalidate, no-transform", "Content-Type: application/json"),
    claims={
        "iss": "https://accounts.google.com", "azp": "123-abc.apps.googleusercontent.com",
        "aud": "123-abc.apps.googleusercontent.com", "sub": "110169484474386276334", "hd": "example.com",
        "email": "alice@example.com", "email_verified": True, "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
    },
    header={"typ": "JWT"},
    subject="110169484474386276334",
)  # fmt: skip
AUTH0 = Double(
    preset="auth0",
    block={"issuer": "https://bank.eu.auth0.com/", "audiences": ["https://accounts.example.com"]},
    url="https://bank.eu.auth0.com/.well-known/jwks.json",
    document=lambda: {"keys": [{**SIGNER.jwk(), "x5t": "q", "x5c": [x5c(SIGNER)]}]},
    fields=("Cache-Control: public, max-age=15, stale-while-revalidate=15, stale-if-error=86400", 'ETag: W/"7a"'),
    claims={
        "iss": "https://bank.eu.auth0.com/", "sub": "auth0|63f1c0ffee", "azp": "client",
        "aud": ["https://accounts.example.com", "https://bank.eu.auth0.com/userinfo"],
        "scope": "openid read:accounts", "org_id": "org_7", "gty": "password",
    },
    header={"typ": "at+jwt"},
    subject="auth0|63f1c0ffee",
)  # fmt: skip
OKTA = Double(
    preset="okta",
    block={"issuer": "https://bank.okta.com/oauth2/default", "audiences": ["api://default"]},
    url="https://bank.okta.com/oauth2/default/v1/keys",
    document=lambda: {"keys": [SIGNER.jwk()]},
    fields=("Cache-Control: max-age=5086733, must-revalidate", "Content-Type: application/json"),
    claims={
        "ver": 1, "jti": "AT.1", "iss": "https://bank.okta.com/oauth2/default", "aud": "api://default",
        "cid": "0oa1", "uid": "00u1", "scp": ["openid", "accounts.read"], "sub": "alice@example.com",
    },
    header={"typ": None},
    subject="alice@example.com",
)  # fmt: skip
ENTRA = Double(
    preset="entra",
    block={"tenant": GUID, "audiences": ["api-client-id", "api://accounts"]},
    url=f"https://login.microsoftonline.com/{GUID}/discovery/v2.0/keys",
    document=entra_set,
    fields=("Cache-Control: max-age=86400, private", "Content-Type: application/json; charset=utf-8"),
    claims={
        "iss": f"https://login.microsoftonline.com/{GUID}/v2.0", "aud": "api-client-id", "tid": GUID, "oid": "o-1",
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "scp": "accounts.read", "ver": "2.0", "nbf": NOW - 10,
        "uti": "x", "rh": "y", "azp": "caller",
    },
    header={"typ": "JWT", "x5t": "a4f1c0ffee"},
    subject="AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
)  # fmt: skip
FIREBASE = Double(
    preset="firebase",
    block={"project": "bank-1"},
    url="https://www.googleapis.com/service_accounts/v1/metadata/x509/securetoken@system.gserviceaccount.com",
    document=lambda: {str(one.kid): certificate_of(one) for one in (SIGNER, NEXT)},
    fields=("Cache-Control: public, max-age=19302, must-revalidate, no-transform", "Age: 5"),
    claims={
        "iss": "https://securetoken.google.com/bank-1", "aud": "bank-1", "auth_time": NOW - 60, "sub": "uid-7",
        "user_id": "uid-7", "firebase": {"identities": {}, "sign_in_provider": "password"},
    },
    header={"typ": "JWT"},
    place="certificates_url",
    subject="uid-7",
)  # fmt: skip
KEYCLOAK = Double(
    preset="keycloak",
    block={"issuer": "https://id.example.com/realms/bank", "audiences": ["accounts"]},
    url="https://id.example.com/realms/bank/protocol/openid-connect/certs",
    document=keycloak_set,
    fields=("Cache-Control: no-cache", "Content-Type: application/json;charset=UTF-8"),
    claims={
        "iss": "https://id.example.com/realms/bank", "aud": ["accounts", "account"], "typ": "Bearer", "azp": "robot",
        "sub": "f:1:alice", "acr": "1", "realm_access": {"roles": ["offline_access"]}, "scope": "profile email",
        "resource_access": {"accounts": {"roles": ["read"]}}, "preferred_username": "alice",
    },
    header={"typ": "JWT"},
    subject="f:1:alice",
)  # fmt: skip
AXINOM = Double(
    preset="axinom",
    block={"auth_endpoint": "https://id.service.example.net", "tenant": GUID, "environment": ENVIRONMENT},
    url=f"https://id.service.example.net/{GUID}/{ENVIRONMENT}/.well-known/jwks.json",
    document=plain_set,
    fields=("Content-Type: application/json; charset=utf-8", 'ETag: W/"1a2"'),
    claims={
        "tenantId": GUID, "environmentId": ENVIRONMENT, "name": "myUserName",
        "permissions": {"myService": ["read", "contribute"]}, "subjectType": "ServiceAccount",
        "aud": "*", "iss": "ax-id-service", "sub": "69cb7e46-69d4-4323-a935-404444100d48",
    },
    header={"typ": "JWT"},
    subject="69cb7e46-69d4-4323-a935-404444100d48",
)  # fmt: skip
COSMIAN = Double(
    preset="cosmian",
    block={"issuer": "https://login.example.com/", "claims": {"subject": "email"}},
    url="https://login.example.com/.well-known/jwks.json",
    document=plain_set,
    fields=(),
    claims={"iss": "https://login.example.com/", "sub": "x", "email": "alice@example.com", "aud": "whoever"},
    subject="alice@example.com",
)

PROVIDERS = (GOOGLE, AUTH0, OKTA, ENTRA, FIREBASE, KEYCLOAK, AXINOM, COSMIAN)
