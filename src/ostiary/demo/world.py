"""The world of the demo: started in order, ended in order."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ostiary.config.schema import LocalVaultSpec
from ostiary.demo.gateway import DemoFailed, Gateway, running
from ostiary.demo.issuer import Issuer, serve_issuer
from ostiary.demo.legacy import serve_legacy
from ostiary.demo.places import Places, places, template, write_private
from ostiary.demo.service import LOOPBACK
from ostiary.model import Credential, Secret
from ostiary.pki.development import DevelopmentPki, write_development_pki
from ostiary.vault.local import local_store, new_key_text

__all__ = ["DemoFailed", "World", "open_world"]

GATEWAY_PORT: Final = 8443
ISSUER_PORT: Final = 9090
LEGACY_PORT: Final = 9080
ALIAS: Final = "legacy-accounts"


@dataclass(frozen=True)
class World:
    """Everything that runs.

    Attributes:
        places: the files.
        pki: the certificates among them.
        gateway: the gateway's process.
        issuer: who signs tokens.
        legacy_port: where the legacy service listens.
    """

    places: Places
    pki: DevelopmentPki
    gateway: Gateway
    issuer: Issuer
    legacy_port: int

    def identity(self, name: str) -> tuple[Path, Path]:
        """Return certificate and key of `client` or `mallory`."""
        if name == "mallory":
            return self.pki.mallory, self.pki.mallory_key
        return self.pki.client, self.pki.client_key


@contextmanager
def open_world(keep: Path | None) -> Iterator[World]:
    """Run the world while the block runs.

    Args:
        keep: the folder for its files; by default the checkout one stands in, or a temporary one.

    Raises:
        DemoFailed: something does not start.
    """
    with places(keep) as where:
        where.clear()
        pki = write_development_pki(where.certificates)
        with serve_legacy(_new_credential(where), LEGACY_PORT) as legacy, serve_issuer(ISSUER_PORT) as issuer:
            port = _free(GATEWAY_PORT)
            _configure(where, {GATEWAY_PORT: port, LEGACY_PORT: legacy, ISSUER_PORT: _port_of(issuer)})
            with running(where.configuration, port, where.log) as gateway:
                yield World(where, pki, gateway, issuer, legacy)


def _new_credential(where: Places) -> Credential:
    """Make the credential of the legacy service and put it into a new local vault, where alone it is kept."""
    master_key = where.own / "master.key"
    write_private(master_key, new_key_text())
    spec = LocalVaultSpec.model_validate({"type": "local", "path": "vault.db", "master_key": f"file:{master_key}"})
    credential = Credential(ALIAS, "ostiary", Secret(secrets.token_urlsafe(24)), "1")
    fields = {"id": Secret(credential.id), "secret": credential.secret}
    local_store(spec, where.own).put(ALIAS, fields)
    return credential


def _configure(where: Places, ports: dict[int, int]) -> None:
    """Write the configuration, with the ports that are really used."""
    text = template()
    for usual, used in ports.items():
        text = text.replace(f"{LOOPBACK}:{usual}", f"{LOOPBACK}:{used}")
    where.configuration.write_text(text)


def _free(port: int) -> int:
    """Return the port if nobody listens there, or another one."""
    for candidate in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoFailed("there is no free port")


def _port_of(issuer: Issuer) -> int:
    return int(issuer.url.split(":")[2].partition("/")[0])
