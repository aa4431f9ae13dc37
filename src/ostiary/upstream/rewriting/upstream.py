"""An upstream that is told another path, or other headers than the caller's, and whose answers are led back.

Stands before the route's upstream, and only where a route says `rewrite`: no other request comes by here. What it does
is compiled once for each route.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from ostiary.config.rewriting import ResponseRewriteSpec, RewriteSpec
from ostiary.config.schema import UpstreamSpec
from ostiary.errors import ConfigError
from ostiary.model import Answer, Body, Flow, Headers, Outbound, Permit, Request, Tunnel, fold
from ostiary.upstream.rewriting.fields import Renaming, Telling, renaming
from ostiary.upstream.rewriting.location import way_back
from ostiary.upstream.rewriting.path import PathMap, Prefixes, compile_path, encoded
from ostiary.upstream.rewriting.query import Parameters, compile_parameters

_NOTHING = Prefixes("", "")


class Sends(Protocol):
    """An upstream."""

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head."""

    def forward(self, outbound: Outbound, body: Body, answer: Answer) -> Awaitable[None]:
        """Set the exchange going."""


class RewrittenUpstream:
    """Tells an upstream of requests in other words; keeps `pipeline.Upstream`.

    Args:
        upstream: the route's own, which strips what must not pass.
        path: how the upstream's path is made; None for the caller's, as it was received.
        query: what becomes of the query; None for nothing.
        names: headers that pass under other names.
        telling: how answers are told; None for as they come.
    """

    __slots__ = ("_names", "_path", "_query", "_telling", "_upstream")

    def __init__(
        self,
        upstream: Sends,
        path: PathMap | None,
        query: Parameters | None,
        names: Renaming | None,
        telling: Telling | None,
    ) -> None:
        self._upstream = upstream
        self._path = path
        self._query = query
        self._names = names
        self._telling = telling

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head: strip what must not pass, then tell the rest.

        Raises:
            BadRequest: the caller wants to change to a protocol that this route does not pass on; or its query can be
                read in two ways.
        """
        outbound = self._upstream.prepare(request, permit)
        path, mark, query = request.target.partition(b"?")
        if self._path is not None:
            request.record.rewritten = path = encoded(self._path(request.path))
        if self._query is not None:
            query = self._query(query, request.path)
            mark = b"?" if query else b""
        outbound.target = path + mark + query
        if self._names is not None:
            outbound.headers = self._names(outbound.headers)
        return outbound

    def forward(self, outbound: Outbound, body: Body, answer: Answer) -> Awaitable[None]:
        """Set the exchange going; what goes wrong is the upstream's to say."""
        if self._telling is not None:
            answer = ToldAnswer(answer, self._telling, outbound.request.authority)
        return self._upstream.forward(outbound, body, answer)


class ToldAnswer:
    """An answer whose headers are told in other words; its content is passed on as it comes. Keeps `model.Answer`."""

    __slots__ = ("_authority", "_telling", "fail", "finish_with", "flush", "inner", "write")

    def __init__(self, answer: Answer, telling: Telling, authority: bytes) -> None:
        self.inner = answer
        self._telling = telling
        self._authority = authority
        self.write, self.flush, self.fail = answer.write, answer.flush, answer.fail  # nothing stands between
        self.finish_with = answer.finish

    def inform(self, status: int, headers: Headers) -> None:
        """Pass an informational response on."""
        self.inner.inform(status, self._told(headers))

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        """Begin the final response."""
        self.inner.start(status, self._told(headers), length, source)

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Change the protocol."""
        self.inner.switch(protocol, self._told(headers), tunnel)

    def finish(self, trailers: Headers | None = None) -> None:
        """The content is complete."""
        self.finish_with(None if trailers is None else self._told(trailers))

    def _told(self, headers: Headers) -> Headers:
        return self._telling.headers(headers, self._authority)


def stripped(spec: RewriteSpec | None) -> frozenset[bytes]:
    """Return the folded names of callers' headers that do not pass: removed ones, and those that others pass under."""
    if spec is None or spec.headers is None:
        return frozenset()
    return frozenset(
        fold(name.encode()) for name in (*(spec.headers.remove or ()), *(spec.headers.rename or {}).values())
    )


def require_own(spec: RewriteSpec | None, owned: frozenset[bytes]) -> None:
    """Return when no header of callers becomes one that an injector writes on any route; folded names.

    Raises:
        ConfigError: one does. `check` finds it before, but for what plug-ins write.
    """
    renamed = (spec.headers.rename or {}) if spec is not None and spec.headers is not None else {}
    for name in renamed.values():
        if fold(name.encode()) in owned:
            raise ConfigError(f"rewrite: {name} is written by an injector, and no caller's to tell")


def rewritten(upstream: Sends, spec: RewriteSpec | None, matched: str, towards: UpstreamSpec) -> Sends:
    """Return an upstream as a route tells it of requests.

    Args:
        upstream: the route's own; it strips what `stripped` says.
        spec: what the route says of rewriting.
        matched: the pattern of the route's paths.
        towards: what the file says of the upstream.
    """
    if spec is None:
        return upstream
    path = None if spec.path is None else compile_path(spec.path, matched)
    names = renaming(spec.headers) if spec.headers and spec.headers.rename else None
    prefixes = path if isinstance(path, Prefixes) else _NOTHING
    query = None if spec.query is None else compile_parameters(spec.query, matched)
    return RewrittenUpstream(upstream, path, query, names, _telling(spec.response, prefixes, towards))


def _telling(spec: ResponseRewriteSpec | None, prefixes: Prefixes, towards: UpstreamSpec) -> Telling | None:
    if spec is None:
        return None
    back = way_back(prefixes, towards.host, map(str, towards.endpoints))
    return Telling(renaming(spec.headers), back if spec.location else None, back if spec.cookies else None)
