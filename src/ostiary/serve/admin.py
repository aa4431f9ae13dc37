"""The admin listener. It opens before the others and closes after them, so that it can say how they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ostiary.admin.handler import compile_admin
from ostiary.admin.view import View
from ostiary.config.schema import AdminSpec, ListenerLimits, ListenerSpec
from ostiary.config.values import Bind
from ostiary.errors import ConfigError
from ostiary.listener.tls import compile_tls
from ostiary.serve.descriptors import Descriptors
from ostiary.serve.listener import Listener, Place

_FAREWELL: Final = 1.0  # seconds for answers under way
_LIMITS: Final = ListenerLimits.model_validate({"headers": "16KiB", "body": "64KiB", "connections": 64})


@asynccontextmanager
async def administered(view: View, *, offset: int = 0) -> AsyncIterator[View]:
    """Answer those who ask how it is, while the block runs; where the configuration says so.

    Args:
        view: what they may look at.
        offset: added to the port: each of several workers answers for itself.

    Raises:
        ConfigError: the admin listener cannot work as configured.
    """
    spec = view.loaded.spec.admin
    if spec is None:
        yield view
        return
    listener = _listener(view, spec, offset)
    listener.open()
    view.own = (listener,)
    view.lag.start()
    try:
        yield view
    finally:
        view.lag.stop()
        listener.close()
        await listener.drain(_FAREWELL)


def _listener(view: View, spec: AdminSpec, offset: int) -> Listener:
    from ostiary.admin.app import admin_app  # noqa: PLC0415 - Starlette takes a while, and not everybody wants it

    folder = view.loaded.folder
    tls = None if spec.tls is None else compile_tls(spec.tls, folder)
    where = Bind(spec.bind.host, spec.bind.port + offset if spec.bind.port else 0)
    like = ListenerSpec.model_construct(bind=where, tls=spec.tls, plaintext="accepted", limits=_LIMITS)
    listener = Listener(Place("admin", like, tls), compile_admin(admin_app(view), spec, folder), _Kept(0))
    try:
        listener.bind()
    except ConfigError as error:
        raise ConfigError(str(error).removeprefix("listeners > ")) from error
    return listener


class _Kept(Descriptors):
    """Operators are let in to the last: the descriptors that no caller gets are for them too."""

    def take(self) -> bool:
        return True
