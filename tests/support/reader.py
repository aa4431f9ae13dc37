"""Somebody who types the commands of a page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

PORTS = ("8443", "9444", "8000")
PATIENCE = 40.0


def commands(page: str) -> list[tuple[str, list[str]]]:
    """The commands of a page's console blocks, each with the lines that stand below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


@dataclass
class Reader:
    """Somebody who types what stands there, on a machine where the usual ports may be taken."""

    folder: Path
    ports: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    code: int = 0

    def types(self, command: str) -> str:
        """Return what a command says."""
        if command.startswith("cd "):
            self.folder /= command[3:]
            return ""
        if command.endswith(" &"):
            self.running.append(
                subprocess.Popen(["bash", "-c", f"exec {command[:-2]}"], cwd=self.folder, env=self.environment)
            )
            return ""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        self.code = done.returncode
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "no_proxy": "*", "NO_COLOR": "1"}

    def moved(self, text: str) -> str:
        """A text, with the ports that are free here."""
        return re.sub(r"\b(" + "|".join(PORTS) + r")\b", lambda usual: self.ports[usual[0]], text)

    def sees(self, command: str, wanted: list[str]) -> str:
        """Type until what is wanted comes: neither a start nor a change is instantaneous. Return what came."""
        end = time.monotonic() + PATIENCE
        while True:
            said = self.types(command)
            if all(line in said for line in wanted) or not command.startswith("curl") or time.monotonic() > end:
                return said
            time.sleep(0.3)
