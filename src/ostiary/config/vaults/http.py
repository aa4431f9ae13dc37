"""The spec of a custom service that gives credentials over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ostiary.config.spec import Spec
from ostiary.config.values import HeaderName, Name, Refused, Size, Text, secure_url
from ostiary.config.vaults.web import OverHttpSpec

_STEP: Final = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^'\\]*)'\]|\[(0|[1-9][0-9]{0,5})\]")
_PLACE: Final = re.compile(r"\{([^{}]*)\}|([{}])")
_ALIAS: Final = re.compile(r"([a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?)\.(id|secret)")
_OF_RECORD: Final = ("path", "version")


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A place in a JSON document: names and positions, nothing that could match twice (RFC 9535, section 2.3)."""

    steps: tuple[str | int, ...]

    def find(self, document: Any) -> Any:
        """Return what is there, or None."""
        for step in self.steps:
            if isinstance(document, dict) and isinstance(step, str):
                document = document.get(step)
            elif isinstance(document, list) and isinstance(step, int) and step < len(document):
                document = document[step]
            else:
                return None
        return document


def json_path(value: Any) -> JsonPath:
    """Return a place in a JSON document: `$.data.items[0]['user name']`."""
    problem = Refused("C160", "a place in a JSON document is names and positions: $.data.user or $['user name'][0]")
    if not isinstance(value, str) or not value.startswith("$"):
        raise problem
    steps: list[str | int] = []
    at = 1
    while at < len(value):
        match = _STEP.match(value, at)
        if match is None:
            raise problem
        steps.append(int(match[3]) if match[3] is not None else match[1] or match[2])
        at = match.end()
    return JsonPath(tuple(steps))


def places(text: str) -> Iterator[str]:
    """Return the names in braces of a text.

    Raises:
        Refused: a brace lacks its other half.
    """
    for name, brace in _PLACE.findall(text):
        if brace:
            raise Refused("C161", "a brace lacks its other half; names are written {path} or {ALIAS.secret}")
        yield name


def place_of(name: str) -> tuple[str, str] | None:
    """Return the alias and the half of a credential that a name in braces means, or None for `path` and `version`.

    Raises:
        Refused: it means nothing.
    """
    if name in _OF_RECORD:
        return None
    match = _ALIAS.fullmatch(name)
    if match is None:
        raise Refused(
            "C161", f"{{{name}}} is not known; there are {{path}}, {{version}}, {{ALIAS.id}}, {{ALIAS.secret}}"
        )
    return match[1], match[2]


def request_text(value: Any) -> str:
    """Return a text of a request: names in braces are filled in for each request."""
    if not isinstance(value, str) or not re.fullmatch(r"[ -~]{1,1024}", value):
        raise Refused("C161", "a text of a request is visible ASCII and spaces")
    for name in places(value):
        place_of(name)
    return value


def request_url(value: Any) -> str:
    """Return the URL of a request; its place is fixed, only below it something may be filled in."""
    url = secure_url(value)
    names = list(places(url))
    if any(name not in _OF_RECORD for name in names):
        raise Refused("C161", "a URL is written into logs on its way: only {path} and {version} are filled in here")
    if "path" not in names or _PLACE.search(urlsplit(url).netloc):
        raise Refused("C161", "a URL has {path} in it, and a host without braces: https://creds.example.com/v1/{path}")
    return url


JsonPlace = Annotated[
    JsonPath,
    BeforeValidator(json_path),
    WithJsonSchema({"type": "string", "pattern": r"^\$", "examples": ["$.data.user"], "description": "In the answer."}),
]
RequestText = Annotated[
    str,
    BeforeValidator(request_text),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 1024, "examples": ["Bearer {creds-api.secret}"]}),
]
RequestUrl = Annotated[
    str,
    BeforeValidator(request_url),
    WithJsonSchema({"type": "string", "pattern": "^https?://", "examples": ["https://creds.example.com/v1/{path}"]}),
]
Status = Annotated[int, Field(ge=400, le=499)]


class ResultSpec(Spec):
    """Where an answer has what (RFC 9535: names and positions)."""

    secret: JsonPlace = Field(description="The secret.")
    id: JsonPlace | None = Field(None, description="The public half, such as a user name.")
    version: JsonPlace | None = Field(None, description="What the service calls this version.")
    expires_in: JsonPlace | None = Field(None, description="Seconds that the credential still lives.")


class HttpVaultSpec(OverHttpSpec):
    """A custom service that answers over HTTP with one credential in JSON."""

    type: Literal["http"]
    url: RequestUrl = Field(description="Where a record is asked for; {path} is its path, each segment encoded.")
    method: Literal["GET", "POST"] = Field("GET", description="How it is asked for.")
    headers: dict[HeaderName, RequestText] = Field(
        default_factory=dict, description="Headers; {ALIAS.secret} is a credential that is kept in another vault."
    )
    body: dict[Text, RequestText] = Field(default_factory=dict, description="What is posted: a JSON object of texts.")
    result: ResultSpec = Field(description="Where the answer has what.")
    not_found: Annotated[tuple[Status, ...], Field(strict=False)] = Field(
        (404,), description="Statuses that mean: there is no such record."
    )
    denied: Annotated[tuple[Status, ...], Field(strict=False)] = Field(
        (403,), description="Statuses that mean: we may not have it."
    )
    largest: Size = Field(64 << 10, description="Largest answer.")

    @model_validator(mode="after")
    def _a_body_is_posted(self) -> Self:
        if self.body and self.method != "POST":
            raise Refused("C162", "a `body` is sent with `method: POST` only")
        return self

    def needs(self) -> Iterator[tuple[Name, tuple[str, str]]]:
        """Return the credentials that a request shows, and where they are named."""
        for block in ("headers", "body"):
            for key, text in getattr(self, block).items():
                for name in places(text):
                    if (place := place_of(name)) is not None:
                        yield place[0], (block, key)
