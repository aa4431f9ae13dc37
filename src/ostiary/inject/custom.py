"""What a plug-in writes: an entry point of the group `ostiary.injectors`, of any installed distribution.

    # pyproject.toml of the plug-in
    [project.entry-points."ostiary.injectors"]
    stamp = "stamp:make"

    # stamp.py
    class Stamp:
        writes = ("X-Stamp",)
        async def write(self, head): head.set("X-Stamp", f"{head.principal.subject} {head.method}")

    def make(options, credential): return Stamp()

It sees the head of a request and never its body, and writes the headers that it has named and no others; what
cannot stand in a header is refused. The gateway trusts its code: it runs in the gateway's process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final, Protocol

from ostiary.config.identity import CustomSpec
from ostiary.config.values import header_name
from ostiary.errors import ConfigError, GatewayError, InternalError
from ostiary.inject.template import unsafe
from ostiary.inject.write import put
from ostiary.model import CredentialSource, Headers, Injector, Outbound, Principal, fold

GROUP: Final = "ostiary.injectors"
_VALUE: Final = re.compile(rb"[!-~]([\t -~]*[!-~])?")  # field-value (RFC 9110, section 5.5), ASCII only


class Head:
    """The head of a request, as a plug-in sees it.

    Attributes:
        principal: who was proven.
        request_id, method, path, host: of the request.
        target: path and query, as they are sent.
    """

    __slots__ = ("_outbound", "_writes")

    def __init__(self, outbound: Outbound, writes: frozenset[bytes]) -> None:
        self._outbound = outbound
        self._writes = writes

    @property
    def principal(self) -> Principal:
        """Who was proven."""
        return self._outbound.permit.principal

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return self._outbound.request.id

    @property
    def method(self) -> str:
        """The method."""
        return self._outbound.request.method

    @property
    def path(self) -> str:
        """The path that the route was found by."""
        return self._outbound.request.path

    @property
    def host(self) -> str:
        """The host that was asked for."""
        return self._outbound.request.host

    @property
    def target(self) -> bytes:
        """Path and query, as they are sent."""
        return self._outbound.target

    @property
    def headers(self) -> Headers:
        """A copy of the headers that are sent, with those that were written already."""
        return Headers(list(self._outbound.headers.fields))

    def set(self, name: str, value: str | bytes) -> None:
        """Write a header, as the only one of its name.

        Raises:
            Forbidden: the value cannot stand in a header (reason `injection.unsafe`).
            InternalError: the plug-in has not named this header.
        """
        octets = value.encode() if isinstance(value, str) else bytes(value)
        if fold(name.encode()) not in self._writes:
            raise InternalError(f"a plug-in writes {name}, which is not one of its headers")
        if not _VALUE.fullmatch(octets):
            raise unsafe(f"what a plug-in writes into {name} cannot stand in a header")
        put(self._outbound, name.encode(), octets)


class Plugin(Protocol):
    """What an entry point makes.

    Attributes:
        writes: names of the headers that it writes: they are stripped from every request beforehand.
    """

    @property
    def writes(self) -> Sequence[str]:
        """Names of the headers that it writes."""

    async def write(self, head: Head) -> None:
        """Write them. What it raises ends the request, with 500 if it is no GatewayError."""


class Make(Protocol):
    """The entry point."""

    def __call__(self, options: Mapping[str, str], credential: CredentialSource | None) -> Plugin:
        """Return the plug-in for one block of the configuration."""


@dataclass(frozen=True, slots=True)
class CustomInjector:
    """Writes what a plug-in says."""

    name: str
    owns: frozenset[bytes]
    plugin: Plugin

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            GatewayError: the plug-in says so, or it failed.
        """
        try:
            await self.plugin.write(Head(outbound, self.owns))
        except GatewayError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the request; its text may tell a secret
            raise InternalError(f"the plug-in {self.name} failed: {type(error).__name__}") from None


def compile_custom(spec: CustomSpec, credential: CredentialSource | None) -> Injector:
    """Return the injector of a block of the configuration.

    Raises:
        ConfigError: there is no such plug-in, or it cannot be made.
    """
    found = entry_points(group=GROUP, name=spec.name)
    if len(found) != 1:
        installed = ", ".join(sorted(entry_points(group=GROUP).names)) or "none"
        raise ConfigError(f"custom: {len(found)} plug-ins are named {spec.name!r}; installed: {installed}")
    (entry,) = found
    try:
        make: Make = entry.load()
        plugin = make(dict(spec.options), credential)
        owns = frozenset(fold(header_name(name).encode()) for name in plugin.writes)
    except Exception as error:
        raise ConfigError(
            f"custom: the plug-in {spec.name!r} cannot be used: {type(error).__name__}: {error}"
        ) from error
    if not owns:
        raise ConfigError(f"custom: the plug-in {spec.name!r} writes nothing")
    return CustomInjector(spec.name, owns, plugin)
