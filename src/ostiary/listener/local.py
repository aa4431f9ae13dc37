"""Which processes of this machine are the proxy, by what the kernel says of the other end of a unix socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ostiary.config.sockets import LocalSpec, group_id, user_id
from ostiary.errors import ConfigError
from ostiary.model import Local


@dataclass(frozen=True, slots=True)
class LocalPeers:
    """Processes that are believed.

    Attributes:
        users: numbers of the users they run as; empty for any.
        groups: numbers of the groups they run with; empty for any.
    """

    users: frozenset[int]
    groups: frozenset[int]

    def covers(self, local: Local | None) -> bool:
        """Whether the other end of a connection is one of them. Nobody is, of whom the kernel says nothing."""
        if local is None:
            return False
        return (not self.users or local.user in self.users) and (not self.groups or local.group in self.groups)


def compile_local(spec: LocalSpec) -> LocalPeers:
    """Return what a block of the configuration describes.

    Raises:
        ConfigError: this machine has no such user or group.
    """
    return LocalPeers(_numbers(spec.users, user_id, "user"), _numbers(spec.groups, group_id, "group"))


def _numbers(names: Iterable[str], number: Callable[[str], int], kind: str) -> frozenset[int]:
    found = set()
    for name in names:
        try:
            found.add(number(name))
        except LookupError:
            raise ConfigError(f"local: this machine has no {kind} {name!r}") from None
    return frozenset(found)
