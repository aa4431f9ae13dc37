"""A view over a compiled gateway that nobody has started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ostiary.admin.view import View
from ostiary.build import compile_gateway
from ostiary.config.load import load
from ostiary.gateway import Gateway
from ostiary.observe.access import AccessLog
from ostiary.observe.lifecycle import Lifecycle
from ostiary.observe.metrics import Metrics
from ostiary.vault.local import new_key_text

FILE = """
version: 1
listeners: {public: {bind: "127.0.0.1:8443"}}
admin: {bind: 127.0.0.1:9444, token: env:ADMIN_TOKEN}
issuers:
  bank: {issuer: "https://id.example.com/bank", audiences: [accounts]}
vaults:
  local: {type: local, path: vault.db, master_key: file:master.key}
credentials:
  legacy: {vault: local}
upstreams:
  service: {endpoints: ["http://127.0.0.1:1"]}   # canary-in-a-comment
routes:
  - name: accounts
    match: {path: /accounts}
    authenticate: {jwt: {issuers: [bank]}}
    authorize: anyone
    inject:
      - basic: {credential: legacy}
      - header: {name: X-Subject, value: "{principal.subject}"}
      - header: {name: X-Plain, value: canary-in-a-constant}
    upstream: service
"""


@dataclass
class Serving:
    gateway: Gateway
    listeners: Mapping[str, Any] = field(default_factory=dict)


@pytest.fixture
def viewing(tmp_path: Path) -> Callable[[str], View]:
    """A view over the gateway of a file."""

    def of(text: str = FILE) -> View:
        (tmp_path / "master.key").write_text(new_key_text())
        file = tmp_path / "gateway.yaml"
        file.write_text(text)
        metrics = Metrics()
        access = AccessLog(metrics=metrics)
        return View(Serving(compile_gateway(load(file), access)), Lifecycle(), metrics, access)

    return of


@pytest.fixture
def view(viewing: Callable[[], View]) -> View:
    return viewing()
