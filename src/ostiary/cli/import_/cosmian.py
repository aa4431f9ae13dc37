"""What a Cosmian KMS was started with: its flags, its `KMS_*` variables, or its TOML, in the spellings of all versions.

--jwt-issuer-uri, --jwks-uri, --jwt-audience      repeated, in the same order: the first of each belong together
--jwt-auth-provider "ISSUER,JWKS,AUDIENCE,..."    repeated; all but the issuer may be empty
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final

_ALIASES: Final = {
    "https_p12_file": "tls_p12_file",
    "https_p12_password": "tls_p12_password",
    "authority_cert_file": "clients_ca_cert_file",
    "jwt_issuer": "jwt_issuer_uri",
    "http_port": "port",
    "http_hostname": "hostname",
}
_SEVERAL: Final = frozenset(("jwt_issuer_uri", "jwks_uri", "jwt_audience", "jwt_auth_provider"))
_WORDS: Final = frozenset(("force_default_username",))
KNOWN: Final = _SEVERAL | _WORDS | frozenset(
    ("default_username", "tls_p12_file", "tls_p12_password", "tls_cert_file", "tls_key_file", "clients_ca_cert_file",
     "tls_cipher_suites", "api_token_id", "port", "hostname")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provider:
    """One identity provider, as the server was told of it."""

    issuer: str
    jwks: str = ""
    audiences: tuple[str, ...] = ()


@dataclass(slots=True)
class Settings:
    """What the server was started with.

    Attributes:
        values: single values, by their newest name.
        lists: repeated values, in their order.
        left: names of what has no place in a gateway.
    """

    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def take(self, name: str, value: Any) -> None:
        """Take one setting, whatever its spelling."""
        plain = name.lower().replace("-", "_")
        known = _ALIASES.get(plain, plain)
        if known not in KNOWN:
            self.left.append(plain)
        elif known in _SEVERAL:
            several = value if isinstance(value, list) else [value]
            self.lists.setdefault(known, []).extend(str(one) for one in several)
        else:
            self.values[known] = str(value).lower() if isinstance(value, bool) else str(value)

    @property
    def default_user(self) -> str:
        """Whom nobody in particular is."""
        return self.values.get("default_username") or "admin"

    @property
    def forces_default_user(self) -> bool:
        """Whether everybody is that one, once proven."""
        return self.values.get("force_default_username", "false") not in ("false", "0", "")

    def providers(self) -> list[Provider]:
        """Return the identity providers, in their order, each once."""
        lists = [self.lists.get(name, []) for name in ("jwt_issuer_uri", "jwks_uri", "jwt_audience")]
        triples = [
            Provider(issuer, jwks, (audience,) if audience else ())
            for issuer, jwks, audience in zip_longest(*lists, fillvalue="")
            if issuer
        ]
        return list(dict.fromkeys([*triples, *map(_provider, self.lists.get("jwt_auth_provider", []))]))


def _provider(text: str) -> Provider:
    issuer, *rest = (part.strip().removeprefix("<").removesuffix(">") for part in text.split(","))
    return Provider(issuer, rest[0] if rest else "", tuple(part for part in rest[1:] if part))


def from_flags(words: Sequence[str], settings: Settings) -> None:
    """Read a command line; whatever comes before its flags, such as `docker run ... IMAGE`, does not matter."""
    for name, value in _flags(words):
        settings.take(name, value)


def _flags(words: Sequence[str]) -> Iterator[tuple[str, str | bool]]:
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if not word.startswith("--") or word == "--":
            continue
        name, equals, value = word[2:].partition("=")
        if equals:
            yield name, value
        elif name.replace("-", "_") in _WORDS or position >= len(words) or words[position].startswith("--"):
            yield name, True
        else:
            yield name, words[position]
            position += 1


def from_variables(variables: Mapping[str, str], settings: Settings) -> None:
    """Read `KMS_*`; lists stand in brackets, or with commas between triples of the older kind."""
    for name, value in variables.items():
        if not name.startswith("KMS_") or not value:
            continue
        plain = name.removeprefix("KMS_").lower()
        known = _ALIASES.get(plain, plain)
        if known in _SEVERAL and known != "jwt_auth_provider":
            settings.take(plain, [part.strip().strip("\"'") for part in value.strip("[]").split(",")])
        else:
            settings.take(plain, value.strip("[]") if known in _SEVERAL else value)


def from_toml(text: str, settings: Settings) -> None:
    """Read a configuration file, whichever section a key stands in.

    Raises:
        ValueError: it is not TOML.
    """
    for key, value in tomllib.loads(text).items():
        if isinstance(value, dict):
            for name, one in value.items():
                settings.take(name, one)
        else:
            settings.take(key, value)


def read_variables(text: str) -> dict[str, str]:
    """Return the variables of a file of `NAME=value` lines."""
    pairs = (line.strip().removeprefix("export ").partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs if not name.startswith("#")}
