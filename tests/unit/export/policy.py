"""A small policy, to be changed for each test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.tokens import Signer

from ostiary.config.load import load
from ostiary.export import Place, Plan, plan

HOME = Path("/etc/envoy/ostiary")


def route(name: str = "one", path: str = "/one", **changed: Any) -> dict[str, Any]:
    """Return a route that nobody has to prove anything for."""
    return {
        "name": name,
        "match": {"path": path},
        "authenticate": {"anonymous": {}},
        "authorize": "anyone",
        "upstream": "old",
        **changed,
    }


def document(*routes: dict[str, Any], asking: bool = True, **changed: Any) -> dict[str, Any]:
    """Return a file."""
    client = {"client": {"mode": "optional", "authorities": ["file:ca.pem"]}} if changed.pop("told", False) else {}
    decide = {"dialect": "envoy-http", **client}
    decides = {"decides": {"bind": "unix:/run/d.sock", "decide": decide}} if asking else {}
    return {
        "version": 1,
        "listeners": {"public": {"bind": "127.0.0.1:8443", **changed.pop("public", {})}, **decides},
        "issuers": {
            "bank": {"issuer": "https://id.example.com", "jwks_url": "https://id.example.com/keys", "audiences": ["a"]},
            "filed": {"issuer": "https://f.example.com", "jwks_file": "file:keys.json", "audiences": ["a"]},
            "found": {"issuer": "https://d.example.com", "audiences": ["a"]},
            **changed.pop("issuers", {}),
        },
        "vaults": {"folder": {"type": "files", "path": "secrets"}},
        "credentials": {
            "legacy": {"vault": "folder"},
            "each": {"vault": "folder", "path": "{principal.subject}"},
        },
        "upstreams": {"old": {"endpoints": ["http://10.0.0.5:9000"], **changed.pop("old", {})}},
        "routes": list(routes),
        **changed,
    }


def planned(folder: Path, *routes: dict[str, Any], asking: bool = True, **changed: Any) -> Plan:
    """Return the judged policy of these routes."""
    file = folder / "gateway.yaml"
    file.write_text(json.dumps(document(*routes, asking=asking, **changed)))
    keys = folder / "keys.json"
    if not keys.exists():
        keys.write_text(json.dumps({"keys": [Signer("k").jwk()]}))
    owned = (b"Authorization", b"X-Subject")
    return plan(load(file), "public", Place(HOME), asked="decides" if asking else None, owned=owned, evidence=())
