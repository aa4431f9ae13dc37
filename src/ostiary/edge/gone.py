"""The transport of a connection that is gone: it takes nothing, and keeps nothing alive.

A transport of TLS, its protocol and ours hold each other, and a quarter of a megabyte of buffers. Whoever lets go of
the transport when the connection ends frees all of it at once, without waiting for the garbage collector.
"""

from __future__ import annotations

import asyncio
from typing import Final


class _Gone(asyncio.Transport):
    def is_closing(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def can_write_eof(self) -> bool:
        return False


GONE: Final = _Gone()
