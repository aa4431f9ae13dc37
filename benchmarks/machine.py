"""Facts that a number is worth nothing without."""

from __future__ import annotations

import os
import platform
import ssl
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.load import wrk
from benchmarks.peers import Peer
from benchmarks.places import ROOT


def facts(peers: list[Peer]) -> dict[str, Any]:
    """Return what was measured where. No host name, no path."""
    return {
        "cpu": processor(),
        "cores": os.cpu_count(),
        "memory_octets": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "openssl": ssl.OPENSSL_VERSION,
        "load_generator": wrk.version(),
        "commit": _commit(),
        "load_average_before": os.getloadavg()[0],
        "peers": {peer.name: {"title": peer.title, "version": peer.version()} for peer in peers},
    }


def processor() -> str:
    """Return which processor this is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    values = dict(line.replace("\t", "").split(":", 1) for line in lines if ":" in line)
    model = values.get("model name", platform.processor()).strip()
    return f"{model} (family {values.get('cpu family', '?').strip()}, model {values.get('model', '?').strip()})"


def _commit() -> str:
    """Return the commit of the tree, with a + when it has been changed since."""
    said = [_git("rev-parse", "--short", "HEAD"), _git("status", "--porcelain", "--untracked-files=no", "src")]
    return said[0] + ("+" if said[1] else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
