"""Tokens that issuers give the gateway."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, gauge
from ostiary.admin.view import View


def issued(view: View) -> Iterator[Metric]:
    """Return what is told of tokens for upstreams: the gateway's own, and those that callers' were exchanged for."""
    now, labels = time.time(), ("client", "issuer")
    known = [((one.alias, one.endpoint.place), one.state) for one in view.own_tokens]
    yield gauge(
        "ostiary_oauth_token_usable", "0 when a token cannot be had: what needs it ends with 503.", labels,
        ((names, float(state.usable)) for names, state in known),
    )  # fmt: skip
    yield gauge(
        "ostiary_oauth_token_expiry_timestamp_seconds", "Until when the token in use may be used.", labels,
        ((names, now + state.expires) for names, state in known if state.expires is not None),
    )  # fmt: skip
    asked = [(one.alias, one.endpoint, "client_credentials") for one in view.own_tokens]
    asked += [(one.alias, one.endpoint, "client_credentials") for one in view.caller_tokens]
    asked += [(one.alias, one.endpoint, "token_exchange") for one in view.exchanged_tokens]
    yield counter(
        "ostiary_oauth_token_requests", "Requests for tokens.", (*labels, "grant", "outcome"),
        (
            ((alias, endpoint.place, grant, "success" if good else "failure"), float(endpoint.asked[good]))
            for alias, endpoint, grant in asked
            for good in (True, False)
        ),
    )  # fmt: skip
    kept = [((one.alias, one.endpoint.place), float(len(one))) for one in view.exchanged_tokens]
    kept += [((one.alias, one.endpoint.place), float(len(one))) for one in view.caller_tokens]
    yield gauge(
        "ostiary_oauth_exchanged_tokens",
        "Callers whose token is kept: exchanged ones, and those of their clients.",
        labels,
        kept,
    )
