"""Ostiary: certificate and token in, a credential from its local vault out. One process, as `ostiary serve` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from benchmarks.errors import BenchmarkFailed
from benchmarks.material import ALIAS, AUDIENCE, ISSUER
from benchmarks.peers import Start
from benchmarks.places import Place

_CONFIGURATION: Final = """
version: 1
listeners:
  public:
    bind: 127.0.0.1:{port}
    tls:
      certificate: file:{pki.server}
      private_key: file:{pki.server_key}
      minimum_version: "1.3"
      client: {{mode: required, authorities: ["file:{pki.ca}"]}}
issuers:
  bank: {{issuer: "{issuer}", jwks_url: "{jwks_url}", audiences: [{audience}], algorithms: [ES256]}}
vaults:
  local: {{type: local, path: vault.db, master_key: env:OSTIARY_MASTER_KEY}}
credentials:
  {alias}: {{vault: local}}
upstreams:
  protected: {{endpoints: ["{upstream}"]}}
routes:
  - name: everything
    match: {{path: /**}}
    authenticate:
      all:
        - mtls: {{subject: san.uri, allow: ["spiffe://**"]}}
        - jwt: {{issuers: [bank], bound: when-present}}
    authorize:
      - permissions: {{accounts: {{any: [read]}}}}
    inject:
      - basic: {{credential: {alias}}}
    upstream: protected
"""


@dataclass(frozen=True, slots=True)
class Ostiary:
    """The gateway of this repository, in every way as a user runs it."""

    name: str = "ostiary"
    title: str = "mTLS, JWT, permissions, Basic from a vault, access log"
    judges_tokens: bool = True
    injects: bool = True

    def missing(self) -> str | None:
        """Return what is not there yet, or None."""
        asked = subprocess.run([*_ostiary(), "serve", "--help"], capture_output=True, check=False)
        return None if asked.returncode == 0 else "`ostiary serve` is not part of this installation"

    def version(self) -> str:
        """Return its version and that of its event loop."""
        return f"{version('ostiary')} (uvloop {version('uvloop')}, httptools {version('httptools')})"

    def prepare(self, place: Place) -> Start:
        """Write its configuration and fill its vault.

        Raises:
            BenchmarkFailed: the vault takes no credential.
        """
        path = place.folder / "gateway.yaml"
        path.write_text(
            _CONFIGURATION.format(
                port=place.port,
                pki=place.material.pki,
                issuer=ISSUER,
                audience=AUDIENCE,
                alias=ALIAS,
                jwks_url=place.jwks_url,
                upstream=place.upstream_url,
            )
        )
        environment = {"OSTIARY_MASTER_KEY": b64encode(os.urandom(32)).decode(), "OSTIARY_CONFIG": str(path)}
        _put(place, environment)
        return Start([*_ostiary(), "serve", str(path)], environment)


def _ostiary() -> list[str]:
    return [sys.executable, "-m", "ostiary"]


def _put(place: Place, environment: dict[str, str]) -> None:
    """Store the credential in the vault, as an operator does."""
    command = [*_ostiary(), "vault", "put", ALIAS, "--id", place.material.user, "--secret-stdin"]
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
