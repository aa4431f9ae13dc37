"""Can somebody else bring a kind of vault?

A tiny distribution is installed beside the gateway, by pip, and used by a process of its own: its entry
point is a part of the language, and its provider is cached like ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

CANARY = "canary-shelf-70"
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "ostiary-shelf"
version = "1.0"

[project.entry-points."ostiary.vaults"]
shelf = "ostiary_shelf:shelf"
absent = "ostiary_shelf:no_such_name"
local = "ostiary_shelf:shelf"
nameless = "ostiary_shelf:shelf"
"""
MODULE = '''
import time
from typing import Literal

from pydantic import Field

from ostiary.vault.plugin import Backend, Cached, NotFound, Secret, SecretRecord, Spec, Text


class ShelfSpec(Spec):
    """A shelf of texts."""

    type: Literal["shelf"]
    path: Text = Field(description="The folder.")
    cache: Cached


class ShelfProvider:
    def __init__(self, folder):
        self.folder = folder
        self.origin = str(folder)

    async def start(self):
        pass

    async def aclose(self):
        pass

    def inherit(self, previous):
        pass

    def check(self, path):
        pass

    def changed(self):
        return False

    async def fetch(self, path, version):
        try:
            text = (self.folder / path).read_bytes()
        except OSError:
            raise NotFound("there is no such text") from None
        return SecretRecord({"secret": Secret(text)}, "1", time.monotonic())


shelf = Backend(spec=ShelfSpec, compile=lambda spec, folder: ShelfProvider(folder / spec.path))
'''
CONFIG = """
version: 1
listeners: {{public: {{bind: 127.0.0.1:0}}}}
vaults:
  texts: {{{vault}}}
credentials:
  crm: {{vault: texts}}
upstreams:
  legacy: {{endpoints: [http://127.0.0.1:9]}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [bearer: {{credential: crm}}]
    upstream: legacy
"""
GOOD = "type: shelf, path: texts"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the distribution into a folder of its own."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("library")
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "ostiary_shelf.py").write_text(MODULE)
    options = [
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--disable-pip-version-check",
        "--target",
        str(target),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", *options, str(source)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


def ostiary(library: Path, folder: Path, vault: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "texts").mkdir(exist_ok=True)
    (folder / "texts" / "crm").write_text(CANARY)
    (folder / "gateway.yaml").write_text(CONFIG.format(vault=vault))
    environment = {**os.environ, "PYTHONPATH": str(library), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "ostiary", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_a_type_like_others(library: Path, tmp_path: Path):
    done = ostiary(library, tmp_path, GOOD, "check", "gateway.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_fields_are_judged_by_its_own_spec(library: Path, tmp_path: Path):
    done = ostiary(library, tmp_path, "type: shelf, pathh: texts", "check", "gateway.yaml")
    assert done.returncode == 1
    assert "C101" in done.stdout + done.stderr
    assert "path" in done.stdout + done.stderr


def test_editors_know_it(library: Path, tmp_path: Path):
    done = ostiary(library, tmp_path, GOOD, "schema")
    assert '"ShelfSpec"' in done.stdout


@pytest.mark.parametrize("name", ["absent", "nameless"])
def test_what_cannot_be_loaded_is_told_where_it_is_asked_for(library: Path, tmp_path: Path, name: str):
    done = ostiary(library, tmp_path, f"type: {name}, path: texts", "check", "gateway.yaml")
    assert done.returncode == 1
    assert "C561" in done.stdout + done.stderr
    assert "ostiary_shelf" in done.stdout + done.stderr


def test_nobody_takes_the_place_of_ours(library: Path, tmp_path: Path):
    done = ostiary(library, tmp_path, "type: local, path: texts", "check", "gateway.yaml")
    assert "'master_key' is missing" in done.stdout + done.stderr


USE = """
import asyncio, sys
import ostiary

async def main():
    async with ostiary.open_vault("gateway.yaml") as vault:
        found = await vault.extract("crm")
        assert found.secret.reveal() == sys.argv[1].encode(), found
        print(found)

asyncio.run(main())
"""


def test_its_records_are_credentials(library: Path, tmp_path: Path):
    ostiary(library, tmp_path, GOOD, "version")
    environment = {**os.environ, "PYTHONPATH": str(library)}
    command = [sys.executable, "-c", USE, CANARY]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
