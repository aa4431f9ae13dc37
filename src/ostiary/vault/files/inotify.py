"""The kernel tells that something in a folder has changed: inotify(7), without a library.

Folders are watched, not files: what is moved over a file, or a link that is switched, is seen in the
folder only. Where there is no inotify, or it does not work (network file systems), looking from time to
time has to be enough.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

_CLOSE_WRITE: Final = 0x8
_ATTRIB: Final = 0x4
_MOVED: Final = 0x40 | 0x80
_CREATE_DELETE: Final = 0x100 | 0x200
_ONLY_FOLDERS: Final = 0x01000000
_MASK: Final = _CLOSE_WRITE | _ATTRIB | _MOVED | _CREATE_DELETE | _ONLY_FOLDERS
_AT_ONCE: Final = 1 << 16  # octets of events that one look takes


class Inotify:
    """Watches folders; `changed` takes a microsecond and never waits."""

    def __init__(self) -> None:
        self._libc: ctypes.CDLL | None = None
        self._handle = -1

    def start(self) -> None:
        """Ask the kernel, if it can be asked."""
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            self._handle = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            self._libc = libc
        except (OSError, AttributeError):
            self._handle = -1

    def watch(self, folder: int) -> None:
        """Watch an open folder from now on; a second time is the same as once."""
        if self._handle >= 0 and self._libc is not None:
            self._libc.inotify_add_watch(self._handle, f"/proc/self/fd/{folder}".encode(), _MASK)

    def changed(self) -> bool:
        """Whether anything has happened since the last call."""
        if self._handle < 0:
            return False
        try:
            return bool(os.read(self._handle, _AT_ONCE))
        except OSError:
            return False

    def close(self) -> None:
        """Stop watching."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
