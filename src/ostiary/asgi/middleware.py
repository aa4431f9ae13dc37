"""The gateway inside an application: one policy, and nothing between it and the code that it protects.

    app = OstiaryMiddleware(app, config="gateway.yaml")                     any ASGI 3 application
    app.add_middleware(OstiaryMiddleware, config="gateway.yaml")            Starlette, FastAPI

What the pipeline permits reaches the application, with the permit in `scope["ostiary"]`. Everything else ends here.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self
from weakref import WeakKeyDictionary

import structlog

from ostiary.asgi.app import GatewayApp, named, overlays
from ostiary.asgi.callers import Callers, compile_callers
from ostiary.asgi.clauses import require_held
from ostiary.asgi.inside import App, InsideEdge
from ostiary.asgi.lifespan import Lifespan
from ostiary.asgi.refuse import refuse
from ostiary.authn.memory import Memory
from ostiary.build import compile_gateway
from ostiary.config.load import load_checked
from ostiary.config.loaded import Loaded
from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.asgi.body import Receive
from ostiary.edge.asgi.exchange import Send
from ostiary.edge.asgi.handler import Scope
from ostiary.edge.head import next_id
from ostiary.errors import Overloaded
from ostiary.gateway import Gateway
from ostiary.observe.access import AccessLog

_log = structlog.get_logger("ostiary.asgi")

MODES: Final = ("enforce", "observe")


class OstiaryMiddleware:
    """Authenticates and authorizes every request of an application, as a configuration file says.

    It starts with the server's lifespan, before the application does; where none reaches it (a mounted application),
    as a context manager. Until then every request is answered with 503. Requests that no route matches are 404: what
    needs no evidence is a route of the file, too, with `anonymous`. The files are watched, as `ostiary serve` does.

    Args:
        app: any ASGI 3 application.
        config: the file; the one that OSTIARY_CONFIG names by default. It is read at the start.
        mode: "enforce"; or "observe": every request reaches the application as it came, but for headers in which only
            the gateway may speak; nothing is injected, and the access log has what would have been decided.
        listener: the one of the file whose demands on client certificates hold; may be left out where all that ask
            for a certificate ask the same. The server has to tell of certificates, see `ostiary.asgi.uvicorn`.
        access: where the access log goes; to stdout by default. `AccessLog()` keeps silent.
        reload: take up changes of the files while the application runs.

    Raises:
        ValueError: there is no such mode.
    """

    def __init__(
        self,
        app: App,
        config: str | Path | None = None,
        mode: Literal["enforce", "observe"] = "enforce",
        *,
        listener: str | None = None,
        access: AccessLog | None = None,
        reload: bool = True,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode: one of {', '.join(MODES)}, not {mode!r}")
        self.app = app
        self._config = config
        self._observe = mode == "observe"
        self._listener = listener
        self._callers: WeakKeyDictionary[Gateway, Callers] = WeakKeyDictionary()
        self._access = access
        self._reload = reload
        self._gateway: GatewayApp | None = None
        self._complained = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        match scope["type"]:
            case "http" | "websocket" if self._gateway is not None:
                await self._gateway.handle(scope, receive, send)
            case "http" | "websocket":
                await self._closed(scope, receive, send)
            case "lifespan":
                await Lifespan(self.app, self.start, self.aclose).run(scope, receive, send)
            case other:
                raise NotImplementedError(f"nobody decides about {other!r}")

    async def start(self) -> None:
        """Read the configuration, and start.

        Raises:
            ConfigError: it has mistakes, a part cannot work as configured, or a route says what does not hold inside an
                application.
        """
        if self._gateway is not None:
            return
        loaded = load_checked(named(self._config), overlays())
        gateway = GatewayApp(
            loaded,
            access=self._access,
            reload=self._reload,
            bounds=self._bounds,
            compile=self._compile,
            edge=self._edge,
        )
        await gateway.start()
        self._gateway = gateway

    async def aclose(self) -> None:
        """Stop; from here on every request is answered with 503."""
        gateway, self._gateway = self._gateway, None
        if gateway is not None:
            await gateway.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _compile(self, loaded: Loaded, access: AccessLog | None = None, *, memory: Memory | None = None) -> Gateway:
        """Return the gateway of a file, without connections to upstreams: the application is all of them."""
        require_held(loaded)
        callers = compile_callers(loaded, self._listener)
        gateway = compile_gateway(loaded, access, memory=memory)
        gateway.leave_upstreams()
        self._callers[gateway] = callers
        return gateway

    def _bounds(self, loaded: Loaded) -> tuple[ListenerLimits, ListenerTimeouts]:
        """Return what heads may be: as the listener says, if there is one that is meant."""
        listeners = loaded.spec.listeners
        name = self._listener or (next(iter(listeners)) if len(listeners) == 1 else "")
        spec = listeners.get(name)
        return (ListenerLimits(), ListenerTimeouts()) if spec is None else (spec.limits, spec.timeouts)

    def _edge(self, gateway: Gateway, limits: ListenerLimits, timeouts: ListenerTimeouts) -> InsideEdge:  # noqa: ARG002 - time is the server's
        return InsideEdge(self.app, gateway, self._callers[gateway], limits, observe=self._observe)

    async def _closed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse: without a policy nobody is let in, in whatever mode."""
        if not self._complained:
            self._complained = True
            _log.error("a request, and nobody has started the middleware: let the server run the lifespan")
        await refuse(scope, receive, send, Overloaded("not started", retry_after=1), next_id(), ())
