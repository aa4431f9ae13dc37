"""Where callers come: TLS, client certificates, bounds. It is the engine's, whoever decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ostiary.config.clients import ClientSpec
from ostiary.config.listeners import ListenerSpec, ListenerTlsSpec
from ostiary.config.problem import Path
from ostiary.config.schema import GatewaySpec
from ostiary.config.sockets import UnixBind
from ostiary.export.clause import Ability, Clause
from ostiary.export.judge.evidence import members, strange_to

_LIMITS: Final[Mapping[str, tuple[Ability, str]]] = {
    "headers": ("native", "in whole KiB"),
    "header_count": ("native", ""),
    "connections": ("native", ""),
    "target": ("partial", "the whole head is bounded, and not its first line"),
    "body": ("impossible", "bodies are not counted while they stream"),
    "connections_per_address": ("impossible", "connections are not counted by address"),
}
_STORE: Final = "the engine reads certificate and key from PEM files without a password"
_UNKNOWN: Final = "it is not known to hold without the gateway"
_TLS: Final = frozenset(
    (
        "certificate",
        "private_key",
        "pkcs12",
        "jks",
        "password",
        "identity",
        "also",
        "minimum_version",
        "ciphers",
        "client",
    )
)
_CLIENT: Final = frozenset(("mode", "authorities", "profile", "depth", "revocation", "warn_before"))
_REVOCATION: Final = frozenset(("crls", "urls", "distribution_points", "refresh", "timeout", "ocsp", "mode"))
_FIELDS: Final = frozenset(("bind", "tls", "plaintext", "protocols", "limits", "timeouts"))


def judge_listener(name: str, spec: GatewaySpec) -> Iterator[Clause]:
    """Return what a listener says, clause by clause. Nothing of it can be asked."""
    listener, here = spec.listeners[name], ("listeners", name)
    if isinstance(listener.bind, UnixBind):
        yield Clause((*here, "bind"), "never", "callers come over the network")
    if listener.tls is not None:
        yield from _tls(listener.tls, (*here, "tls"))
        why = "Host and the name of the handshake are not compared (421)"
        yield Clause((*here, "tls", "server_name"), "partial", why)
    for limit in sorted(listener.limits.model_fields_set):
        yield Clause((*here, "limits", limit), *_LIMITS.get(limit, ("impossible", _UNKNOWN)))
    if listener.timeouts.model_fields_set:
        yield Clause((*here, "timeouts"), "native", "one pause counts for `body` and `send`: the longer one")
    for field in sorted(listener.model_fields_set - _FIELDS):
        yield Clause((*here, field), "impossible", _UNKNOWN)
    if spec.publication is not None and spec.publication.listeners == "all":
        yield Clause(("publication",), "impossible", "our public keys are handed out by the gateway's own listeners")


def judge_asking(name: str, asked: str | None, spec: GatewaySpec, *, told: bool) -> Iterator[Clause]:
    """Return what is wrong with whoever is asked: who judges certificates has to be told of them."""
    tls = spec.listeners[name].tls
    shown = tls is not None and tls.client.mode != "off"
    wanted = any(one.mtls is not None for route in spec.routes for one in members(route.authenticate))
    if asked is not None and shown and wanted and not told:
        yield Clause(("listeners", asked, "decide"), "never", "callers' certificates are not told: give it `client`")


def verifies(listener: ListenerSpec) -> bool:
    """Whether the engine can verify client certificates in the handshake as the listener wants it."""
    if listener.tls is None or listener.tls.client.mode == "off":
        return False
    return next(_in_the_way(listener.tls.client), "") == ""


def _tls(spec: ListenerTlsSpec, here: Path) -> Iterator[Clause]:
    plain = [
        one.certificate is not None and one.private_key is not None and one.password is None and one.identity is None
        for one in (spec, *spec.also)
    ]
    yield Clause((*here, "certificate"), "native" if all(plain) else "never", "" if all(plain) else _STORE)
    for name in sorted(spec.model_fields_set & {"minimum_version", "ciphers"}):
        yield Clause((*here, name), "native")
    for name in sorted(spec.model_fields_set - _TLS):
        yield Clause((*here, name), "impossible", _UNKNOWN)
    if spec.client.mode != "off":
        yield from _client(spec.client, (*here, "client"))


def _client(spec: ClientSpec, here: Path) -> Iterator[Clause]:
    in_the_way = list(_in_the_way(spec))
    for why in in_the_way:
        yield Clause(here, "asked", why)
    if not in_the_way:
        yield Clause(here, "native", "files are read anew when they are replaced by renaming, not when written over")
    if spec.warn_before is not None:
        yield Clause((*here, "warn_before"), "impossible", "callers are told in answers of the gateway")


def _in_the_way(spec: ClientSpec) -> Iterator[str]:
    revocation = spec.revocation
    if strange := strange_to(spec, _CLIENT) or (revocation and strange_to(revocation, _REVOCATION)):
        yield strange
    if len(spec.authorities) > 1:
        yield "the authorities have to be in one file"
    if revocation is None:
        return
    if len(revocation.crls) > 1:
        yield "the revocation lists have to be in one file"
    if revocation.live:
        yield "revocation lists are not fetched, and nobody is asked (OCSP)"
    if revocation.mode == "soft":
        yield "without a current list a certificate is refused"
