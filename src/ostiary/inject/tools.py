"""What injectors need beside credentials: tokens that issuers give, kept for all routes that want the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ostiary.config.oauth import ClientCredentialsSpec, TokenExchangeSpec, TokenSpec
from ostiary.model import CredentialSource
from ostiary.oauth import ClientToken, ExchangedTokens, compile_exchange, compile_token
from ostiary.oauth.client import Around

_NONE: Final[Mapping[str, CredentialSource]] = MappingProxyType({})
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tools:
    """What injectors are compiled from, beside their own block.

    Attributes:
        credentials: credentials that are the same for all callers, by alias.
        folder: the folder of the configuration file.
        origins: what the file says of each credential, by alias: what was obtained with one is of no use to another.
        made: the tokens that were compiled already, by what their blocks say. They have a lifetime.
    """

    credentials: Mapping[str, CredentialSource] = field(default_factory=lambda: _NONE)
    folder: Path = Path()
    origins: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    made: dict[str, ClientToken | ExchangedTokens] = field(default_factory=dict, compare=False, repr=False)

    def token(self, spec: ClientCredentialsSpec) -> ClientToken:
        """Return the gateway's own token. Routes whose blocks say the same share it.

        Raises:
            ConfigError: a credential is not defined, or a file cannot be read.
        """
        name = self._name(spec)
        made = self.made.get(name)
        if not isinstance(made, ClientToken):
            made = self.made[name] = compile_token(name, spec, self._around)
        return made

    def exchange(self, spec: TokenExchangeSpec) -> ExchangedTokens:
        """Return the tokens in exchange for those of callers. Routes whose blocks say the same share them.

        Raises:
            ConfigError: a credential is not defined, or a file cannot be read.
        """
        name = self._name(spec)
        made = self.made.get(name)
        if not isinstance(made, ExchangedTokens):
            made = self.made[name] = compile_exchange(name, spec, self._around)
        return made

    @property
    def _around(self) -> Around:
        return Around(self.credentials, self.folder)

    def _name(self, spec: TokenSpec) -> str:
        """Return what a token is kept under: all that it depends on, so that another configuration has another."""
        client = spec.client.value
        said = [type(spec).__name__, spec.model_dump_json(), self.origins.get(getattr(client, "credential", ""), "")]
        if spec.client.certificate is not None:
            said += [_digest(spec.client.certificate.certificate.below(self.folder))]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""  # whoever reads it next says what is wrong
