"""Credentials of databases: made for us and lent, or rotated by the server for everybody.

creds/ROLE         dynamic: each question makes another user, which is lent
static-creds/ROLE  static: one user, whose password the server changes; it says when
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import Misconfigured, NotFound
from ostiary.vault.hashicorp import path as paths
from ostiary.vault.hashicorp.api import Fields, Reply
from ostiary.vault.hashicorp.client import Client
from ostiary.vault.hashicorp.judge import content, done
from ostiary.vault.hashicorp.login import seconds
from ostiary.vault.hashicorp.mount import Mount
from ostiary.vault.record import Lease, SecretRecord

SOON: Final = 1.0  # least pause before a static password that is about to be changed is asked for again, in seconds
_KINDS: Final = ("creds/", "static-creds/")


class Database(Mount):
    """The engine `database`; a record.Lender."""

    engine = "database"

    def __init__(self, client: Client, mount: str) -> None:
        super().__init__(client, mount)
        self._login = 0

    def check(self, path: str) -> None:
        """Refuse what is neither a dynamic nor a static role.

        Raises:
            ConfigError: the path is not usable.
        """
        super().check(path)
        if not path.startswith(_KINDS):
            raise ConfigError(f"{path!r}: a path of a database engine is creds/ROLE or static-creds/ROLE")

    def changed(self) -> bool:
        """Whether we have logged in anew: what was lent to a login ends with it."""
        before, self._login = self._login, self.client.session.login
        return before not in (0, self._login)

    async def fetch(self, path: str, version: int | None) -> SecretRecord:  # noqa: ARG002 - there are none
        """Have a user made, or read the one there is.

        Raises:
            SecretError: why not.
        """
        asked = self.now()
        reply = await self.client.call("GET", f"{paths.encoded(self.mount)}/{paths.encoded(path)}")
        return lent(reply, asked, self.client.session.login) if path.startswith(_KINDS[0]) else rotated(reply, asked)

    async def renew(self, record: SecretRecord) -> SecretRecord:
        """Have a user live longer.

        Raises:
            NotFound: it was lent to a login that is no more.
            SecretError: why not.
        """
        lease = record.lease
        if lease is None or lease.login != self.client.session.login:
            raise NotFound("the lease belongs to a login that is no more")
        asked = self.now()
        body: Fields = {"lease_id": lease.id, "increment": int(lease.lasts)}
        reply = done(await self.client.call("PUT", "sys/leases/renew", body))
        return extended(record, lease, reply, asked)

    async def revoke(self, record: SecretRecord) -> None:
        """Have a user removed.

        Raises:
            SecretError: why not.
        """
        if record.lease is not None:
            done(await self.client.call("PUT", "sys/leases/revoke", {"lease_id": record.lease.id}))


def lent(reply: Reply, asked: float, login: int) -> SecretRecord:
    """Return the user that was made, and is lent to us.

    Args:
        reply: the answer.
        asked: when the question was sent, seconds on the monotonic clock.
        login: which of our logins asked.

    Raises:
        SecretError: there is none.
    """
    data, lease = content(reply), reply.body.get("lease_id")
    lasts = seconds(reply.body.get("lease_duration"))
    if not isinstance(lease, str) or not lease or not lasts:
        raise Misconfigured("the answer is not that of a dynamic role")
    held = Lease(lease, lasts, reply.body.get("renewable") is True, login)
    version = sha256(lease.encode()).hexdigest()[:12]
    return SecretRecord(_fields(data), version, asked, asked + lasts, made=True, lease=held)


def rotated(reply: Reply, asked: float) -> SecretRecord:
    """Return the user of a static role; its version is when the password was last changed.

    Raises:
        SecretError: there is none.
    """
    data = content(reply)
    changed = data.get("last_vault_rotation")
    if not isinstance(changed, str):
        raise Misconfigured("the answer is not that of a static role")
    return SecretRecord(_fields(data), changed, asked, changes_at=asked + max(seconds(data.get("ttl")), SOON))


def extended(record: SecretRecord, lease: Lease, reply: Reply, asked: float) -> SecretRecord:
    """Return a record after its lease was renewed."""
    lasts = seconds(reply.body.get("lease_duration"))
    renewable = reply.body.get("renewable") is True
    return replace(record, fetched_at=asked, not_after=asked + lasts, lease=replace(lease, renewable=renewable))


def _fields(data: Mapping[str, Any]) -> dict[str, Secret]:
    """Return the fields under the server's names, and under those that credentials have by default."""
    texts = {name: Secret(value) for name, value in data.items() if isinstance(value, str)}
    if "username" not in texts or "password" not in texts:
        raise Misconfigured("the answer has no user name and password")
    return {"id": texts["username"], "secret": texts["password"], **texts}
