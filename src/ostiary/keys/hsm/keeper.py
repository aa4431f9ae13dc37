"""A ring in an HSM as the gateway sees it: the keys under one label, the newest has the greatest CKA_ID."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import structlog

from ostiary.config.keys import Pkcs11KeySpec
from ostiary.config.secrets import resolve
from ostiary.keys.algorithms import encrypts
from ostiary.keys.errors import KeyRefused
from ostiary.keys.hsm.login import Login
from ostiary.keys.hsm.mechanisms import decryption, sealed, signature
from ostiary.keys.hsm.module import Module, check_installed
from ostiary.keys.hsm.objects import Found, find
from ostiary.keys.version import KeyVersion, described
from ostiary.sealed.errors import Misconfigured, NotFound

log = structlog.get_logger("ostiary.keys")

_PROBE: Final = b"can this be opened?"


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
        self._tried: set[str] = set()

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
            versions = [
                described(str(one.number), one.number, one.public, self._wanted, begins=self._begins(one))
                for one in found
                if one.public is not None or self._untold(one)
            ]
            await self._try(versions)
        except KeyRefused as error:
            problem = Misconfigured(f"key {self._label!r} of token {self._login.token}: {error}")
        else:
            return versions
        raise problem

    async def _try(self, versions: Sequence[KeyVersion]) -> None:
        """Have each version open something once, where that is what it is for: tokens differ in what they know.

        Raises:
            KeyRefused: it does not.
        """
        for version in versions:
            if encrypts(version.alg) and version.kid not in self._tried:
                await self._open(version)
                self._tried.add(version.kid)

    async def _open(self, version: KeyVersion) -> None:
        try:
            await self.unwrap(version, sealed(version.public, version.alg, _PROBE))
        except KeyRefused as error:
            hint = "" if version.alg == "RSA-OAEP" else "; some tokens know `algorithm: RSA-OAEP` only"
            problem = KeyRefused(f"{error}{hint}")
        else:
            return
        raise problem

    async def sign(self, version: KeyVersion, data: bytes) -> bytes:
        """Have the token sign. Elliptic curves give r and s already (PKCS#11, section 6.3.1)."""
        return await self._login.call(lambda session, generation: self._sign(session, generation, version, data))

    def opens(self, version: KeyVersion) -> bool:
        """Whether the token unwraps for a version."""
        return encrypts(version.alg)

    async def unwrap(self, version: KeyVersion, wrapped: bytes) -> bytes:
        """Return the key of a token that was encrypted to a version.

        Raises:
            KeyRefused: it was not.
        """
        return await self._login.call(lambda session, generation: self._unwrap(session, generation, version, wrapped))

    def _find(self, session: Any, generation: int) -> list[Found]:
        found = find(session, self._label)
        self._handles = (generation, {one.number: one.private for one in found})
        return found

    def _private(self, session: Any, generation: int, version: KeyVersion) -> Any:
        if self._handles[0] != generation:  # handles of a session that is no more
            self._find(session, generation)
        private = self._handles[1].get(version.order)
        if private is None:
            raise NotFound(f"version {version.id} of {self._label!r} is not there any more")
        return private

    def _sign(self, session: Any, generation: int, version: KeyVersion, data: bytes) -> bytes:
        private = self._private(session, generation, version)
        octets, way = signature(version.alg, data)
        return bytes(private.sign(octets, **way))

    def _unwrap(self, session: Any, generation: int, version: KeyVersion, wrapped: bytes) -> bytes:
        private = self._private(session, generation, version)
        from pkcs11 import PKCS11Error  # noqa: PLC0415 - an extra

        try:
            return bytes(private.decrypt(wrapped, **decryption(version.alg)))
        except PKCS11Error as error:
            self._find(session, generation)  # a session that is lost is found out here, and opened anew
            problem = KeyRefused(f"it does not open that with {version.alg} ({type(error).__name__})")
        raise problem

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


def compile_hsm(spec: Pkcs11KeySpec, folder: Path, clock: Callable[[], float]) -> HsmKeeper:
    """Return the keeper of a key in an HSM; nothing is opened.

    Raises:
        ConfigError: the extra is not installed, or the PIN is not there.
    """
    check_installed()
    module = Module.at(str(spec.module.below(folder)))
    login = Login.of(module, spec.token, resolve(spec.pin, folder), spec.timeout)
    return HsmKeeper(login, spec.label, spec.algorithm, spec.publish_before, clock)
