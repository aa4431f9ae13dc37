"""From what a Cosmian KMS was started with to a gateway that lets in whom it let in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from ostiary.cli.import_.cosmian import Provider, Settings
from ostiary.config.listeners import Cipher

Semantics = Literal["strict", "cascade"]
_ENTRA: Final = re.compile(r"https://login\.microsoftonline\.com/([0-9a-f-]{36})(/.*)?", re.IGNORECASE)
_FIREBASE: Final = "https://securetoken.google.com/"
_GOOGLE: Final = ("https://accounts.google.com", "accounts.google.com")
_MOST_LEFT: Final = 20


@dataclass(slots=True)
class Imported:
    """A configuration, and what is to be said of it.

    Attributes:
        document: the file, as plain data.
        notes: what was changed, what could not be carried over, what to do; never a secret.
    """

    document: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def gateway(settings: Settings, *, semantics: Semantics, claim: str, upstream: str) -> Imported:
    """Return the gateway.

    Args:
        settings: what the server was started with.
        semantics: strict: where certificates are asked for, everybody needs one (versions up to 4.20).
            cascade: certificate, token or key, whichever is there (later ones).
        claim: which claim of a token is the user.
        upstream: where the server listens now.
    """
    made = Imported()
    issuers = _issuers(settings.providers(), claim, made)
    kinds = _authenticators(settings, list(issuers), semantics, made)
    made.document = {
        "version": 1,
        "listeners": {"kms": _listener(settings, semantics, made)},
        **({"issuers": issuers} if issuers else {}),
        **_records(settings),
        "upstreams": {"kms": {"endpoints": [upstream]}},
        "routes": [
            {
                "name": "kms",
                "match": {"path": "/**"},
                "authenticate": kinds[0] if len(kinds) == 1 else {"any": kinds},
                "authorize": "anyone",
                "inject": [{"header": {"name": "X-User", "value": _user(settings)}}],
                "upstream": "kms",
            }
        ],
    }
    made.notes.append(f"the server now listens at {upstream}, for the gateway alone, and reads the user from X-User")
    if settings.left:
        left = sorted(set(settings.left))
        made.notes.append(f"not carried over, because they are not about callers: {', '.join(left[:_MOST_LEFT])}")
    return made


def _user(settings: Settings) -> str:
    return settings.default_user if settings.forces_default_user else "{principal.subject}"


def _authenticators(
    settings: Settings, issuers: list[str], semantics: Semantics, made: Imported
) -> list[dict[str, Any]]:
    """Strict: the token, if there is one, says who; else the certificate that everybody has."""
    certificate = [{"mtls": {"subject": "cn", "allow": ["**"]}}] if settings.values.get("clients_ca_cert_file") else []
    tokens: list[dict[str, Any]] = [{"jwt": {"issuers": issuers}}] if issuers else []
    if settings.values.get("api_token_id"):
        tokens.append({"api_key": {"keys": ["api-token"], "subject": settings.default_user}})
        made.notes.append(
            "the API token is kept as a digest: `ostiary token digest --secret-stdin < TOKEN | "
            "ostiary vault put api-token --secret-stdin`"
        )
    if not certificate and not tokens:
        made.notes.append(f"nobody had to prove anything: everybody is {settings.default_user!r}, as before")
        return [{"anonymous": {"subject": settings.default_user}}]
    return [*tokens, *certificate] if semantics == "strict" else [*certificate, *tokens]


def _listener(settings: Settings, semantics: Semantics, made: Imported) -> dict[str, Any]:
    host = settings.values.get("hostname", "0.0.0.0")  # noqa: S104 - what the server does by default
    listener: dict[str, Any] = {"bind": f"{host}:{settings.values.get('port', '9998')}"}
    tls: dict[str, Any] = {}
    if file := settings.values.get("tls_p12_file"):
        tls = {"pkcs12": f"file:{file}"}
        if "tls_p12_password" in settings.values:
            tls["password"] = "env:KMS_TLS_P12_PASSWORD"  # noqa: S105 - a reference
            made.notes.append("the password of the PKCS#12 file is read from KMS_TLS_P12_PASSWORD: set it")
    elif file := settings.values.get("tls_cert_file"):
        key = settings.values.get("tls_key_file") or "KEY.pem"
        tls = {"certificate": f"file:{file}", "private_key": f"file:{key}"}
    if file := settings.values.get("clients_ca_cert_file"):
        tls["client"] = {"mode": "required" if semantics == "strict" else "optional", "authorities": [f"file:{file}"]}
    if tls:
        return {**listener, "tls": tls | _ciphers(settings, made)}
    made.notes.append("the server had no TLS, which the gateway does not offer to other machines: it binds to loopback")
    return {"bind": f"127.0.0.1:{settings.values.get('port', '9998')}"}


def _ciphers(settings: Settings, made: Imported) -> dict[str, Any]:
    """Return which cipher suites are left of those that were named; the gateway has none without forward secrecy."""
    named = [one for one in re.split(r"[:,\s]+", settings.values.get("tls_cipher_suites", "")) if one]
    ours = [one for one in named if one in get_args(Cipher)]
    newer = [one for one in named if one.startswith("TLS_")]
    if left := [one for one in named if one not in (*ours, *newer)]:
        made.notes.append(f"cipher suites that the gateway does not have: {', '.join(left[:_MOST_LEFT])}")
    if ours:
        return {"ciphers": ours}
    return {"minimum_version": "1.3"} if newer else {}


def _records(settings: Settings) -> dict[str, Any]:
    if not settings.values.get("api_token_id"):
        return {}
    vault = {"type": "local", "path": "var/vault.db", "master_key": "env:OSTIARY_MASTER_KEY"}
    return {"vaults": {"local": vault}, "credentials": {"api-token": {"vault": "local"}}}


def _issuers(providers: list[Provider], claim: str, made: Imported) -> dict[str, dict[str, Any]]:
    issuers: dict[str, dict[str, Any]] = {}
    for provider in providers:
        name, block = _issuer(provider, made)
        if claim != "sub":
            block["claims"] = {"subject": claim}
        while name in issuers:
            stem, _, number = name.rpartition("-")
            name = f"{stem}-{int(number) + 1}" if stem and number.isdecimal() else f"{name}-2"
        issuers[name] = block
    return issuers


def _issuer(provider: Provider, made: Imported) -> tuple[str, dict[str, Any]]:
    """Return a block, with the preset of a provider that is known: it corrects what its documents say wrongly."""
    audiences = {"audiences": list(provider.audiences)} if provider.audiences else {}
    if not audiences and not provider.issuer.startswith(_FIREBASE):
        made.notes.append(f"{provider.issuer}: no audience was given, so tokens for any other service count, as before")
    if provider.issuer in _GOOGLE:
        return "google", {"preset": "google", **(audiences or {"audience_unchecked": True})}
    if found := _ENTRA.fullmatch(provider.issuer):
        if "/discovery/" in provider.issuer:
            made.notes.append(f"{provider.issuer}: no token of Entra has this `iss`; its directory was taken")
        block = {"preset": "entra", "tenant": found[1].lower()}
        return "entra", {**block, **(audiences or {"audience_unchecked": True})}
    if provider.issuer.startswith(_FIREBASE):
        return "firebase", {"preset": "firebase", "project": provider.issuer.removeprefix(_FIREBASE).strip("/")}
    return _name(provider.issuer), _plain(provider, audiences, made)


def _plain(provider: Provider, audiences: dict[str, Any], made: Imported) -> dict[str, Any]:
    issuer = provider.issuer
    host = urlsplit(issuer).hostname or ""
    if host.endswith(".auth0.com") and not issuer.endswith("/"):
        made.notes.append(f"{issuer}: Auth0 writes a slash at the end; it was added, or no token would have counted")
        issuer += "/"
    keys = {"jwks_url": provider.jwks} if provider.jwks else {}
    return {"preset": "cosmian", "issuer": issuer, **keys, **audiences}


def _name(issuer: str) -> str:
    host = urlsplit(issuer).hostname or issuer
    return re.sub(r"[^a-z0-9.-]", "-", host.lower()).strip("-.")[:60] or "issuer"
