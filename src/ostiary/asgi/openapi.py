"""Certificates as evidence in OpenAPI, of which FastAPI has no model (OpenAPI 3.1, section 4.8.27)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

BEARER: Final = "bearer"
MUTUAL_TLS: Final = "mutualTLS"
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def with_certificates(openapi: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Return what writes the same document, with a certificate wherever a token is evidence."""

    def told() -> dict[str, Any]:
        document = openapi()
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        if MUTUAL_TLS not in schemes:  # the document is kept, and comes by here again
            schemes[MUTUAL_TLS] = {"type": MUTUAL_TLS, "description": "A certificate that `gateway.yaml` accepts."}
            for path in document.get("paths", {}).values():
                for method in path.keys() & set(_METHODS):
                    _either(path[method])
        return document

    return told


def _either(operation: dict[str, Any]) -> None:
    """Let a certificate be the other evidence wherever a token is."""
    wanted = operation.get("security", [])
    if wanted:
        operation["security"] = [*wanted, *({MUTUAL_TLS: one[BEARER]} for one in wanted if BEARER in one)]
