"""The admin listener. It opens before the others and closes after them, so that it can say how they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from ostiary.admin.handler import AdminHandler, compile_admin
from ostiary.admin.source import Source
from ostiary.admin.view import View
from ostiary.config.loaded import Loaded
from ostiary.config.schema import AdminSpec, ListenerLimits, ListenerSpec
from ostiary.errors import ConfigError
from ostiary.listener.tls import compile_tls
from ostiary.observe.access import AccessLog
from ostiary.observe.ended import Ended
from ostiary.serve.descriptors import Descriptors
from ostiary.serve.listener import Listener
from ostiary.serve.middleware import points_of, responder_of
from ostiary.serve.place import Place

_FAREWELL: Final = 1.0  # seconds for answers under way
_LIMITS: Final = ListenerLimits.model_validate({"headers": "16KiB", "body": "64KiB", "connections": 64})


@asynccontextmanager
async def administered(view: View, source: Source) -> AsyncIterator[Admin]:
    """Answer those who ask how it is, while the block runs; where the configuration says so.

    Args:
        view: of this process.
        source: what they may look at.

    Raises:
        ConfigError: the admin listener cannot work as configured.
    """
    admin = Admin(view, source)
    with admin.changing(view.loaded):
        pass
    try:
        yield admin
    finally:
        await admin.aclose()


class Admin:
    """The admin listener, or none; a reload may change that.

    Args:
        view: of this process.
        source: what may be looked at.
    """

    def __init__(self, view: View, source: Source) -> None:
        self._view = view
        self._source = source
        self._listener: Listener | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @contextmanager
    def changing(self, loaded: Loaded) -> Iterator[None]:
        """Prepare what a configuration says of the admin listener. It holds once the block has ended well.

        Raises:
            ConfigError: it cannot work as configured; nothing has changed.
        """
        spec, now = loaded.spec.admin, self._listener
        if spec is None:
            yield
            self._exchange(None)
            return
        place, handler = self._place(spec, loaded), self._handler(spec, loaded)
        if now is not None and (now.place.address, now.place.scheme) == (place.address, place.scheme):
            yield
            now.change(place, handler)
            return
        fresh = Listener(place, handler, _Kept(0))
        _bind(fresh)
        try:
            yield
        except BaseException:
            fresh.unbind()
            raise
        self._exchange(fresh)

    async def aclose(self) -> None:
        """Close it, after the answers under way."""
        self._exchange(None)
        await asyncio.gather(*self._leaving)

    def _exchange(self, fresh: Listener | None) -> None:
        before, self._listener = self._listener, fresh
        self._view.own = () if fresh is None else (fresh,)
        if before is not None:
            before.close()
            task = asyncio.get_running_loop().create_task(before.drain(_FAREWELL))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
            self._view.lag.stop()
        if fresh is not None:
            fresh.open()
            self._view.lag.start()

    def _place(self, spec: AdminSpec, loaded: Loaded) -> Place:
        like = ListenerSpec.model_construct(bind=spec.bind, tls=spec.tls, plaintext="accepted", limits=_LIMITS)
        tls = None if spec.tls is None else compile_tls(spec.tls, loaded.folder)
        lists = None if tls is None or tls.clients is None else tls.clients.revocation
        return Place("admin", like, tls, responder=responder_of(like), points=points_of(like, lists))

    def _handler(self, spec: AdminSpec, loaded: Loaded) -> AdminHandler:
        from ostiary.admin.app import admin_app  # noqa: PLC0415 - Starlette takes a while, and not everybody wants it

        access = AccessLog()  # operators have no line in the access log, and one in the audit log
        access.audit = _Audit(self._view.access)
        return compile_admin(admin_app(self._source), spec, loaded.folder, access)


def _bind(listener: Listener) -> None:
    try:
        listener.bind()
    except ConfigError as error:
        raise ConfigError(str(error).removeprefix("listeners > ")) from error


class _Audit:
    """The audit log that is in use now, whichever a reload has made it, or none."""

    broken = False

    def __init__(self, access: AccessLog) -> None:
        self._access = access

    def check(self) -> None:
        """Operators are let in, whatever can be written."""

    def request(self, ended: Ended) -> None:
        """Take a request that has ended."""
        if self._access.audit is not None:
            self._access.audit.request(ended)


class _Kept(Descriptors):
    """Operators are let in to the last: the descriptors that no caller gets are for them too."""

    def take(self) -> bool:
        return True
