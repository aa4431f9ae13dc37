"""Ostiary: certificate and token in, a credential from its local vault out. One process, as `ostiary serve` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.errors import BenchmarkFailed
from benchmarks.material import ALIAS, AUDIENCE, ISSUER
from benchmarks.peers import Start
from benchmarks.places import LOOPBACK, Place, free_port
from benchmarks.workloads import route_paths


def configuration(place: Place) -> dict[str, Any]:
    """Return the gateway's file: one listener, one issuer, one credential, one upstream, `place.routes` routes."""
    pki = place.material.pki
    client = {"mode": "required", "authorities": [f"file:{pki.ca}"]}
    tls = {"certificate": f"file:{pki.server}", "private_key": f"file:{pki.server_key}", "minimum_version": "1.3"}
    issuer = {"issuer": ISSUER, "jwks_url": place.jwks_url, "audiences": [AUDIENCE], "algorithms": ["ES256"]}
    return {
        "version": 1,
        "listeners": {"public": {"bind": f"{LOOPBACK}:{place.port}", "tls": {**tls, "client": client}}},
        "issuers": {"bank": issuer},
        "vaults": {"local": {"type": "local", "path": "vault.db", "master_key": "env:OSTIARY_MASTER_KEY"}},
        "credentials": {ALIAS: {"vault": "local"}},
        "upstreams": {"protected": {"endpoints": [place.upstream_url]}},
        "routes": [EVERYTHING] if place.routes == 1 else [_short(path) for path in route_paths(place.routes)],
    }


EVERYTHING: Final[dict[str, Any]] = {
    "name": "everything",
    "match": {"path": "/**"},
    "authenticate": {
        "all": [
            {"mtls": {"subject": "san.uri", "allow": ["spiffe://**"]}},
            {"jwt": {"issuers": ["bank"], "bound": "when-present"}},
        ]
    },
    "authorize": [{"permissions": {"accounts": {"any": ["read"]}}}],
    "inject": [{"basic": {"credential": ALIAS}}],
    "upstream": "protected",
}


def _short(path: str) -> dict[str, Any]:
    """Return a route as short as it can be: a file has room for ten thousand of these, and not of longer ones."""
    return {
        "name": path.removesuffix("/leaf").strip("/").replace("/", "-"),
        "match": {"path": path.replace("leaf", "**")},
        "authenticate": {"jwt": {"issuers": ["bank"]}},
        "authorize": "anyone",
        "upstream": "protected",
    }


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write a gateway's file; JSON is YAML."""
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in document.items()))


_COMPILED: Final = Path(__file__).resolve().parents[2] / ".venv-compiled" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Ostiary:
    """The gateway of this repository, in every way as a user runs it.

    Attributes:
        compiled: from `.venv-compiled`, where the data path is machine code; else from where this runs.
    """

    compiled: bool = True
    judges_tokens: bool = True
    injects: bool = True

    @property
    def name(self) -> str:
        """What it is called."""
        return "ostiary" if self.compiled else "ostiary-pure"

    @property
    def title(self) -> str:
        """What it does here."""
        how = "" if self.compiled else ", not compiled"
        return f"mTLS, JWT, permissions, Basic from a vault, access log, metrics{how}"

    def missing(self) -> str | None:
        """Return what is not there yet, or None."""
        if self.compiled and not _COMPILED.exists():
            return "`make compiled` makes it"
        asked = subprocess.run([*self._program(), "serve", "--help"], capture_output=True, check=False)
        return None if asked.returncode == 0 else "`ostiary serve` is not part of this installation"

    def _program(self) -> list[str]:
        return [str(_COMPILED), "-m", "ostiary"] if self.compiled else program()

    def version(self) -> str:
        """Return its version and that of its event loop."""
        return f"{version('ostiary')} (uvloop {version('uvloop')}, httptools {version('httptools')})"

    def prepare(self, place: Place) -> Start:
        """Write its configuration and fill its vault.

        Raises:
            BenchmarkFailed: the vault takes no credential.
        """
        path = place.folder / "gateway.yaml"
        write(path, {**configuration(place), "admin": {"bind": f"{LOOPBACK}:{free_port()}"}})
        environment = {"OSTIARY_MASTER_KEY": b64encode(os.urandom(32)).decode(), "OSTIARY_CONFIG": str(path)}
        put(place, environment)
        return Start([*self._program(), "serve", str(path)], environment)


def program() -> list[str]:
    """Return how the program of this installation is called."""
    return [sys.executable, "-m", "ostiary"]


def put(place: Place, environment: dict[str, str]) -> None:
    """Store the credential in the vault, as an operator does."""
    command = [*program(), "vault", "put", ALIAS, "--id", place.material.user, "--secret-stdin"]
    done = subprocess.run(
        command,
        input=place.material.password.encode(),
        env={**os.environ, **environment},
        cwd=place.folder,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkFailed(f"`ostiary vault put` failed:\n{done.stderr.decode(errors='replace')}")
