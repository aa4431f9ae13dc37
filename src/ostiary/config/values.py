"""The small words of the language.

Each parser takes what YAML gave and returns a value, or raises Refused with a sentence that says
what is allowed. The sentences meet users: they never show a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE: Final = re.compile(r"(\d+)(B|KiB|MiB|GiB|KB|MB|GB)")
_OCTETS: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 10**3, "MB": 10**6, "GB": 10**9}


class Refused(ValueError):
    """A value that the language does not have. `code` is what `ostiary help` explains."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def duration(value: Any) -> float:
    """Return seconds for a duration such as `10s`, `5m` or `24h`. The unit is not optional."""
    if isinstance(value, float):  # a default, already parsed
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused("C121", "a duration is a number with its unit: 500ms, 10s, 5m, 24h or 7d")
    return float(match[1]) * _SECONDS[match[2]]


def size(value: Any) -> int:
    """Return octets for a size such as `64KiB`. The unit is not optional."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused("C122", "a size is a whole number with its unit: 512B, 64KiB, 10MB or 1GiB")
    return int(match[1]) * _OCTETS[match[2]]


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept: `env:NAME` or `file:PATH`. Secrets are never literal."""

    kind: Literal["env", "file"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file, `file:PATH`; relative paths count from the folder of the configuration file."""

    path: str

    def __str__(self) -> str:
        return f"file:{self.path}"

    def below(self, folder: Path) -> Path:
        """Return the path, resolved against the folder of the configuration file."""
        return folder / self.path


@dataclass(frozen=True, slots=True)
class Bind:
    """An address to listen on: `127.0.0.1:8443` or `[::1]:8443`."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host).is_loopback


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of an upstream: `http://10.0.0.5:9000` or `https://legacy.example`."""

    scheme: Literal["http", "https"]
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def secret_ref(value: Any) -> SecretRef:
    """Return a reference to a secret."""
    kind, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if kind not in ("env", "file") or not name:
        raise Refused("C123", "a literal secret is not accepted: write env:NAME or file:PATH")
    return SecretRef("env" if kind == "env" else "file", name)


def file_ref(value: Any) -> FileRef:
    """Return a reference to a file."""
    if not isinstance(value, str) or not value.startswith("file:") or len(value) == len("file:"):
        raise Refused("C124", "a file is written file:PATH")
    return FileRef(value.removeprefix("file:"))


def bind(value: Any) -> Bind:
    """Return an address to listen on. Names are refused: what is bound must be plain to see."""
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ip_address(host)
        number = int(port) if port.isascii() and port.isdigit() else -1
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:  # noqa: PLR2004 - the ports there are (RFC 9293)
        raise Refused("C125", "an address to listen on is IP:PORT: 0.0.0.0:8443, 127.0.0.1:8443 or [::1]:8443")
    return Bind(host, number)


def _http_url(value: Any, example: str) -> tuple[Literal["http", "https"], str, int | None, str]:
    problem = Refused("C126", f"a URL is wanted, with its scheme: {example}")
    if not isinstance(value, str) or not value.isascii() or any(c in value for c in " \t\r\n"):
        raise problem
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in ("http", "https") or not host:
        raise problem
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Refused("C126", "a URL here has no user, password or fragment")
    return ("https" if parts.scheme == "https" else "http"), host, port, parts.path + parts.query


def endpoint(value: Any) -> Endpoint:
    """Return one address of an upstream: scheme, host, port; no path."""
    scheme, host, port, rest = _http_url(value, "http://10.0.0.5:9000")
    if rest not in ("", "/"):
        raise Refused("C126", "an endpoint is scheme://host:port, without a path")
    return Endpoint(scheme, host, port or (443 if scheme == "https" else 80))


def is_loopback_host(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def secure_url(value: Any) -> str:
    """Return an https URL; http is accepted on loopback only."""
    scheme, host, _, _ = _http_url(value, "https://id.example.com/jwks.json")
    if scheme != "https" and not is_loopback_host(host):
        raise Refused("C318", "https:// is required here; http:// is accepted on loopback only")
    return str(value)


_HOST: Final = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def host_pattern(value: Any) -> str:
    """Return a host to match: a lower-case name, `*.` before it for any one label, or an address."""
    if isinstance(value, str):
        lowered = value.lower().rstrip(".")
        if _HOST.fullmatch(lowered):
            return lowered
    raise Refused("C127", "a host is a name without scheme or port: api.example.com or *.example.com")


_SEGMENT: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()+,;=:@ ]+|[^\x00-\x7f]+")


def path_pattern(value: Any) -> str:
    """Return a path to match: literal segments, `*` for any one segment, `/**` at the end for any rest."""
    if not isinstance(value, str) or not value.startswith("/"):
        raise Refused("C128", "a path starts with /: /accounts/**, /reports/*/summary or /health")
    segments = value[1:].split("/")
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment == "**" and not last:
            raise Refused("C128", "** stands only at the end of a path: /accounts/**")
        if segment in (".", "..") or (segment == "" and not last):
            raise Refused("C128", "a path has no empty, . or .. segments")
        if segment not in ("", "*", "**") and not _SEGMENT.fullmatch(segment):
            raise Refused("C128", "a segment is plain text (not percent-encoded), * or **")
    return value


_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FRAMING: Final = frozenset(
    (
        *("connection", "content-length", "expect", "host", "keep-alive", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    )
)


def header_name(value: Any) -> str:
    """Return the name of a header that may be written (RFC 9110, section 5.1)."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise Refused("C129", "a header name is letters, digits and hyphens: X-Subject")
    if value.lower() in _FRAMING:
        raise Refused("C129", f"{value} frames or routes the message and cannot be written by a policy")
    return value


def cookie_name(value: Any) -> str:
    """Return the name of a cookie that may be written (RFC 6265, section 4.1.1)."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or "%" in value or value.startswith("$"):
        raise Refused("C150", "the name of a cookie is letters, digits, hyphens and underscores: session_id")
    return value


def method(value: Any) -> str:
    """Return a request method (RFC 9110, section 9). Methods are case-sensitive."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or value != value.upper():
        raise Refused("C130", "a method is written in capitals: GET, HEAD, POST, PUT, PATCH, DELETE")
    if value in ("CONNECT", "TRACE"):
        raise Refused("C130", f"{value} is never forwarded")
    return value


_CARRIES_REQUESTS: Final = frozenset(("h2c", "h2", "http", "tls", "connect-udp", "connect-ip"))


def protocol(value: Any) -> str:
    """Return a protocol that a connection may change to (RFC 9110, section 7.8), in lower case.

    What would carry further requests is refused: nobody would judge them.
    """
    if not isinstance(value, str) or not _TOKEN.fullmatch(value.replace("/", "", 1)):
        raise Refused("C139", "a protocol is one word: websocket")
    if value.lower().partition("/")[0] in _CARRIES_REQUESTS:
        raise Refused("C139", f"{value} carries requests that no route would judge")
    return value.lower()


def _word(pattern: str, examples: list[str], description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": examples, "description": description})


Duration = Annotated[
    float,
    BeforeValidator(duration),
    _word(r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$", ["10s", "5m"], "A duration: a number with its unit."),
]
Size = Annotated[
    int, BeforeValidator(size), _word(r"^[0-9]+(B|[KMG]i?B)$", ["64KiB", "10MB"], "A size: a number with its unit.")
]
SecretReference = Annotated[
    SecretRef,
    BeforeValidator(secret_ref),
    _word(r"^(env|file):.+$", ["env:OSTIARY_MASTER_KEY", "file:/run/secrets/key"], "Where a secret is kept."),
]
FileReference = Annotated[
    FileRef, BeforeValidator(file_ref), _word(r"^file:.+$", ["file:certs/ca.pem"], "A file, seen from this file.")
]
Address = Annotated[Bind, BeforeValidator(bind), _word(r"^.+:[0-9]+$", ["0.0.0.0:8443"], "IP:PORT to listen on.")]
EndpointUrl = Annotated[
    Endpoint, BeforeValidator(endpoint), _word(r"^https?://[^/]+/?$", ["http://10.0.0.5:9000"], "scheme://host:port")
]
SecureUrl = Annotated[
    str, BeforeValidator(secure_url), _word(r"^https?://", ["https://id.example.com"], "An https URL.")
]
HostPattern = Annotated[
    str, BeforeValidator(host_pattern), _word(r"^(\*\.)?[A-Za-z0-9.-]+$", ["api.example.com"], "A host to match.")
]
PathPattern = Annotated[
    str, BeforeValidator(path_pattern), _word(r"^/", ["/accounts/**"], "A path to match; * one segment, ** any rest.")
]
HeaderName = Annotated[
    str, BeforeValidator(header_name), _word(r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$", ["X-Subject"], "A header name.")
]
CookieName = Annotated[
    str, BeforeValidator(cookie_name), _word(r"^[!#&'*+\-.^_`|~0-9A-Za-z][^%]*$", ["session_id"], "A cookie's name.")
]
Method = Annotated[str, BeforeValidator(method), _word(r"^[!#$%&'*+\-.^_`|~0-9A-Z]+$", ["GET"], "A request method.")]
Protocol = Annotated[
    str,
    BeforeValidator(protocol),
    _word(r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(/[0-9.]+)?$", ["websocket"], "A protocol to change to."),
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9])?$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
