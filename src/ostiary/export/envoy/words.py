"""Blocks that name their type, and the words that many of them share."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind
from ostiary.model import fold

Block: TypeAlias = dict[str, Any]

JWT: Final = "envoy.filters.http.jwt_authn"
RBAC: Final = "envoy.filters.http.rbac"
CLEAN: Final = "ostiary_clean"
PEER: Final = "x-ostiary-peer-uri"
"""Every URI of the caller's certificate, joined by commas; written over whatever callers send, and never forwarded."""

UPSTREAM: Final = "ostiary-upstream"
"""Names the upstream in an answer of the gateway."""

ASKED: Final = "ostiary"
"""The cluster that is asked."""

JOINT: Final = "[^0-9a-z]"
"""Whatever stands between the words of a header's name, which is in lower case."""

NATIVE: Final = "payload"
HEAD: Final = "header"


def typed(kind: str, **block: Any) -> Block:
    """Return a block of an extension's type."""
    return {"@type": f"type.googleapis.com/envoy.extensions.{kind}", **block}


def extension(name: str, kind: str, **block: Any) -> Block:
    """Return an extension by name, and its block."""
    return {"name": name, "typed_config": typed(kind, **block)}


def seconds(value: float) -> str:
    """Return a duration."""
    return f"{value:.9f}".rstrip("0").rstrip(".") + "s"


def address(bind: Bind | UnixBind) -> Block:
    """Return an address."""
    if isinstance(bind, UnixBind):
        return {"pipe": {"path": bind.path}}
    return {"socket_address": {"address": bind.host, "port_value": bind.port}}


def literal(text: str) -> str:
    """Return a text in which Envoy replaces nothing."""
    return text.replace("%", "%%")


def spelt(name: str) -> str:
    """Return a regular expression for every spelling of a header: Envoy writes names in lower case."""
    return JOINT.join(_escaped(part) for part in fold(name.encode()).decode().split("-"))


def _escaped(text: str) -> str:
    return "".join(one if one.isalnum() else f"\\{one}" for one in text)
