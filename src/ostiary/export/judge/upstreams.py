"""What the engine does by itself, whoever decides: the way to the upstream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.problem import Path
from ostiary.config.schema import UpstreamSpec, UpstreamTlsSpec
from ostiary.export.clause import Clause

_KNOWN: Final = frozenset(("endpoints", "host", "plaintext", "connections", "timeouts", "tls"))
_TLS: Final = frozenset(("trusted", "server_name", "client", "identity", "credential"))
_TIMES: Final = frozenset(("connect", "response", "idle", "keep_alive"))
_UNKNOWN: Final = "it is not known to hold without the gateway"
_RENEWED: Final = "the gateway renews this certificate, and shows it only on its own connections"
_ONE_FILE: Final = "the authorities have to be in one file"
_STORE: Final = "the engine reads certificate and key from PEM files without a password"


def judge_upstream(spec: UpstreamSpec, here: Path) -> Iterator[Clause]:
    """Return what an upstream says, clause by clause."""
    why = _endpoints(spec)
    yield Clause((*here, "endpoints"), "never" if why else "native", why)
    if "connections" in spec.model_fields_set:
        yield Clause((*here, "connections"), "native", "counted for all endpoints together")
    if spec.timeouts.model_fields_set & {"response", "idle"}:
        why = "one pause counts for both: the longer of `response` and `idle`"
        yield Clause((*here, "timeouts"), "native", why)
    yield from _tls(spec.tls, (*here, "tls"))
    unknown = [(*here, name) for name in spec.model_fields_set - _KNOWN]
    unknown += [(*here, "timeouts", name) for name in spec.timeouts.model_fields_set - _TIMES]
    for path in sorted(unknown, key=str):
        yield Clause(path, "impossible", _UNKNOWN)


def _endpoints(spec: UpstreamSpec) -> str:
    if len({one.scheme for one in spec.endpoints}) > 1:
        return "endpoints with TLS and without are two clusters"
    several = len({one.host for one in spec.endpoints}) > 1
    if several and spec.endpoints[0].scheme == "https" and spec.tls.server_name is None:
        return "endpoints of several names: one could show the certificate of another; give `tls.server_name`"
    return ""


def _tls(spec: UpstreamTlsSpec, here: Path) -> Iterator[Clause]:
    for name in sorted(spec.model_fields_set & {"trusted", "server_name"}):
        many = name == "trusted" and len(spec.trusted) > 1
        yield Clause((*here, name), "never" if many else "native", _ONE_FILE if many else "")
    for name in sorted(spec.model_fields_set & {"identity", "credential"}):
        yield Clause((*here, name), "impossible", _RENEWED)
    shown = spec.client
    if shown is not None:
        plain = shown.certificate is not None and shown.private_key is not None and shown.password is None
        yield Clause((*here, "client"), "native" if plain else "impossible", "" if plain else _STORE)
    for name in sorted(spec.model_fields_set - _TLS):
        yield Clause((*here, name), "impossible", _UNKNOWN)
