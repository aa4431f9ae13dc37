"""Authenticate nobody: every caller is the same subject. Has to be written to be had."""

from __future__ import annotations

from typing import Final

from ostiary.config.schema import AnonymousSpec
from ostiary.model import Principal, Request

METHOD: Final = "anonymous"


class AnonymousAuthenticator:
    """Finds its evidence in every request, because it asks for none."""

    method = METHOD
    evidence: frozenset[str] = frozenset()
    challenge = None

    def __init__(self, subject: str) -> None:
        self._principal = Principal(subject=subject, issuer=METHOD, method=METHOD)

    async def authenticate(self, request: Request) -> Principal:  # noqa: ARG002 - nothing of it is evidence
        """Return the anonymous principal."""
        return self._principal


def compile_anonymous(spec: AnonymousSpec) -> AnonymousAuthenticator:
    """Return the authenticator that a block of the configuration describes."""
    return AnonymousAuthenticator(spec.subject)
