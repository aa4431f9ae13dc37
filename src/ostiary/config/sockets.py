"""The specs of unix sockets: a path to listen on, who may open it, and who is known at its other end."""

from __future__ import annotations

import grp
import pwd
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ostiary.config.spec import Spec
from ostiary.config.values import Bind, Refused, bind
from ostiary.errors import ConfigError

_LONGEST: Final = 107  # octets that `sun_path` holds, its end excluded (unix(7))
_MODE: Final = re.compile(r"0?[0-7]{3}")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?")


@dataclass(frozen=True, slots=True)
class UnixBind:
    """A unix socket to listen on: `unix:/run/ostiary/front.sock`. No other machine can reach it."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return True


def internet(address: Bind | UnixBind) -> Bind:
    """Return an address that is IP and port.

    Raises:
        ConfigError: it is a unix socket, and only the native edge listens on those.
    """
    if isinstance(address, UnixBind):
        raise ConfigError(f"{address}: a unix socket is kept by the native listener only: `ostiary serve`")
    return address


def listening_address(value: Any) -> Bind | UnixBind:
    """Return an address to listen on: IP:PORT, or the path of a unix socket."""
    if not isinstance(value, str) or not value.startswith("unix:"):
        return bind(value)
    path = value.removeprefix("unix:")
    if not path.startswith("/") or path.endswith("/") or len(path.encode()) > _LONGEST or not path.isprintable():
        raise Refused("C125", f"a unix socket is written unix:/PATH, from the root and of {_LONGEST} octets at most")
    return UnixBind(path)


def file_mode(value: Any) -> str:
    """Return the permissions of a file. In YAML 1.2 a bare 0660 is six hundred and sixty: it needs its quotes."""
    if not isinstance(value, str) or not _MODE.fullmatch(value):
        raise Refused("C135", 'permissions are octal digits in quotes: "0600" or "0660"')
    return value


def account(value: Any) -> str:
    """Return the name or the number of a user or a group of this machine."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if not isinstance(value, str) or not _ACCOUNT.fullmatch(value):
        raise Refused("C136", "a user or a group is its name or its number: www-data or 33")
    return value


ListeningAddress = Annotated[
    Bind | UnixBind,
    BeforeValidator(listening_address),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^(.+:[0-9]+|unix:/.+)$",
            "examples": ["0.0.0.0:8443", "unix:/run/ostiary/front.sock"],
            "description": "IP:PORT or unix:/PATH to listen on.",
        }
    ),
]
FileMode = Annotated[
    str,
    BeforeValidator(file_mode),
    WithJsonSchema({"type": "string", "pattern": "^0?[0-7]{3}$", "examples": ["0660"], "description": "Permissions."}),
]
Account = Annotated[
    str,
    BeforeValidator(account),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["www-data", 33], "description": "A name or number."}),
]


class SocketSpec(Spec):
    """A unix socket as a file: who may connect is who may write to it, and reach the folders above."""

    mode: FileMode = Field("0600", description='Its permissions, in quotes: "0660".')
    owner: Account | None = Field(None, description="Its owner; the gateway's own user by default.")
    group: Account | None = Field(None, description="Its group; the gateway's own by default.")


class LocalSpec(Spec):
    """Processes at the other end of a unix socket, as the kernel tells of them (SO_PEERCRED)."""

    users: Annotated[tuple[Account, ...], Field(strict=False)] = Field((), description="Whose they are: one of these.")
    groups: Annotated[tuple[Account, ...], Field(strict=False)] = Field(
        (), description="Their group is one of these: the one they run with, not those they are also in."
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.users and not self.groups:
            raise Refused("C309", "say whose processes are believed: `users`, or `groups`, or both")
        return self


def user_id(name: str) -> int:
    """Return the number of a user of this machine.

    Raises:
        LookupError: there is none of that name.
    """
    return _number(name, lambda known: pwd.getpwnam(known).pw_uid)


def group_id(name: str) -> int:
    """Return the number of a group of this machine.

    Raises:
        LookupError: there is none of that name.
    """
    return _number(name, lambda known: grp.getgrnam(known).gr_gid)


def _number(name: str, look: Callable[[str], int]) -> int:
    return int(name) if name.isascii() and name.isdigit() else look(name)
