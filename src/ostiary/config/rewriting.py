"""The specs of rewriting: what of a request the upstream is told in other words, and what comes back."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ostiary.config.query import alike
from ostiary.config.spec import Spec
from ostiary.config.values import HeaderName, Refused, Text, host_pattern

_SEGMENT: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()+,=:@ ]+|[^\x00-\x7f]+")
_PLACE: Final = re.compile(r"\{([1-9][0-9]?|rest)\}")
_ANYWHERE: Final = re.compile(r"\{(?:[1-9][0-9]?|rest)\}")
_DOTS: Final = (".", "..")
_PORTS: Final = 65535


def _segments(value: Any, code: str, sentence: str) -> list[str]:
    segments = value[1:].split("/") if isinstance(value, str) and value.startswith("/") else [""]
    if any(not segment or segment in _DOTS for segment in segments):
        raise Refused(code, sentence)
    return segments


def path_prefix(value: Any) -> str:
    """Return the beginning of a path: whole literal segments, without a slash at the end."""
    sentence = "a prefix is whole plain segments, without a slash at the end: /api or /old/v1"
    if any(not _SEGMENT.fullmatch(segment) for segment in _segments(value, "C140", sentence)):
        raise Refused("C140", sentence)
    return str(value)


def path_template(value: Any) -> str:
    """Return a path with places in it: `{1}` for the first `*` of `match`, `{rest}` at the end for its `**`."""
    sentence = "a template is whole segments, each plain text, {1}, {2}, ... or, at the end, {rest}: /legacy/{1}/{rest}"
    if value == "/":
        return "/"
    segments = _segments(value, "C141", sentence)
    if any(not (_SEGMENT.fullmatch(one) or _PLACE.fullmatch(one)) for one in segments) or "{rest}" in segments[:-1]:
        raise Refused("C141", sentence)
    return str(value)


def parameter_value(value: Any) -> str:
    """Return a value with places in it, as in a template of a path; here they may stand within other text."""
    rest = _ANYWHERE.sub("", value) if isinstance(value, str) else "{"
    if "{" in rest or "}" in rest:
        raise Refused("C143", "a value is text, in which {1}, {2}, ... and {rest} are places of `match.path`")
    return str(value)


def sent_host(value: Any) -> str:
    """Return what an upstream is sent as Host: `preserve`, `endpoint`, or a name with a dot or a port in it."""
    if value in ("preserve", "endpoint"):
        return str(value)
    name, colon, port = value.partition(":") if isinstance(value, str) else ("", "", "")
    if "*" in name or not ("." in name or colon) or (colon and not _is_port(port)):
        raise Refused("C142", "a Host is `preserve`, `endpoint`, or one name: legacy.example or legacy:8080")
    return host_pattern(name) + colon + port


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= _PORTS


PathPrefix = Annotated[
    str,
    BeforeValidator(path_prefix),
    WithJsonSchema({"type": "string", "pattern": "^/[^/*{}?#%]", "examples": ["/api"]}),
]
PathTemplate = Annotated[
    str,
    BeforeValidator(path_template),
    WithJsonSchema({"type": "string", "pattern": "^/", "examples": ["/legacy/{1}/{rest}"]}),
]
ParameterValue = Annotated[
    str,
    BeforeValidator(parameter_value),
    WithJsonSchema({"type": "string", "examples": ["{1}", "v-{2}", "json"]}),
]
ParameterNames = Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]
SentHost = Annotated[
    str,
    BeforeValidator(sent_host),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9.-]+(:[0-9]+)?$", "examples": ["preserve", "endpoint"]}),
]


class PathRewriteSpec(Spec):
    """The path that the upstream sees. What is judged stays the caller's."""

    strip_prefix: PathPrefix | None = Field(
        None, description="Taken away from the beginning: literal segments with which `match.path` begins."
    )
    add_prefix: PathPrefix | None = Field(None, description="Put in front of what is left.")
    template: PathTemplate | None = Field(
        None, description="In place of both: a path with {1}, {2}, ... for each * of `match.path`, {rest} for its **."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        prefixes = self.strip_prefix is not None or self.add_prefix is not None
        if prefixes == (self.template is not None):
            raise Refused("C394", "give either `template`, or `strip_prefix` and `add_prefix` or one of them")
        return self


class Saying(Spec):
    """A block that is there to say something."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise Refused("C394", f"it says nothing: one at least of {', '.join(type(self).model_fields)} is wanted")
        return self


class FieldsSpec(Saying):
    """Header fields that are told differently."""

    remove: Annotated[tuple[HeaderName, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="Headers that do not pass, in any spelling."
    )
    rename: dict[HeaderName, HeaderName] | None = Field(
        None, min_length=1, description="Headers that pass under another name, in place of whatever had that name."
    )


class ResponseRewriteSpec(Saying):
    """What of an answer the caller is told in other words."""

    headers: FieldsSpec | None = Field(None, description="Headers that are told differently.")
    location: bool = Field(
        False, description="Location and Content-Location that lead to the upstream lead back through this route."
    )
    cookies: bool = Field(
        False, description="Path and Domain of cookies that are the upstream's become those of this route."
    )


class QueryRewriteSpec(Saying):
    """The query that the upstream sees."""

    keep: ParameterNames | None = Field(
        None, description="The caller's parameters that pass, to the letter; all others do not. By default all pass."
    )
    remove: ParameterNames | None = Field(None, description="Or those that do not pass, in any spelling.")
    set: dict[Text, ParameterValue] | None = Field(
        None,
        min_length=1,
        description="Parameters of our own, in place of the caller's of that name: text with {1}, {2}, ... and {rest}.",
    )

    @model_validator(mode="after")
    def _once(self) -> Self:
        if self.keep is not None and self.remove is not None:
            raise Refused("C394", "give either `keep` or `remove`")
        names = [alike(name.encode()) for name in (*(self.keep or ()), *(self.remove or ()), *(self.set or {}))]
        if len(set(names)) < len(names):
            raise Refused("C396", "one parameter stands here twice, as upstreams may read it")
        return self


class RewriteSpec(Saying):
    """What the upstream is told in other words than the caller's, and what comes back."""

    path: PathRewriteSpec | None = Field(None, description="The path that the upstream sees.")
    query: QueryRewriteSpec | None = Field(None, description="The query that the upstream sees.")
    headers: FieldsSpec | None = Field(None, description="The caller's headers that are told differently.")
    response: ResponseRewriteSpec | None = Field(None, description="What comes back.")


REWRITE_NOUNS: Final[dict[type, str]] = {
    RewriteSpec: "rewrite",
    PathRewriteSpec: "the rewriting of a path",
    QueryRewriteSpec: "the rewriting of a query",
    FieldsSpec: "the rewriting of headers",
    ResponseRewriteSpec: "the rewriting of answers",
}
