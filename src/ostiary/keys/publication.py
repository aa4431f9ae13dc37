"""Our public keys, for those who verify what we sign: two documents that may be remembered for a while.

    {issuer}/.well-known/jwks.json              the key set (RFC 7517, section 5)
    {issuer}/.well-known/openid-configuration   where it is (OpenID Connect Discovery 1.0, section 4.2)

The key set has a version before it signs, and until what it signed has died: whoever remembers the set for
`max_age` always has the key that he needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

from ostiary.config.keys import PublicationSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.model import Answer, Body, Headers, Outbound, Permit, Request

JWKS: Final = "/.well-known/jwks.json"
DISCOVERY: Final = "/.well-known/openid-configuration"
PATHS: Final = (JWKS, DISCOVERY)


@dataclass(frozen=True, slots=True)
class Document:
    """One of the two, as it is now.

    Attributes:
        content: what it says; None: that cannot be known now.
        kind: its media type.
        max_age: how long it may be remembered, in seconds.
    """

    content: bytes | None
    kind: str
    max_age: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Document:
        """Return the document that another process has told as JSON."""
        content = told["content"]
        return cls(None if content is None else content.encode(), told["kind"], told["max_age"])

    def as_json(self) -> dict[str, Any]:
        """Return what another process is told."""
        content = None if self.content is None else self.content.decode()
        return {"content": content, "kind": self.kind, "max_age": self.max_age}

    @property
    def tag(self) -> str:
        """The entity tag (RFC 9110, section 8.8.3)."""
        return f'"{hashlib.sha256(self.content or b"").hexdigest()[:32]}"'

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The fields of the answer."""
        return [
            ("Content-Type", self.kind),
            ("Cache-Control", f"public, max-age={self.max_age}"),
            ("ETag", self.tag),
            ("Access-Control-Allow-Origin", "*"),
            ("X-Content-Type-Options", "nosniff"),
        ]

    def known(self, tags: str | None) -> bool:
        """Whether a caller who has these (`If-None-Match`; RFC 9110, section 13.1.2) has it already."""
        return tags is not None and self.tag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]


class Published(Protocol):
    """A key that can be published."""

    async def jwks(self) -> list[dict[str, str]]:
        """Return the public keys of which signatures may be met, or raise CredentialUnavailable."""


class Publication:
    """What is published of our keys; a part of the gateway.

    Args:
        spec: what the configuration says.
        rings: every key, by name.

    Raises:
        ConfigError: a key is not there.
    """

    def __init__(self, spec: PublicationSpec, rings: Mapping[str, Published]) -> None:
        missing = [name for name in spec.keys if name not in rings]
        if missing:
            raise ConfigError(f"publication > keys: there is no key {missing[0]!r}")
        self._spec = spec
        self._rings = [rings[name] for name in spec.keys]

    async def start(self) -> None:
        """Nothing: the rings are parts themselves."""

    async def aclose(self) -> None:
        """Nothing."""

    async def shown(self, place: str) -> Document | None:
        """Return what stands at a place, without the path of the issuer; keys that cannot be known are no error."""
        try:
            return await self.document(self._spec.prefix + place)
        except CredentialUnavailable:
            return Document(None, "", 0)

    @property
    def paths(self) -> tuple[str, str]:
        """Where the documents are, on a listener for callers."""
        return self._spec.prefix + JWKS, self._spec.prefix + DISCOVERY

    async def kids(self) -> list[str]:
        """Return the ids of the keys that are published now.

        Raises:
            CredentialUnavailable: they cannot be known now.
        """
        return [key["kid"] for key in await self._keys()]

    async def document(self, path: str) -> Document | None:
        """Return what stands at a path, or None when that is nothing.

        Raises:
            CredentialUnavailable: the keys cannot be known now. Never a set that lacks some of them.
        """
        place = path.removeprefix(self._spec.prefix)
        if place == JWKS:
            return self._document({"keys": await self._keys()}, "application/jwk-set+json")
        if place == DISCOVERY:
            return self._document(self._metadata(await self._keys()), "application/json")
        return None

    async def _keys(self) -> list[dict[str, str]]:
        found = [key for ring in self._rings for key in await ring.jwks()]
        return list({key["kid"]: key for key in found}.values())

    def _metadata(self, keys: list[dict[str, str]]) -> dict[str, Any]:
        issuer = self._spec.issuer
        return {
            "issuer": issuer,
            "jwks_uri": issuer.rstrip("/") + JWKS,
            "id_token_signing_alg_values_supported": sorted({key["alg"] for key in keys if key["use"] == "sig"}),
        }

    def _document(self, content: Mapping[str, Any], kind: str) -> Document:
        text = json.dumps(content, separators=(",", ":"))
        return Document(text.encode(), kind, int(self._spec.max_age))


class Documents:
    """Stands in the place of an upstream (a pipeline.Upstream), and answers itself."""

    def __init__(self, publication: Publication) -> None:
        self._publication = publication

    @property
    def publication(self) -> Publication:
        """What is answered from."""
        return self._publication

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head that goes nowhere."""
        return Outbound(permit, request, request.target, Headers())

    async def forward(self, outbound: Outbound, body: Body, answer: Answer) -> None:  # noqa: ARG002 - nobody reads it
        """Answer.

        Raises:
            CredentialUnavailable: the keys cannot be known now.
        """
        request = outbound.request
        document = await self._publication.document(request.path)
        if document is None:
            raise LookupError(request.path)  # a route that leads here leads to a document
        tags = request.headers.get(b"if-none-match")
        known = document.known(None if tags is None else tags.decode("latin-1"))
        content = b"" if known else document.content or b""
        fields = [(name.encode(), value.encode()) for name, value in document.fields]
        status = HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK
        answer.start(status, Headers.of(fields), None if known else len(content), self)
        if content and request.method != "HEAD":
            answer.write(content)
        answer.finish()

    def pause(self) -> None:
        """It is all there."""

    def resume(self) -> None:
        """It is all there."""
