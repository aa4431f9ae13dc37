"""The reference of the language as Markdown, from the specs alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, Final, get_args

from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from ostiary.config import certificates, publishers, schema, sockets, values
from ostiary.config.jsonschema import all_specs, spelt
from ostiary.config.messages.nouns import NOUNS, range_of
from ostiary.config.redis import redis_url, sentinel_url
from ostiary.config.schema import OneOf, Spec
from ostiary.config.shape import Shape, bare, branches, field_shape, is_spec, metadata, origin, words_of

_HEAD: Final = """\
# Configuration

One YAML file says all of a gateway. This page is generated from the language itself (`make generate`);
[`config/gateway.yaml`](../config/gateway.yaml) is a whole file with comments, and
[`config/schema.json`](../config/schema.json) completes it in an editor.

`ostiary check FILE` says everything that is wrong with a file; [errors](errors.md) explains its codes.

- Names are references to entries of the sections. Secrets are never literal: `env:NAME` or `file:PATH`.
- Relative paths count from the folder of the file.
- The most specific route wins: an exact host before `*.`, that before any; then segment by segment a literal
  before `*` before `**`. The order of the file means nothing.
- The file is YAML 1.2 without its surprises: no tags, no `<<`, no empty values, every key once, quotes around
  `no`, `on` and `012`. A few aliases are fine.
"""
_WORDS: Final = {
    values.duration: "duration (`10s`)",
    values.size: "size (`64KiB`)",
    values.secret_ref: "secret (`env:NAME`, `file:PATH`)",
    values.file_ref: "file (`file:PATH`)",
    values.bind: "address (`IP:PORT`)",
    sockets.listening_address: "address (`IP:PORT`, `unix:/PATH`)",
    sockets.file_mode: 'permissions (`"0660"`)',
    sockets.account: "user or group (`www-data`, `33`)",
    values.endpoint: "`scheme://host:port`",
    values.secure_url: "https URL",
    values.host_pattern: "host",
    values.path_pattern: "path",
    values.header_name: "header name",
    values.method: "method",
    certificates.network: "network (`10.0.0.0/8`)",
    certificates.published_url: "URL",
    redis_url: "address of Redis (`rediss://HOST:PORT`, `unix:/PATH`)",
    sentinel_url: "address of a sentinel (`rediss://HOST:PORT`)",
    publishers.publisher: "host (`crl.example.com`, `127.0.0.1:8080`)",
}


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n".join([_HEAD, *(line for spec in all_specs() for line in _block(spec))])


def anchor(spec: type[Spec]) -> str:
    """Return the heading's anchor of a block."""
    return re.sub(r"[^\w -]", "", _title(spec).lower()).replace(" ", "-")


def _title(spec: type[Spec]) -> str:
    return NOUNS[spec].removeprefix("a ").removeprefix("an ").capitalize()


def _block(spec: type[Spec]) -> Iterator[str]:
    yield f"## {_title(spec)}"
    yield ""
    said = cleandoc(spec.__doc__ or "")  # which CPython 3.13 does by itself
    yield said + (" Exactly one of:" if issubclass(spec, OneOf) else "")
    yield ""
    yield "| key | type | default | what it says |"
    yield "|---|---|---|---|"
    for name, field in spec.model_fields.items():
        yield f"| `{name}` | {_type(field)} | {_default(spec, field)} | {_cell(field.description or '')} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _type(field: FieldInfo) -> str:
    return _any(field_shape(field), field)


def _any(shape: Shape, field: FieldInfo) -> str:
    return _parsed(shape) or " or ".join(dict.fromkeys(_one(branch, field) for branch in branches(shape)))


def _one(shape: Shape, field: FieldInfo) -> str:
    inner = bare(shape)
    if words := _word(shape):
        return words
    if is_spec(shape):
        return f"[{_title(inner).lower()}](#{anchor(inner)})"
    if origin(inner) is tuple:
        return f"list of {_any(get_args(inner)[0], field)}"
    if origin(inner) is dict:
        return f"by name: {_any(get_args(inner)[1], field)}"
    if inner is int:
        bounds = range_of(field_shape(field)).strip()
        return "number" if bounds == "upwards" else f"number {bounds}"
    return "name" if any(isinstance(item, StringConstraints) and item.pattern for item in metadata(shape)) else "text"


def _word(shape: Shape) -> str:
    """Return the small word that a text is, or the words that it is one of."""
    return _parsed(shape) or ", ".join(f"`{word}`" for word in words_of(shape))


def _parsed(shape: Shape) -> str:
    parsers = [item.func for item in metadata(shape) if getattr(item, "func", None) in _WORDS]
    return _WORDS[parsers[0]] if parsers else ""


def _default(spec: type[Spec], field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    if field.default_factory is not None:
        return "see there" if spec is not schema.GatewaySpec else "none"
    default: Any = spelt(field)
    if isinstance(default, list):
        return f"`[{', '.join(map(str, default))}]`" if default else "none"
    quoted = f'"{default}"' if isinstance(default, str) and default.replace(".", "").isdecimal() else default
    return "" if default is None else f"`{quoted}`"
