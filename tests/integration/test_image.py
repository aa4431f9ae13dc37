"""Do the steps of the Dockerfile make a gateway that runs? Without containers, in a folder that stands for the image."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.distant]  # the libraries come from a package index

ROOT = Path(__file__).resolve().parents[2]
FILE = (ROOT / "deploy/container/Dockerfile").read_text()
PLACES = re.compile(r"(?<![\w.])/(?=(?:opt|build|bank)\b)")


def steps(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, and what each says."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


class Image:
    """What is made, as a folder. All stages are one: what one copies from another has the same place in it.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root
        self.environment = {**os.environ, "HOME": "/nowhere", "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}

    def inside(self, text: str) -> str:
        return PLACES.sub(lambda _: f"{self.root}/", text)

    def take(self, word: str, rest: str) -> None:
        """Carry out one instruction."""
        if word == "WORKDIR":
            self.folder = Path(self.inside(rest))
            self.folder.mkdir(parents=True)
        elif word == "COPY" and not rest.startswith("--from"):
            self.copy(*rest.split())
        elif word == "RUN":
            self.run(rest)
        elif word == "ENV":
            for name, value in (one.split("=", 1) for one in shlex.split(rest)):
                self.environment[name] = self.inside(value).replace("$PATH", self.environment["PATH"])

    def copy(self, *named: str) -> None:
        *sources, to = named
        for source in sources:
            target = self.folder / to
            if (ROOT / source).is_dir():  # the content of a folder, not the folder
                shutil.copytree(ROOT / source, target, symlinks=True, dirs_exist_ok=True)
            else:
                target = target / Path(source).name if to.endswith("/") else target
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, target)

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-ec", self.inside(command)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if "No matching distribution" in done.stderr or "Failed to establish" in done.stderr:
            pytest.skip("a package index is needed")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_what_it_makes_is_a_gateway_with_all_that_it_needs(tmp_path: Path):
    image, found = Image(tmp_path), steps(FILE)
    for word, rest in found:
        if "/bank" not in rest:  # the demo's volumes, of another user
            image.take(word, rest)
    (entry,) = (rest for word, rest in found if word == "ENTRYPOINT")
    (program,) = json.loads(entry)
    assert image.run(f"command -v {program}").strip() == f"{tmp_path}/opt/ostiary/bin/ostiary"
    assert image.run(f"{program} version").startswith("ostiary ")
    image.folder = tmp_path
    image.run(f"{program} init first && cd first && printf x | {program} vault put service --id a --secret-stdin")
    assert "no problems" in image.run(f"cd first && {program} check")
    assert "No broken requirements" in image.run("/opt/ostiary/bin/python -m pip check")


def test_nothing_is_taken_from_elsewhere_than_the_tree_and_the_index():
    words = {word for word, _ in steps(FILE)}
    assert words <= {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT", "CMD"}
    assert "curl" not in FILE
    assert {rest.split()[0] for word, rest in steps(FILE) if word == "FROM"} == {"python:3.13-slim", "gateway"}
