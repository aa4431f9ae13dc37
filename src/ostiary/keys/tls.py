"""A key and its certificate, as the gateway shows them in TLS: the version that signs, and the next in its time.

A context is told in place: handshakes from then on show the new certificate, and connections that live go on.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TypeAlias

import structlog

from ostiary.errors import ConfigError
from ostiary.keys.material import Material
from ostiary.keys.ring import Ring
from ostiary.pki.authority import Identity
from ostiary.pki.identity import use

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
        """Take up the version that signs now. One that cannot be shown leaves the one before in its place."""
        key = self._ring.current()
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
        if self._contexts:
            log.info("certificate in use", key=self._ring.name, subject=identity.certificate.subject.rfc4514_string())

    def _nothing(self) -> ConfigError:
        return ConfigError(f"keys > {self._ring.name}: there is no version with a certificate to show in TLS")

    def _problem(self, material: Material | None) -> str:
        if material is not None and not material.certificates:
            return "the version has no certificate"
        if material is not None and self._shown is not None and type(material.private) is not type(self._shown.private):
            return "a key of another kind is taken up by a reload only"  # a context has one key of each kind
        return ""


def _identity(material: Material) -> Identity:
    return Identity(material.certificates[0], material.private, material.certificates[1:])
