"""The path that an upstream sees, where it is not the caller's; and the way back from it.

What was judged is the caller's path, in its one canonical reading. The upstream's is put together from that reading and
encoded anew (RFC 3986, section 3.3), never cut out of the octets that were received: a canonical path has no dot
segments, no empty segments, and no slash that is none, so what is made of its segments has none either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import quote

from ostiary.config.rewriting import PathRewriteSpec

PathMap: TypeAlias = Callable[[str], str]
"""The canonical path of a request -> the path that the upstream sees, decoded."""

_SAFE: Final = "/-._~!$&'()*+,=:@"  # what a path may hold as it is; `;` means something to some servers
_PLACE: Final = re.compile(r"\{(\d+|rest)\}")


def encoded(path: str) -> bytes:
    """Return a decoded path in octets."""
    return quote(path, safe=_SAFE).encode()


@dataclass(frozen=True, slots=True)
class Prefixes:
    """One prefix in the place of another.

    Attributes:
        public: what callers' paths begin with; "" for nothing.
        own: what the upstream's begin with; "" for nothing.
    """

    public: str
    own: str

    def __call__(self, path: str) -> str:
        """Return the upstream's path for a caller's."""
        return self.own + path[len(self.public) :] or "/"

    def back(self, path: bytes) -> bytes | None:
        """Return the caller's path for one of the upstream's as it writes them, or None: there is none."""
        own, public = encoded(self.own), encoded(self.public)
        if path != own and not path.startswith(own + b"/"):
            return None
        return public + path[len(own) :] or b"/"

    def reach(self, path: bytes) -> bytes:
        """Return the caller's path for the path of a cookie, which is also for all that is below it.

        A cookie for more than the upstream's prefix is, for callers, one for all of this route: for more it would be
        shown to other upstreams.
        """
        own, public = encoded(self.own), encoded(self.public)
        if (own + b"/").startswith(path.rstrip(b"/") + b"/"):
            return public or b"/"
        return self.back(path) or path


@dataclass(frozen=True, slots=True)
class Template:
    """A path that is put together from segments of the caller's.

    Attributes:
        parts: literal segments, and the numbers of segments, from 0.
        rest: from which segment on all are taken over; None for none.
    """

    parts: tuple[str | int, ...]
    rest: int | None

    def __call__(self, path: str) -> str:
        """Return the upstream's path for a caller's."""
        segments = path[1:].split("/")
        made = [part if isinstance(part, str) else segments[part] for part in self.parts]
        if self.rest is not None:
            made += segments[self.rest :]
        return "/" + "/".join(made)


def compile_path(spec: PathRewriteSpec, matched: str) -> Prefixes | Template:
    """Return how the upstream's path is made.

    Args:
        spec: what the route says; `check` has found it to fit.
        matched: the pattern of the route's paths.
    """
    if spec.template is None:
        return Prefixes(spec.strip_prefix or "", spec.add_prefix or "")
    pattern = matched[1:].split("/")
    stars = [position for position, segment in enumerate(pattern) if segment == "*"]
    segments = [] if spec.template == "/" else spec.template[1:].split("/")
    rest = len(pattern) - 1 if segments[-1:] == ["{rest}"] else None
    return Template(tuple(_part(one, stars) for one in segments if one != "{rest}"), rest)


def _part(segment: str, stars: list[int]) -> str | int:
    place = _PLACE.fullmatch(segment)
    return segment if place is None else stars[int(place[1]) - 1]
