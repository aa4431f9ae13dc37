"""Requests: how long they took, and how they were decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, histogram
from ostiary.admin.view import View
from ostiary.observe.access import decision
from ostiary.observe.metrics import Kind, Metrics

_LIMITS: Final = {
    "request.headers-too-large": "headers",
    "request.target-too-long": "target",
    "request.body-too-large": "body",
    "request.timeout": "time",
    "token.too-large": "token",
    "gateway.overloaded": "connections",
}
_METHODS: Final = {
    "certificate": "mtls",
    "token": "jwt",
    "proof": "jwt",
    "keys": "jwt",
    "introspection": "introspection",
    "api-key": "api_key",
    "password": "basic",
}
_UNKNOWABLE: Final = frozenset(("keys.unavailable", "introspection.unavailable"))
_UNAUTHORIZED: Final = 401


def requests(view: View) -> Iterator[Metric]:
    """Return what is told of requests."""
    yield from counted_requests(view.metrics, [source.alias for vault in view.vaults for source in vault.sources])


def shadows(view: View) -> Iterator[Metric]:
    """Return what conditions would have done that are tried out."""
    yield counter(
        "ostiary_shadow_differences",
        "Requests that a condition in the shadow would have refused.",
        ("http_route",),
        (((route,), float(rule.refused)) for route, rule in view.serving.gateway.shadows),
    )


def counted_requests(counted: Metrics, credentials: Sequence[str] = ()) -> Iterator[Metric]:
    """Return what is told of requests, by what was counted alone.

    Args:
        counted: it.
        credentials: the aliases of all that may be shown.
    """
    yield histogram(
        "http_server_request_duration_seconds",
        "From the end of a request's head until its answer was sent.",
        ("http_route", "http_request_method", "http_response_status_code", "listener"),
        counted.whole,
    )
    yield histogram(
        "http_client_request_duration_seconds",
        "From sending a request's head upstream until the head of the answer came, or the failure.",
        ("upstream", "http_request_method", "http_response_status_code", "error_type"),
        counted.upstream,
    )
    yield histogram(
        "ostiary_overhead_seconds",
        "From the end of a request's head until it was sent upstream: judging, fetching, waiting for a connection.",
        ("http_route",),
        counted.overhead,
    )
    kinds = counted.kinds()
    yield from _decisions(kinds)
    yield counter(
        "ostiary_grpc_calls",
        "Calls of gRPC by the status that their caller was told (`grpc-status`), a number from 0 to 16.",
        ("http_route", "grpc_status"),
        ((call, float(count)) for call, count in list(counted.calls.items())),
    )
    yield _rejections(kinds, credentials)


def _decisions(kinds: list[tuple[Kind, int]]) -> Iterator[Metric]:
    yield counter(
        "ostiary_decisions",
        "Requests by what was decided, and why.",
        ("http_route", "decision", "reason", "mode"),
        (((kind.route or "", _decided(kind), kind.reason, "enforce"), count) for kind, count in kinds),
    )
    yield counter(
        "ostiary_authentications",
        "Who was proven, by kind of evidence; and evidence that proved nobody.",
        ("method", "outcome", "reason"),
        (row for kind, count in kinds for row in _authenticated(kind, count)),
    )
    yield counter(
        "ostiary_rejected",
        "Requests that were beyond a limit.",
        ("limit",),
        (((limit,), count) for kind, count in kinds if (limit := _LIMITS.get(kind.reason))),
    )


def _rejections(kinds: list[tuple[Kind, int]], credentials: Sequence[str]) -> Metric:
    """Every credential begins at zero: of a counter that begins at one, Prometheus sees no increase."""
    rejected = (
        ((kind.credential,), count)
        for kind, count in kinds
        if kind.credential is not None and kind.answered and kind.status == _UNAUTHORIZED
    )
    text = "Answers of 401 from an upstream to which the credential was shown."
    return counter(
        "ostiary_credential_rejections", text, ("credential",), [*(((one,), 0.0) for one in credentials), *rejected]
    )


def _decided(kind: Kind) -> str:
    return "allow" if kind.answered else decision(kind.status)


def _authenticated(kind: Kind, count: int) -> Iterator[tuple[tuple[str, ...], float]]:
    if kind.authenticated_by is not None:
        yield (kind.authenticated_by, "success", "allowed"), count
    elif method := _METHODS.get(kind.reason.partition(".")[0]):
        yield (method, "error" if kind.reason in _UNKNOWABLE else "failure", kind.reason), count
