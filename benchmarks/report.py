"""The table, the notes below it, and the JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from rich import box
from rich.table import Table

from benchmarks.measure import Plan, Sample
from benchmarks.rounds import middle, ratio, spread
from benchmarks.workloads import Workload

FLOOR: Final = "nginx"
RIVAL: Final = "envoy"
NOISY: Final = 0.05
"""Share of the gateway's core that may be used by others before the numbers are called noisy."""

NOTES: Final = (
    "us/req: CPU time of the gateway's processes for one request, user and system, in microseconds.",
    "Ratios are medians of the ratios within each round. spread: (largest - smallest) / median of the rounds.",
    "nginx judges no token and injects nothing: it is the floor, not a rival. Envoy judges tokens, injects nothing.",
    "Envoy has BoringSSL, the others OpenSSL; all are spoken to with TLS 1.3 and TLS_AES_256_GCM_SHA384.",
    "Everybody writes an access log to a file. nginx and Envoy send no session tickets; hypercorn sends two (see W4).",
    "Latency is that of a saturated gateway with a fixed number of callers: mostly connections / (requests a second).",
    "core: share of a core the gateway used. Well below 100 % it waited: for the load, or for others on either core.",
    "A row marked *: others used more than 5 % of the gateway's core. Measure again on a quiet machine.",
)

Samples = Mapping[str, list[Sample]]


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _row(name: str, samples: Samples) -> list[str]:
    one = middle(samples[name])
    return [
        name + (" *" if one.foreign > NOISY else ""),
        f"{one.microseconds:.1f}",
        f"{spread(samples[name]):.0%}",
        _times(ratio(samples, name, FLOOR)),
        _times(ratio(samples, name, RIVAL)),
        f"{one.rate:,.0f}",
        f"{one.p50 * 1e3:.2f}",
        f"{one.p99 * 1e3:.2f}",
        f"{one.resident / (1 << 20):.0f}",
        f"{one.busy:.0%}",
    ]


def table(workload: Workload, samples: Samples) -> Table:
    """Return the table of one workload, cheapest first."""
    drawn = Table(title=f"{workload.name}: {workload.title}", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    drawn.add_column("gateway", no_wrap=True)
    for heading in ("us/req", "spread", "x nginx", "x envoy", "req/s", "p50 ms", "p99 ms", "RSS MiB", "core"):
        drawn.add_column(heading, justify="right", no_wrap=True)
    for name in sorted(samples, key=lambda name: middle(samples[name]).microseconds):
        drawn.add_row(*_row(name, samples))
    return drawn


def _peer(name: str, samples: Samples) -> dict[str, Any]:
    return {
        "median": asdict(middle(samples[name])),
        "spread": spread(samples[name]),
        "ratio_to_nginx": ratio(samples, name, FLOOR),
        "ratio_to_envoy": ratio(samples, name, RIVAL),
        "samples": [asdict(one) for one in samples[name]],
    }


def document(facts: Mapping[str, Any], plan: Plan, results: Mapping[str, Samples]) -> dict[str, Any]:
    """Return all of it, for a file. Times are seconds, but for `microseconds`; sizes are octets."""
    return {
        "format": 1,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(facts),
        "plan": asdict(plan),
        "workloads": {
            workload: {name: _peer(name, samples) for name in samples} for workload, samples in results.items()
        },
        "notes": list(NOTES),
    }
