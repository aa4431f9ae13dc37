"""A key and its certificate, as the gateway shows them in TLS: the version that signs, and the next in its time.

A context is told in place: handshakes from then on show the new certificate, and connections that live go on.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TypeAlias

import structlog
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from ostiary.errors import ConfigError
from ostiary.keys.material import Material
from ostiary.keys.ring import Ring
from ostiary.pki.authority import Authority, Identity
from ostiary.pki.identity import use
from ostiary.pki.keys import KeyKind

log = structlog.get_logger("ostiary.keys")

Finish: TypeAlias = Callable[[Identity], Identity]


def as_it_is(identity: Identity) -> Identity:
    """Change nothing."""
    return identity


class Shown:
    """What a ring is in TLS.

    Args:
        ring: the ring.
    """

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._contexts: list[tuple[ssl.SSLContext, Finish]] = []
        self._shown: Material | None = None
        self._closed: dict[int, tuple[int, int]] = {}
        ring.subscribe(self._changed)
        ring.require(self._check)

    def first(self) -> Identity:
        """Return what is shown at the start, before the ring has been read. Blocks.

        Raises:
            ConfigError: there is nothing that can be shown.
        """
        material = self._ring.look()
        if material is None or not material.certificates:
            raise self._nothing()
        return _identity(material)

    def into(self, context: ssl.SSLContext, finish: Finish = as_it_is) -> None:
        """Show it in the handshakes of a context, from the start on, and whatever it is later.

        Args:
            context: for either end of connections.
            finish: makes an identity fit for the context.
        """
        self._contexts.append((context, finish))

    def _check(self) -> None:
        """Make sure at the start that there is something to show.

        Raises:
            ConfigError: there is not.
        """
        if self._contexts and self._shown is None:
            raise self._nothing()

    def _changed(self) -> None:
        """Take up the version that signs now. One that cannot be shown leaves the one before in its place.

        Where all were disabled or destroyed, nothing is shown any more. A file that cannot be read says no such thing.
        """
        key = self._ring.current()
        if key is None and self._ring.withdrawn:
            self._close()
            return
        material = None if key is None else self._ring.material(key.version)
        problem = self._problem(material)
        if material is None or problem:
            if self._contexts:
                log.error("certificate not taken up", key=self._ring.name, problem=problem or "nothing signs now")
            return
        identity = _identity(material)
        try:
            for context, finish in self._contexts:
                use(finish(identity), context)
        except ConfigError as error:
            log.error("certificate not taken up", key=self._ring.name, problem=str(error))  # noqa: TRY400 - nothing of ours
            return
        self._shown = material
        self._open()
        if self._contexts:
            log.info("certificate in use", key=self._ring.name, subject=identity.certificate.subject.rfc4514_string())

    def _close(self) -> None:
        """Have handshakes fail: OpenSSL is told to speak no version of TLS, and forgets the key over another one.

        A context that was chosen by a name (SNI) in the middle of a handshake has no say in its version any more.
        """
        stranger = None if self._shown is None else _stranger(self._shown)
        for context, _ in self._contexts:
            if stranger is not None:
                use(stranger, context)
            self._closed.setdefault(id(context), (context.minimum_version, context.maximum_version))
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2
        if self._contexts:
            log.error("certificate withdrawn: handshakes that need it fail", key=self._ring.name)

    def _open(self) -> None:
        """Let handshakes succeed again."""
        for context, _ in self._contexts:
            if (versions := self._closed.pop(id(context), None)) is not None:
                context.minimum_version, context.maximum_version = map(ssl.TLSVersion, versions)

    def _nothing(self) -> ConfigError:
        return ConfigError(f"keys > {self._ring.name}: there is no version with a certificate to show in TLS")

    def _problem(self, material: Material | None) -> str:
        if material is not None and not material.certificates:
            return "the version has no certificate"
        if material is not None and self._shown is not None and type(material.private) is not type(self._shown.private):
            return "a key of another kind is taken up by a reload only"  # a context has one key of each kind
        return ""


def _stranger(instead_of: Material) -> Identity:
    """Return an identity that nobody trusts, to stand in the place of one of the same kind."""
    kinds: dict[type, KeyKind] = {rsa.RSAPrivateKey: "rsa-2048", ed25519.Ed25519PrivateKey: "ed25519"}
    kind: KeyKind = next((kinds[one] for one in kinds if isinstance(instead_of.private, one)), "ec-p256")
    one = Authority.create("withdrawn", days=1, key=kind)
    return Identity(one.certificate, one.key)


def _identity(material: Material) -> Identity:
    return Identity(material.certificates[0], material.private, material.certificates[1:])
