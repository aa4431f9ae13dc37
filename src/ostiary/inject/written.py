"""What does an injector write, and does another one of the route write the same?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.config.injectors import CookieSpec, HeaderSpec, QuerySpec
from ostiary.config.oauth import TokenSpec
from ostiary.errors import ConfigError
from ostiary.inject import cookie, query
from ostiary.model import fold
from ostiary.pki.dialect import DIALECTS


def refuse_twice(specs: Sequence[Any]) -> None:
    """Refuse injectors of a route that write the same.

    Raises:
        ConfigError: two of them do.
    """
    seen: set[tuple[str, bytes]] = set()
    for spec in specs:
        written = _written(spec)
        if written in seen:
            raise ConfigError(f"two injectors of a route write the {written[0]} {written[1].decode()}")
        seen.add(written)


def _written(spec: Any) -> tuple[str, bytes]:
    match spec:
        case HeaderSpec():
            return "header", fold(spec.name.encode())
        case TokenSpec():
            return "header", fold(spec.header.encode())
        case QuerySpec():
            return "parameter", query.alike(spec.name.encode())
        case CookieSpec():
            return "cookie", cookie.alike(spec.name.encode())
        case CertificateHeaderSpec():
            return "header", fold((spec.header or DIALECTS[spec.dialect].header).encode())
    return "header", b"authorization"
