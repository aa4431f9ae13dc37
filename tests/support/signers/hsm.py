"""Keys in SoftHSM, made by OpenSC's tool."""

from __future__ import annotations

from tests.support.signers.shape import LEAD
from tests.support.softhsm import PIN, TOKEN, SoftHsm

from ostiary.keys.hsm import HsmKeeper
from ostiary.keys.hsm.login import Login
from ostiary.keys.hsm.module import Module
from ostiary.model import Secret

_TYPES = {"ES256": "EC:prime256v1", "ES384": "EC:secp384r1", "EdDSA": "EC:edwards25519"}


class Hsm:
    """The token of the tests."""

    def __init__(self, softhsm: SoftHsm) -> None:
        self._hsm = softhsm
        self._made: dict[str, int] = {}

    @property
    def login(self) -> Login:
        return Login.of(Module.at(self._hsm.library), TOKEN, Secret(PIN), 20.0)

    def keeper(self, name: str, wanted: str | None = None) -> HsmKeeper:
        return HsmKeeper(self.login, name, wanted, LEAD)

    def make(self, name: str, alg: str) -> None:
        self._made[name] = self._made.get(name, 0) + 1
        self._hsm.make(name, self._made[name], _TYPES.get(alg, "rsa:2048"))

    async def aclose(self) -> None: ...
