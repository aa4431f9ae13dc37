"""The table, the notes below it, and the JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

from benchmarks.measure import Plan, Sample
from benchmarks.memory import Held
from benchmarks.results import Results
from benchmarks.rounds import middle, ratio, spread
from benchmarks.targets import verdicts
from benchmarks.workloads import Workload

FLOOR: Final = "nginx"
RIVAL: Final = "envoy"
NOISY: Final = 0.05
"""Share of the gateway's core that may be used by others before the numbers are called noisy."""

NOTES: Final = (
    "us/req: CPU time of the gateway's processes for one request, user and system, in microseconds.",
    "Ratios are medians of the ratios within each round. spread: (largest - smallest) / median of the rounds.",
    "nginx and Caddy judge no token: they are floors, not rivals. Envoy and HAProxy judge tokens, and inject nothing.",
    "Envoy has BoringSSL, Caddy Go's TLS, the others OpenSSL; wrk and h2load offer TLS_AES_256_GCM_SHA384 only.",
    "Everybody writes an access log to a file. HAProxy and hypercorn send session tickets (see W4), the others none.",
    "Latency is that of a saturated gateway with a fixed number of callers: mostly connections / (requests a second).",
    "LAT is not saturated: 1 000 requests a second are due, and latency counts from the moment that each was due.",
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
    drawn = _plain(f"{workload.name}: {workload.title}")
    drawn.add_column("gateway", no_wrap=True)
    for heading in ("us/req", "spread", "x nginx", "x envoy", "req/s", "p50 ms", "p99 ms", "RSS MiB", "core"):
        drawn.add_column(heading, justify="right", no_wrap=True)
    for name in sorted(samples, key=lambda name: middle(samples[name]).microseconds):
        drawn.add_row(*_row(name, samples))
    return drawn


def memory(held: Mapping[str, Held]) -> Table:
    """Return the table of idle connections, the smallest first."""
    drawn = _plain("MEM: connections that have asked once, and are kept")
    for heading in ("gateway", "connections", "RSS before MiB", "with them MiB", "KiB each"):
        drawn.add_column(heading, justify="left" if heading == "gateway" else "right", no_wrap=True)
    for name, one in sorted(held.items(), key=lambda item: item[1].each):
        before, during = (f"{octets / (1 << 20):.0f}" for octets in (one.before, one.during))
        drawn.add_row(name, f"{one.connections:,}", before, during, f"{one.each / (1 << 10):.1f}")
    return drawn


def targets(results: Results) -> Table:
    """Return the table of what was to be reached, and what was."""
    drawn = _plain("Ostiary: targets")
    for heading in ("what", "at most", "measured", ""):
        drawn.add_column(heading, justify="right" if heading in ("at most", "measured") else "left", no_wrap=True)
    for verdict in verdicts(results):
        unit = verdict.target.unit
        measured = "" if verdict.measured is None else f"{verdict.measured:.2f} {unit}"
        drawn.add_row(verdict.target.what, f"{verdict.target.most:g} {unit}", measured, verdict.word)
    return drawn


def left_out(workload: str, peer: str, reason: str) -> Text:
    """Return the line that says loudly who is not measured, and why."""
    return Text(f"LEFT OUT: {peer}{f' in {workload}' if workload else ''}: {reason}", style="bold red")


def _plain(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))


def _peer(name: str, samples: Samples) -> dict[str, Any]:
    return {
        "median": asdict(middle(samples[name])),
        "spread": spread(samples[name]),
        "ratio_to_nginx": ratio(samples, name, FLOOR),
        "ratio_to_envoy": ratio(samples, name, RIVAL),
        "samples": [asdict(one) for one in samples[name]],
    }


def document(facts: Mapping[str, Any], plan: Plan, results: Results) -> dict[str, Any]:
    """Return all of it, for a file. Times are seconds, but for `microseconds`; sizes are octets."""
    return {
        "format": 2,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(facts),
        "plan": asdict(plan),
        "workloads": {
            workload: {name: _peer(name, samples) for name in samples} for workload, samples in results.samples.items()
        },
        "idle_connections": {name: {**asdict(one), "each": one.each} for name, one in results.held.items()},
        "first_sight_microseconds": asdict(results.first_sight) if results.first_sight else None,
        "targets": [
            {
                "what": one.target.what,
                "at_most": one.target.most,
                "unit": one.target.unit,
                "measured": one.measured,
                "verdict": one.word,
            }
            for one in verdicts(results)
        ],
        "left_out": results.left_out,
        "notes": list(NOTES),
    }
