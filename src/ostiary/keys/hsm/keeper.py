"""A ring in an HSM as the gateway sees it: the keys under one label, the newest has the greatest CKA_ID."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import structlog

from ostiary.config.keys import Pkcs11KeySpec
from ostiary.config.secrets import resolve
from ostiary.keys.errors import KeyRefused
from ostiary.keys.hsm.login import Login
from ostiary.keys.hsm.module import Module, check_installed
from ostiary.keys.hsm.objects import Found, find
from ostiary.keys.version import KeyVersion, described
from ostiary.sealed.errors import Misconfigured, NotFound

log = structlog.get_logger("ostiary.keys")

_HASH: Final = {"256": "SHA256", "384": "SHA384", "512": "SHA512"}


class HsmKeeper:
    """The keys of a token under one label; a keeper.Keeper.

    Args:
        login: our session with the token.
        label: the label of the keys.
        wanted: the algorithm of the configuration, or None.
        lead: how long a version that appears while we run is published before it signs, in seconds.
        clock: epoch seconds.
    """

    def __init__(
        self, login: Login, label: str, wanted: str | None, lead: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._login = login
        self._label = label
        self._wanted = wanted
        self._lead = lead
        self._clock = clock
        self._seen: dict[int, float] = {}
        self._handles: tuple[int, dict[int, Any]] = (-1, {})
        self._warned: set[int] = set()

    @property
    def origin(self) -> str:
        """The library, the token and the label."""
        return f"{self._login.module.path} {self._login.token} {self._label}"

    def inherit(self, previous: HsmKeeper) -> None:
        """Know which keys were there before a reload: those that are new are published first."""
        self._seen = dict(previous._seen)

    async def start(self) -> None:
        """Say that the session is wanted; it is opened with the first question."""
        self._login.take()

    async def aclose(self) -> None:
        """Let go of the session."""
        await self._login.release()

    def changed(self) -> bool:
        """Return False: HSMs do not tell."""
        return False

    async def versions(self) -> Sequence[KeyVersion]:
        """Look for the keys under the label."""
        found = await self._login.call(self._find)
        if not found:
            raise NotFound(f"token {self._login.token} has no private key labelled {self._label!r}")
        self._remember(found)
        try:
            return [
                described(str(one.number), one.number, one.public, self._wanted, begins=self._begins(one))
                for one in found
                if one.public is not None or self._untold(one)
            ]
        except KeyRefused as error:
            problem = Misconfigured(f"key {self._label!r} of token {self._login.token}: {error}")
        raise problem

    async def sign(self, version: KeyVersion, data: bytes) -> bytes:
        """Have the token sign. Elliptic curves give r and s already (PKCS#11, section 6.3.1)."""
        return await self._login.call(lambda session, generation: self._sign(session, generation, version, data))

    def _find(self, session: Any, generation: int) -> list[Found]:
        found = find(session, self._label)
        self._handles = (generation, {one.number: one.private for one in found})
        return found

    def _sign(self, session: Any, generation: int, version: KeyVersion, data: bytes) -> bytes:
        if self._handles[0] != generation:  # handles of a session that is no more
            self._find(session, generation)
        private = self._handles[1].get(version.order)
        if private is None:
            raise NotFound(f"version {version.id} of {self._label!r} is not there any more")
        octets, way = _how(version.alg, data)
        return bytes(private.sign(octets, **way))

    def _begins(self, one: Found) -> float:
        return self._seen[one.number] if one.begins is None else one.begins

    def _remember(self, found: Sequence[Found]) -> None:
        """Note when versions appear: those of the first look sign at once, later ones are published first."""
        start = self._clock() + self._lead if self._seen else 0.0
        for one in found:
            self._seen.setdefault(one.number, start)
            if one.exportable and one.number not in self._warned:
                self._warned.add(one.number)
                log.warning("a key can be taken out of the HSM", token=self._login.token, label=self._label)

    def _untold(self, one: Found) -> bool:
        raise Misconfigured(
            f"token {self._login.token} does not tell the public half of {self._label!r} with id {one.number:x}: "
            "put its public key or its certificate beside it, with the same id"
        )


def _how(alg: str, data: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return what the token is given to sign, and the mechanism."""
    from pkcs11 import MGF, Mechanism  # noqa: PLC0415 - an extra

    if alg == "EdDSA":
        return data, {"mechanism": Mechanism.EDDSA}
    name = _HASH[alg[2:]]
    if alg.startswith("ES"):
        return hashlib.new(name, data).digest(), {"mechanism": Mechanism.ECDSA}
    if alg.startswith("RS"):
        return data, {"mechanism": Mechanism[f"{name}_RSA_PKCS"]}
    salt = hashlib.new(name).digest_size  # as long as the hash (RFC 7518, section 3.5)
    return data, {
        "mechanism": Mechanism[f"{name}_RSA_PKCS_PSS"],
        "mechanism_param": (Mechanism[name], MGF[name], salt),
    }


def compile_hsm(spec: Pkcs11KeySpec, folder: Path, clock: Callable[[], float]) -> HsmKeeper:
    """Return the keeper of a key in an HSM; nothing is opened.

    Raises:
        ConfigError: the extra is not installed, or the PIN is not there.
    """
    check_installed()
    module = Module.at(str(spec.module.below(folder)))
    login = Login.of(module, spec.token, resolve(spec.pin, folder), spec.timeout)
    return HsmKeeper(login, spec.label, spec.algorithm, spec.publish_before, clock)
