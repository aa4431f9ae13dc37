"""What one process tells another of itself, as octets, and back: JSON, because the two may be of different builds."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from prometheus_client.metrics_core import Metric

from ostiary.admin.health import Part
from ostiary.admin.source import Families, Health
from ostiary.reasons import Reason

T = TypeVar("T")
_REASONS: Final = {str(reason): reason for reason in Reason}


def undisturbed(work: Callable[..., T], *arguments: Any) -> T:
    """Work without the cyclic collector, which would go through a hundred thousand samples while requests wait."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return work(*arguments)
    finally:
        if enabled:
            gc.enable()


def health_told(health: Health) -> bytes:
    """Return health as octets."""
    told = {"state": health.state, "digest": health.digest, "parts": [part.told() for part in health.parts]}
    return json.dumps(told).encode()


def health_of(octets: bytes) -> Health:
    """Return what `health_told` has written."""
    told = json.loads(octets)
    parts = (Part(one["kind"], one["name"], one["condition"], _REASONS.get(one["reason"])) for one in told["parts"])
    return Health(told["state"], tuple(parts), told["digest"])


def metrics_told(families: Families) -> bytes:
    """Return metrics as octets. Takes a while."""
    told = [
        (family.name, family.documentation, family.type, [(one.name, one.labels, one.value) for one in family.samples])
        for family in families.collect()
    ]
    return json.dumps(told, separators=(",", ":")).encode()


def metrics_of(octets: bytes) -> list[Metric]:
    """Return what `metrics_told` has written. Takes a while."""
    return [_family(*one) for one in json.loads(octets)]


def _family(name: str, text: str, kind: str, samples: Iterable[tuple[str, dict[str, str], float]]) -> Metric:
    family = Metric(name, text, kind)
    for sample in samples:
        family.add_sample(*sample)
    return family
