"""Headers in other words, those of requests and those of answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.config.rewriting import FieldsSpec
from ostiary.model import Headers, fold
from ostiary.upstream.rewriting.location import WayBack
from ostiary.wire import Field


@dataclass(frozen=True, slots=True)
class Renaming:
    """Headers that are dropped, or pass under another name, in place of whatever had that name.

    Attributes:
        gone: folded names that do not pass.
        names: folded name -> the name that it passes under, and that one folded.
    """

    gone: frozenset[bytes]
    names: Mapping[bytes, tuple[bytes, bytes]]

    def __call__(self, headers: Headers) -> Headers:
        """Return the headers as they are told."""
        names, gone = self.names, self.gone
        told: list[Field] = []
        for one in headers.fields:
            other = names.get(one[1])
            if other is not None:
                told.append((*other, one[2]))
            elif one[1] not in gone:
                told.append(one)
        return Headers(told)


def renaming(spec: FieldsSpec | None) -> Renaming | None:
    """Return what a block says of headers; None for nothing."""
    if spec is None:
        return None
    names = {fold(old.encode()): (new.encode(), fold(new.encode())) for old, new in (spec.rename or {}).items()}
    removed = {fold(name.encode()) for name in spec.remove or ()}
    return Renaming(frozenset(removed | {folded for _, folded in names.values()}), names)


@dataclass(frozen=True, slots=True)
class Telling:
    """How answers of a route are told.

    Attributes:
        names: headers that are told differently.
        places: the way back for references.
        cookies: the way back for cookies.
    """

    names: Renaming | None
    places: WayBack | None
    cookies: WayBack | None

    def headers(self, headers: Headers, authority: bytes) -> Headers:
        """Return the headers of an answer as the caller is told them."""
        told = headers if self.names is None else self.names(headers)
        return Headers([self._field(one, authority) for one in told.fields])

    def _field(self, one: Field, authority: bytes) -> Field:
        name, folded, value = one
        if self.places is not None and folded in (b"location", b"content-location"):
            return name, folded, self.places.location(value, authority)
        if self.cookies is not None and folded == b"set-cookie":
            return name, folded, self.cookies.cookie(value)
        return one
