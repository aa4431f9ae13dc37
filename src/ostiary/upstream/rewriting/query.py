"""The query that an upstream sees, where it is not the caller's: parameters that go, and parameters of our own.

What is left of the caller's stays as it was received, in its order. A value that is put together from segments of the
path is percent-encoded whole (RFC 3986, section 2.1), so that none of them begins another parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import quote, unquote_to_bytes

from ostiary.config.query import alike, is_named
from ostiary.config.rewriting import QueryRewriteSpec
from ostiary.errors import BadRequest
from ostiary.reasons import Reason

_PLACE: Final = re.compile(r"(\{(?:\d+|rest)\})")

Value: TypeAlias = Callable[[list[str]], str]
"""The segments of a canonical path -> a value, or a piece of one."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What becomes of a query.

    Attributes:
        kept: names of the caller's parameters that pass, decoded; None: all do.
        gone: names of those that do not, as `alike` has them: in whatever spelling.
        own: our parameters: name and `=`, and what the value is put together from.
    """

    kept: frozenset[bytes] | None
    gone: tuple[bytes, ...]
    own: tuple[tuple[bytes, tuple[Value, ...]], ...]

    def __call__(self, query: bytes, path: str) -> bytes:
        """Return the upstream's query.

        Args:
            query: the caller's, as received.
            path: the caller's, in its canonical reading.

        Raises:
            BadRequest: a `;` would make a parameter that must not pass for some servers, and not for others.
        """
        pieces = [piece for piece in query.split(b"&") if self._passes(piece)] if query else []
        segments = path[1:].split("/")
        for name, value in self.own:
            pieces.append(name + quote("".join(piece(segments) for piece in value), safe="").encode())
        return b"&".join(pieces)

    def _passes(self, piece: bytes) -> bool:
        if self._is_gone(piece):
            return False
        parts = piece.split(b";")
        if self.kept is not None:
            return all(_name(part) in self.kept for part in parts) and not any(map(self._is_gone, parts))
        if len(parts) > 1 and any(map(self._is_gone, parts)):
            raise BadRequest("a parameter stands behind a semicolon", reason=Reason.REQUEST_AMBIGUOUS)
        return True

    def _is_gone(self, piece: bytes) -> bool:
        return any(is_named(piece, name) for name in self.gone)


def _name(part: bytes) -> bytes:
    return unquote_to_bytes(part.partition(b"=")[0].replace(b"+", b" "))


def compile_parameters(spec: QueryRewriteSpec, matched: str) -> Parameters:
    """Return what becomes of the queries of a route.

    Args:
        spec: what the route says; `check` has found it to fit.
        matched: the pattern of the route's paths.
    """
    kept = None if spec.keep is None else frozenset(name.encode() for name in spec.keep)
    own = spec.set or {}
    gone = tuple(alike(name.encode()) for name in (*(spec.remove or ()), *own))
    pattern = matched[1:].split("/")
    said = [(quote(name, safe="").encode() + b"=", _value(text, pattern)) for name, text in own.items()]
    return Parameters(kept, gone, tuple(said))


def _value(text: str, pattern: list[str]) -> tuple[Value, ...]:
    return tuple(_piece(piece, pattern) for piece in _PLACE.split(text) if piece)


def _piece(piece: str, pattern: list[str]) -> Value:
    if not _PLACE.fullmatch(piece):
        return lambda _: piece
    if piece == "{rest}":
        return lambda segments: "/".join(segments[len(pattern) - 1 :])
    stars = [position for position, segment in enumerate(pattern) if segment == "*"]
    star = stars[int(piece[1:-1]) - 1]
    return lambda segments: segments[star]
