"""Sockets that listen: an IP address and a port, or a path of this machine."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from errno import EADDRINUSE, EINVAL
from pathlib import Path
from typing import Final

from ostiary.config.sockets import SocketSpec, UnixBind, group_id, user_id
from ostiary.config.values import Bind

_BACKLOG: Final = 4096
_AHEAD: Final = 1 << 19
"""Octets that the kernel takes for a caller beyond what is on its way to him. It would take four megabytes: of each
of a thousand callers who read nothing, and to encrypt them costs a second. What is on its way is not bounded by it."""
_LOOK: Final = 1.0  # seconds in which a socket that somebody serves takes a connection


def bind(address: Bind | UnixBind, file: SocketSpec | None = None, *, shared: bool = False) -> socket.socket:
    """Return a socket that listens on an address.

    Args:
        address: where.
        file: who may open it, when it is a unix socket.
        shared: other processes may listen there as well (SO_REUSEPORT); unix sockets cannot be shared.

    Raises:
        OSError: it is taken, or is not ours.
    """
    one = UnixSocket(address.path) if isinstance(address, UnixBind) else _internet(address, shared=shared)
    try:
        if isinstance(one, UnixSocket):
            one.take(file or SocketSpec())
        one.setblocking(False)
        one.listen(_BACKLOG)
    except BaseException:
        one.close()
        raise
    return one


def probe(address: Bind) -> None:
    """Find out whether processes could share an address. Nobody is let in meanwhile: nothing listens.

    Raises:
        OSError: it is taken by somebody who does not share it, or is not ours.
    """
    _internet(address, shared=True).close()


def _internet(address: Bind, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # what is accepted has it, too
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _AHEAD)
        if shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address.host, address.port))
    except BaseException:
        one.close()
        raise
    return one


class UnixSocket(socket.socket):
    """A unix socket, which takes its file away with it.

    Args:
        path: of its file.
    """

    def __init__(self, path: str) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._path = Path(path)
        self._file: tuple[int, int] | None = None

    def take(self, spec: SocketSpec) -> None:
        """Make the file. Until it listens nobody can connect, whoever may open the file by then.

        Raises:
            OSError: something else is there, somebody serves it, or the owner cannot be given.
        """
        _make_room(self._path)
        self.bind(str(self._path))
        self._file = _identity(self._path)
        permit(self._path, spec)

    def close(self) -> None:
        """Close it, and remove its file if it is still the one that was made."""
        if self._file is not None and self._file == _identity(self._path):
            with suppress(OSError):
                self._path.unlink()
        self._file = None
        super().close()


def permit(path: Path, spec: SocketSpec) -> None:
    """Let those connect who may: give the file its owner, its group and its permissions.

    Raises:
        OSError: there is no such owner or group, or they cannot be given.
    """
    try:
        owner = -1 if spec.owner is None else user_id(spec.owner)
        group = -1 if spec.group is None else group_id(spec.group)
    except LookupError as error:
        raise OSError(EINVAL, str(error.args[0])) from None
    path.chmod(0o600)
    os.chown(path, owner, group)
    path.chmod(int(spec.mode, 8))


def _make_room(path: Path) -> None:
    """Remove the socket of a process that is gone."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) or _served(path):
        raise OSError(EADDRINUSE, os.strerror(EADDRINUSE))
    path.unlink()


def _served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.settimeout(_LOOK)
        try:
            one.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:  # full, or not ours to ask: somebody is there
            return True
    return True


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def overlap(one: Bind | UnixBind, other: Bind | UnixBind) -> bool:
    """Whether the one is the other's every address, or the other way round: the kernel lets nobody have both."""
    if isinstance(one, UnixBind) or isinstance(other, UnixBind):
        return False
    everywhere = {"0.0.0.0", "::"} & {one.host, other.host}  # noqa: S104 - the words for every address
    return one.port == other.port != 0 and bool(everywhere) and (":" in one.host) == (":" in other.host)
