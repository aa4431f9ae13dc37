"""Is every piece of YAML in the documents what the language is today?

A page shows what it talks about, and no more. The rest of a whole file is lent to it here: a listener, an upstream,
a route, and the entries that other pages name. What is then said of the file is said of the page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.pages import PAGES, Place, blocks

from ostiary.config.load import examine
from ostiary.config.reading.layers import read_all
from ostiary.config.schema import GatewaySpec, RouteSpec

BLOCKS = blocks("yaml", PAGES)
NOT_THERE = re.compile(r"C5\d\d|C220")  # files and secrets of somebody else's machine; what is lent and not used
ROUTE = {
    "name": "lent",
    "match": {"path": "/api/*/*", "methods": ["POST"]},
    "authenticate": {"all": [{"jwt": {"issuers": ["bank"]}}]},
    "authorize": "anyone",
    "upstream": "lent",
}
LENT: dict[str, dict[str, Any]] = {
    "issuers": {"bank": {"issuer": "https://id.example.com", "audiences": ["lent"]}},
    "vaults": {
        "local": {"type": "local", "path": "vault.db", "master_key": "env:MASTER_KEY"},
        "corporate": {"type": "hashicorp", "address": "https://vault.example.com", "auth": {"token": "env:TOKEN"}},
        "cloud": {"type": "azure", "address": "https://bank.vault.azure.net", "auth": {"environment": "default"}},
    },
    "credentials": {
        **{alias: {"vault": "local"} for alias in ("legacy-accounts", "gateway", "redis", "sentinel")},
        "aws": {"vault": "corporate", "path": "aws"},
        "aws-session": {"vault": "corporate", "path": "aws", "secret": "session_token"},
    },
    "keys": {name: {"type": "local", "vault": "local"} for name in ("ours", "front", "partner")},
    "upstreams": {name: {"endpoints": ["http://127.0.0.1:9000"]} for name in ("lent", "calls", "accounts")},
}


def said(place: Place, folder: Path) -> dict[str, Any]:
    """What a block says, read as strictly as a file is."""
    file = folder / "block.yaml"
    file.write_text(place.text)
    whole = read_all((file,))
    assert whole.tree is not None, whole.problems
    assert [*whole.problems, *whole.tree.problems] == []
    found: dict[str, Any] = whole.tree.data
    return found


def completed(found: dict[str, Any]) -> dict[str, Any]:
    """A whole file, of what a page says and what it is lent."""
    if "mtls" in found:
        found = {"authenticate": found}
    if set(found) <= set(RouteSpec.model_fields):
        found = {"routes": [found]}
    assert set(found) <= set(GatewaySpec.model_fields)
    file = {"version": 1, "listeners": {"lent": _listener(found)}, "routes": [{}], **found}
    for section, entries in LENT.items():
        file[section] = {**entries, **file.get(section, {})}
    file["routes"] = [{**ROUTE, **route} for route in file["routes"]]
    return file


def _listener(found: dict[str, Any]) -> dict[str, Any]:
    tls: dict[str, Any] = {"certificate": "file:server.pem", "private_key": "file:server.key"}
    if "authenticate" in json.dumps(found):
        tls["client"] = {"mode": "optional", "authorities": ["file:ca.pem"]}
    return {"bind": "127.0.0.1:8443", "tls": tls}


def wrong(place: Place, folder: Path) -> list[str]:
    """What is wrong with a block, in the loader's words."""
    file = folder / "gateway.yaml"
    file.write_text(json.dumps(completed(said(place, folder)), indent=1))  # JSON is YAML
    problems = examine(file, environ={}).problems
    return [f"{one.code} {one.path}: {one.message}" for one in problems if not NOT_THERE.match(one.code)]


def test_there_are_many():
    assert len(BLOCKS) >= 29


@pytest.mark.parametrize("place", BLOCKS, ids=str)
def test_it_is_a_file_that_could_be_served(place: Place, tmp_path: Path):
    assert wrong(place, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("autorize: anyone\n", "C1"),
        ("inject:\n  - basic: {credential: nobody}\n", "C2"),
        ("rewrite:\n  path: {strip_prefx: /api}\n", "C1"),
    ],
)
def test_a_mistake_in_one_would_be_seen(text: str, code: str, tmp_path: Path):
    found = wrong(
        Place("page.md", 1, f"routes:\n  - name: own\n    {text.replace(chr(10), chr(10) + '    ')}"), tmp_path
    )
    assert [one for one in found if one.startswith(code)]
