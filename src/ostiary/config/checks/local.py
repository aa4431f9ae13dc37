"""Does this machine know the users and groups that the file names?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ostiary.config.draft import Draft
from ostiary.config.problem import Path, Problem
from ostiary.config.schema import ListenerSpec
from ostiary.config.sockets import LocalSpec, SocketSpec, group_id, user_id

_Named = tuple[Path, str, str, Callable[[str], int]]


def accounts(draft: Draft) -> Iterator[Problem]:
    """Find users and groups of unix sockets that this machine does not have: the start would end with them."""
    for name, listener in draft.listeners.items():
        for path, kind, account, number in _named(listener, ("listeners", name)):
            try:
                number(account)
            except LookupError:
                yield draft.problem("C523", f"this machine has no {kind} {account!r}", path)


def _named(listener: ListenerSpec, path: Path) -> Iterator[_Named]:
    if listener.socket is not None:
        yield from _of_file(listener.socket, (*path, "socket"))
    for word in ("forwarded", "proxy_protocol", "decide"):
        block = getattr(listener, word)
        local = None if block is None else block.local
        if local is not None:
            yield from _of_processes(local, (*path, word, "local"))


def _of_file(socket: SocketSpec, path: Path) -> Iterator[_Named]:
    if socket.owner is not None:
        yield (*path, "owner"), "user", socket.owner, user_id
    if socket.group is not None:
        yield (*path, "group"), "group", socket.group, group_id


def _of_processes(local: LocalSpec, path: Path) -> Iterator[_Named]:
    for position, user in enumerate(local.users):
        yield (*path, "users", position), "user", user, user_id
    for position, group in enumerate(local.groups):
        yield (*path, "groups", position), "group", group, group_id
