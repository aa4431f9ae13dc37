"""Does a file of keys hold keys? Which of them verify is for the gateway to say, when it reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from ostiary.config.checks.outside import Findings
from ostiary.config.problem import Problem

_PUBLIC: Final = re.compile(rb"-----BEGIN (?:CERTIFICATE|(?:RSA )?PUBLIC KEY)-----")
_SECRET: Final = re.compile(rb"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----")


def of_issuers(findings: Findings) -> Iterator[Problem]:
    """Judge the key sets of issuers that are files, and our keys for encrypted tokens."""
    for name, issuer in findings.draft.issuers.items():
        place = ("issuers", name, "jwks_file")
        data = findings.found.get(place)
        if data is not None and not _has_keys(data):
            message = f"{findings.shown(place)} holds no key set, no certificate and no public key"
            yield findings.draft.problem("C521", message, place)
        for position in range(len(issuer.decryption_keys)):
            key = ("issuers", name, "decryption_keys", position)
            data = findings.found.get(key)
            if data is not None and not _SECRET.search(data):
                message = f"{findings.shown(key)} holds no private key (PEM, without a password)"
                yield findings.draft.problem("C521", message, key)


def _has_keys(data: bytes) -> bool:
    """Whether it is PEM with something public in it, a key set with members, or a map of certificates."""
    if data.lstrip().startswith(b"-----BEGIN"):
        return _PUBLIC.search(data) is not None
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(fields, dict) or not fields:
        return False
    keys = fields.get("keys")
    return bool(keys) if isinstance(keys, list) else all(isinstance(one, str) for one in fields.values())
