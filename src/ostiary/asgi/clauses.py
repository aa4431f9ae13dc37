"""What of a file cannot hold inside an application: the clauses of decisions, but for what is held here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.clauses import Clause, clauses
from ostiary.config.loaded import Loaded
from ostiary.config.schema import RouteSpec
from ostiary.errors import ConfigError

_HELD: Final = frozenset({"websocket"})


def require_held(loaded: Loaded) -> None:
    """Return when the middleware can hold what every route says, or the route accepts that it does not.

    Raises:
        ConfigError: it cannot; the text has a line for each clause.
    """
    lines = [line for route in loaded.spec.routes for line in _unheld(loaded, route)]
    if lines:
        raise ConfigError("\n".join(lines))


def _unheld(loaded: Loaded, route: RouteSpec) -> Iterator[str]:
    for clause in clauses(route, loaded.spec.upstreams.get(route.upstream)):
        if clause.path == ("upgrades",) and _HELD.issuperset(route.upgrades):
            continue  # the application speaks WebSocket, and its handshakes come by here
        if clause.never or route.decision is None:
            yield _line(loaded, route, clause)


def _line(loaded: Loaded, route: RouteSpec, clause: Clause) -> str:
    word = ".".join(str(part) for part in clause.path if not isinstance(part, int))
    where = f" of upstream {route.upstream!r}" if clause.of_upstream else ""
    said = f"{loaded.path.name}: route {route.name!r}: `{word}`{where} does not hold inside an application"
    return said if clause.never else f"{said}; `decision: allow-partial` on the route goes without"
