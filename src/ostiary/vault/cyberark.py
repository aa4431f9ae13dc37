"""CyberArk's Central Credential Provider (CCP): one GET, a flat JSON object of texts.

    404 APPAP004E                                   no such account, or not for this application
    403 APPAP008E APPAP306E                         this application may not
    400 APPAP227E APPAP228E APPAP229E               several accounts fit
    400 AIMWS030E AIMWS031E APPAP081E CASVL010E     a question that makes no sense
    400 APPAP007E, 500 APPAP282E                    the vault behind it is away; a password is being changed: not now

Every value is a text, and versions have no names: when the password was last changed is one, where the
vault says it. While a password is being changed it is used for seconds only.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from ostiary.config.vaults.cyberark import CCP_REFUSED, CyberarkVaultSpec
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, Misconfigured, NotFound, SecretError, Unavailable
from ostiary.vault.fields import marked
from ostiary.vault.names import segments, unversioned
from ostiary.vault.record import SecretRecord
from ostiary.vault.web import Answer, Web, tls_of

CHANGING: Final = 5.0  # seconds that a password is used while it is being changed
_LEAST: Final = 2  # segments of a path: safe and object
_NOT_NOW: Final = frozenset(("APPAP007E", "APPAP282E"))
_REFUSALS: Final[Mapping[int, type[SecretError]]] = {
    400: Misconfigured,
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
}


class CyberarkProvider:
    """One application of one provider; a record.Provider."""

    def __init__(self, spec: CyberarkVaultSpec, web: Web) -> None:
        self._spec = spec
        self._web = web
        self._url = f"{spec.address.rstrip('/')}/{spec.service}/api/Accounts"

    async def start(self) -> None:
        """Do nothing: the first question comes with the first record."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._web.aclose()

    @property
    def origin(self) -> str:
        """The provider, and as whom it is asked."""
        return f"{self._url} {self._spec.app_id} {self._spec.query}"

    def inherit(self, previous: CyberarkProvider) -> None:
        """Ask anew."""

    def check(self, path: str) -> None:
        """Refuse a path that names no account, or has characters that the provider does not accept.

        Raises:
            ConfigError: the path is not usable.
        """
        self._criteria(path)

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Ask for an account.

        Raises:
            SecretError: why not.
        """
        unversioned(version)
        asked = time.monotonic()
        query = {"AppID": self._spec.app_id, **self._criteria(path)}
        if self._spec.reason is not None:
            query["Reason"] = self._spec.reason
        return record(await self._web.ask("GET", f"{self._url}?{urlencode(query)}"), asked)

    def changed(self) -> bool:
        """Return False: the provider does not tell; `cache.ttl` bounds how long a rotation goes unseen."""
        return False

    def _criteria(self, path: str) -> dict[str, str]:
        parts = segments(path)
        if CCP_REFUSED.search(path):
            raise ConfigError(f"{path!r}: the provider accepts no + & % ; and no white space in a value")
        if self._spec.query is not None:
            return {"Query": self._spec.query.replace("{path}", path), "QueryFormat": self._spec.query_format}
        if len(parts) < _LEAST:
            raise ConfigError(f"{path!r}: an account is named SAFE/OBJECT or SAFE/FOLDER/.../OBJECT")
        safe, *folders, name = parts
        return {"Safe": safe, **({"Folder": "\\".join(folders)} if folders else {}), "Object": name}


def record(answer: Answer, asked: float) -> SecretRecord:
    """Return the account in an answer.

    Raises:
        SecretError: there is none.
    """
    said = answer.json()
    if not isinstance(said, Mapping):
        raise answer.not_now()
    if answer.status != 200:  # noqa: PLR2004 - RFC 9110, section 15.3.1
        raise _refusal(answer, str(said.get("ErrorCode", "")))
    if not isinstance(said.get("Content"), str):
        raise Unavailable("the answer of the vault has no Content")
    fields = {name: Secret(value) for name, value in said.items() if isinstance(value, str)}
    fields |= {"secret": fields["Content"]} | ({"id": fields["UserName"]} if "UserName" in fields else {})
    changed = said.get("LastSuccessChange")
    named = {name: fields[name] for name in ("id", "secret") if name in fields}
    version = str(changed) if isinstance(changed, str | int) and changed else marked(named)
    return SecretRecord(
        fields, version, asked, asked + CHANGING if _is_true(said.get("PasswordChangeInProcess")) else None
    )


def _is_true(value: Any) -> bool:
    """Return what the versions of the product write in three ways: true, "True" and "true"."""
    return str(value).lower() == "true"


def _refusal(answer: Answer, code: str) -> SecretError:
    kind = _REFUSALS.get(answer.status)
    if kind is None or code in _NOT_NOW or not code.isalnum():
        return answer.not_now()
    return kind(f"the vault answered {answer.status} {code}")


def compile_cyberark(spec: CyberarkVaultSpec, folder: Path) -> CyberarkProvider:
    """Make the provider of a Central Credential Provider.

    Raises:
        ConfigError: a certificate is not there, or not usable.
    """
    return CyberarkProvider(spec, Web(spec.timeout, tls_of(spec, folder, spec.address)))
