"""Keys in the Transit engine of a real OpenBao."""

from __future__ import annotations

from pathlib import Path

from tests.support.openbao import ROOT, Bao
from tests.support.signers.shape import LEAD

from ostiary.config.vaults import HashicorpVaultSpec
from ostiary.keys.transit import TransitKeeper
from ostiary.vault import Vault, compile_vault

_TYPES = {"ES256": "ecdsa-p256", "ES384": "ecdsa-p384", "EdDSA": "ed25519"}


class Transit:
    """A server, and a vault that is logged in to it."""

    def __init__(self, bao: Bao, folder: Path) -> None:
        self._bao = bao
        if "transit/" not in bao.ask("GET", "sys/mounts"):
            bao.ask("POST", "sys/mounts/transit", {"type": "transit"})
        (folder / "token").write_text(ROOT)
        spec = HashicorpVaultSpec.model_validate(
            {"type": "hashicorp", "address": bao.address, "auth": {"token": "file:token"}}
        )
        self.vault: Vault = compile_vault("corporate", spec, folder)

    def keeper(self, name: str, wanted: str | None = None) -> TransitKeeper:
        server = self.vault.server
        assert server is not None
        return TransitKeeper(server, ("transit", name), wanted, LEAD)

    def make(self, name: str, alg: str) -> None:
        known = self._bao.ask("GET", "transit/keys?list=true") if self._any() else {"data": {"keys": []}}
        if name in known["data"]["keys"]:
            self._bao.ask("POST", f"transit/keys/{name}/rotate", {})
        else:
            self._bao.ask("POST", f"transit/keys/{name}", {"type": _TYPES.get(alg, "rsa-2048")})

    def away(self) -> None:
        self._bao.seal()

    def back(self) -> None:
        self._bao.unseal()

    async def aclose(self) -> None:
        await self.vault.aclose()

    def _any(self) -> bool:
        try:
            self._bao.ask("GET", "transit/keys?list=true")
        except Exception:  # noqa: BLE001 - 404: there is none yet
            return False
        return True
