"""Who may be asked for lists of revoked certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, WithJsonSchema

from ostiary.config.values import Refused, host_pattern

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Publisher:
    """Where lists may be fetched: a host, `*.` before it for any one label, and its port if it is not the usual one."""

    host: str
    port: int | None

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def covers(self, url: str) -> bool:
        """Whether a URL is one of its own."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return False
        if parts.scheme not in _PORTS or "@" in parts.netloc or not host.isascii():
            return False
        first, _, rest = host.partition(".")
        named = self.host == host or (self.host == f"*.{rest}" and bool(first))
        return named and (port or _PORTS[parts.scheme]) == (self.port or _PORTS[parts.scheme])


def publisher(value: Any) -> Publisher:
    """Return where lists may be fetched: `crl.example.com`, `*.pki.example.com`, `127.0.0.1:8080`."""
    host, colon, port = value.rpartition(":") if isinstance(value, str) and ":" in value else (value, "", "")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) <= 65535):  # noqa: PLR2004 - RFC 9293
        raise Refused("C127", "a publisher is a host, with its port if it is not the usual one: crl.example.com:8080")
    return Publisher(host_pattern(host), int(port) if colon else None)


PublisherName = Annotated[
    Publisher,
    BeforeValidator(publisher),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(\*\.)?[A-Za-z0-9.-]+(:[0-9]+)?$",
            "examples": ["crl.example.com"],
            "description": "A host, and its port if it is not the usual one.",
        }
    ),
]
