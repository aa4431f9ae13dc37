"""Does every command of the tutorial do what stands below it?"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.neighbours import free_port

pytestmark = pytest.mark.integration

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial.md"
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
            timeout=60,
            check=False,
        )
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


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    reader = Reader(tmp_path, {usual: str(free_port()) for usual in PORTS})
    yield reader
    for process in reader.running:
        process.send_signal(signal.SIGTERM)
    for process in reader.running:
        process.wait(timeout=30)


def test_whoever_types_it_sees_it(reader: Reader) -> None:
    typed = commands(PAGE.read_text())
    assert len(typed) > 15
    for command, wanted in typed:
        said = reader.sees(reader.moved(command), wanted)
        assert all(line in said for line in wanted), (command, said)
        if command.startswith("ostiary init"):
            made = reader.folder / "first/gateway.yaml"
            made.write_text(reader.moved(made.read_text()))
    assert [process.poll() for process in reader.running] == [None, None]  # refusals were refusals, not absence
