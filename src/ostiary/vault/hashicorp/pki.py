"""Certificates that the server issues: with a new key each time, and an end that is known."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import Misconfigured
from ostiary.vault.hashicorp import path as paths
from ostiary.vault.hashicorp.api import Reply
from ostiary.vault.hashicorp.client import Client
from ostiary.vault.hashicorp.judge import content
from ostiary.vault.hashicorp.mount import Mount
from ostiary.vault.record import SecretRecord


class Issuing(Mount):
    """The engine `pki`.

    Args:
        client: who asks.
        mount: where the engine is mounted.
        parameters: what the certificate is to say.
    """

    engine = "pki"

    def __init__(self, client: Client, mount: str, parameters: Mapping[str, str]) -> None:
        super().__init__(client, mount)
        self._parameters = dict(sorted(parameters.items()))

    @property
    def origin(self) -> str:
        """The server, the namespace, the mount, and what certificates say."""
        return f"{super().origin} {self._parameters}"

    def check(self, path: str) -> None:
        """Refuse what is no role.

        Raises:
            ConfigError: the path is not usable.
        """
        super().check(path)
        if not path.startswith("issue/"):
            raise ConfigError(f"{path!r}: a path of a pki engine is issue/ROLE")

    async def fetch(self, path: str, version: int | None) -> SecretRecord:  # noqa: ARG002 - there are none
        """Have a certificate issued.

        Raises:
            SecretError: why not.
        """
        asked = self.now()
        where = f"{paths.encoded(self.mount)}/{paths.encoded(path)}"
        return issued(await self.client.call("POST", where, dict(self._parameters)), asked)


def issued(reply: Reply, asked: float, *, today: float | None = None) -> SecretRecord:
    """Return the certificate in an answer, its chain and its key. Its end counts, whatever was asked for.

    Args:
        reply: the answer.
        asked: when the question was sent, seconds on the monotonic clock.
        today: the wall clock, seconds since the epoch; now by default.

    Raises:
        SecretError: there is none.
    """
    data = content(reply)
    leaf, key, serial, end = (data.get(name) for name in ("certificate", "private_key", "serial_number", "expiration"))
    if not isinstance(leaf, str) or not isinstance(key, str) or not isinstance(serial, str) or not isinstance(end, int):
        raise Misconfigured("the answer is not a certificate with its key")
    fields = {
        "certificate": Secret("\n".join((leaf, *_chain(data)))),
        "private_key": Secret(key),
        "id": Secret(serial),
        "secret": Secret(key),
    }
    lasts = max(0.0, end - (time.time() if today is None else today))
    return SecretRecord(fields, serial, asked, asked + lasts, made=True)


def _chain(data: Mapping[str, Any]) -> list[str]:
    chain = data.get("ca_chain")
    return [one for one in chain if isinstance(one, str)] if isinstance(chain, list) else []
