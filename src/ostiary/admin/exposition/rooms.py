"""Credentials, and the vaults they come from."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, gauge, summary
from ostiary.admin.view import View


def rooms(view: View) -> Iterator[Metric]:
    """Return what is told of credentials and vaults."""
    now, label = time.time(), ("credential",)
    known = [((source.alias,), source.state) for vault in view.vaults for source in vault.sources]
    yield gauge(
        "ostiary_credential_version_info", "The version of a credential in use.", ("credential", "version"),
        (((*alias, state.version), 1.0) for alias, state in known if state.version is not None),
    )  # fmt: skip
    yield gauge(
        "ostiary_credential_usable", "0 when a credential cannot be had: what needs it ends with 503.", label,
        ((alias, float(state.usable)) for alias, state in known),
    )  # fmt: skip
    yield gauge(
        "ostiary_credential_fetched_timestamp_seconds", "When the credential in use was asked for.", label,
        ((alias, now - state.age) for alias, state in known if state.age is not None),
    )  # fmt: skip
    yield gauge(
        "ostiary_credential_expiry_timestamp_seconds", "When the version of a credential in use ends by itself.", label,
        ((alias, now + state.expires) for alias, state in known if state.expires is not None),
    )  # fmt: skip
    rotations = [(alias, float(state.rotations)) for alias, state in known]
    yield counter("ostiary_credential_rotations", "How often another version came into use.", label, rotations)
    yield from _vaults(view)


def _vaults(view: View) -> Iterator[Metric]:
    known = [(vault.name, *vault.fetches) for vault in view.vaults]
    good = [((name, "success"), float(one)) for name, one, _, _ in known]
    failed = [((name, "failure"), float(one)) for name, _, one, _ in known]
    yield counter("ostiary_credential_fetches", "Fetches from vaults.", ("vault", "outcome"), [*good, *failed])
    took = [((name, "read"), one + other, seconds) for name, one, other, seconds in known]
    text = "How long vaults took to answer, or not to."
    yield summary("ostiary_vault_request_duration_seconds", text, ("vault", "operation"), took)
