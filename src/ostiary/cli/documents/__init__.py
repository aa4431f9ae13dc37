"""What `--json` prints: for each command one document, and its JSON Schema (2020-12).

words.py       what the schemas are written with
understand.py  check, explain, doctor, issuer, help, version, audit, demo
secrets.py     token, vault, keys
certs.py       certs
move.py        import, export, schema

A command that fails prints `{"error": ...}`, whichever it is, and so every schema allows that, too.
"""

from __future__ import annotations

from typing import Final

from ostiary.cli.documents.certs import CERTS
from ostiary.cli.documents.move import MOVE
from ostiary.cli.documents.secrets import SECRETS
from ostiary.cli.documents.understand import ERROR, UNDERSTAND
from ostiary.cli.documents.words import Schema

DOCUMENTS: Final[dict[str, Schema]] = {**UNDERSTAND, **SECRETS, **CERTS, **MOVE}
"""By the words of a command: what it prints when it does not fail."""


def schema_of(command: str) -> Schema:
    """Return the schema of what a command prints with --json, failures included.

    Raises:
        KeyError: no command of that name prints a document.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"ostiary {command} --json",
        "anyOf": [DOCUMENTS[command], ERROR],
    }
