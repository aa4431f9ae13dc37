"""The command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.measure import Plan
from benchmarks.peers import Peer, everyone
from benchmarks.places import ROOT, Cores
from benchmarks.workloads import WORKLOADS, Workload

Thing = TypeVar("Thing")
DEFAULT_PEERS: Final = ",".join(everyone())
QUICK_PEERS: Final = "nginx,ostiary,envoy"
QUICK_WORKLOADS: Final = "W1,W1M,W4"
DEFAULT_JSON: Final = ROOT / "benchmarks" / "results" / "latest.local.json"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for.

    Attributes:
        peers, workloads, plan: who, what, how long.
        named: the peers were listed, so that a missing one is a mistake and not to be left out.
        json: where the numbers are written.
        install: install what is missing.
        keep: keep configurations and logs.
    """

    peers: list[Peer]
    named: bool
    workloads: list[Workload]
    plan: Plan
    json: Path
    install: bool
    keep: bool


def parse(arguments: list[str]) -> Options:
    """Return what the command line says; leaves with 2 when it makes no sense."""
    parser = _parser()
    said = parser.parse_args(arguments)
    rounds, seconds, workloads = (3, 2.7, QUICK_WORKLOADS) if said.quick else (5, 5.0, ",".join(WORKLOADS))
    cores = Cores(said.gateway_core, said.load_core)
    if cores.gateway == cores.load or not {cores.gateway, cores.load} <= os.sched_getaffinity(0):
        parser.error(f"two different cores are wanted, of {sorted(os.sched_getaffinity(0))}")
    return Options(
        peers=_chosen(parser, "peer", said.peers or (QUICK_PEERS if said.quick else DEFAULT_PEERS), everyone()),
        named=said.peers is not None,
        workloads=_chosen(parser, "workload", said.workloads or workloads, WORKLOADS),
        plan=Plan(said.rounds or rounds, said.seconds or seconds, said.connections, cores),
        json=said.json,
        install=said.install,
        keep=said.keep,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure gateways side by side.")
    add = parser.add_argument
    add("--quick", action="store_true", help=f"{QUICK_WORKLOADS} with {QUICK_PEERS}, 3 rounds of 2.7 s")
    add("--rounds", type=_positive(int), help="samples of each peer (5)")
    add("--seconds", type=_positive(float), help="length of a sample (5)")
    add("--connections", type=_positive(int), default=64, help="callers at a time (64)")
    add("--peers", help=f"{','.join(everyone())} (default: all that are installed)")
    add("--workloads", help=f"{','.join(WORKLOADS)} (default: all)")
    add("--gateway-core", type=int, default=0, help="core of the gateway (0)")
    add("--load-core", type=int, default=1, help="core of callers and upstream (1)")
    add("--json", type=Path, default=DEFAULT_JSON, help="where the numbers are written")
    add("--install", action="store_true", help="install what is missing: apt-get when root, Envoy into .tools/")
    add("--keep", action="store_true", help="keep the folder with configurations and logs")
    return parser


def _positive(kind: type[int | float]) -> Callable[[str], float]:
    def parse_number(text: str) -> float:
        number = kind(text)
        if not 0 < number <= 3600:
            raise argparse.ArgumentTypeError("a number from 1 to 3600 is wanted")
        return number

    return parse_number


def _chosen(parser: argparse.ArgumentParser, kind: str, said: str, known: Mapping[str, Thing]) -> list[Thing]:
    names = list(dict.fromkeys(name for name in said.split(",") if name))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        parser.error(f"no such {kind}: {', '.join(unknown) or 'none given'}; there are {', '.join(known)}")
    return [known[name] for name in names]
