"""Is an issuer reachable, and right? Asked step by step, with the objects that serve requests.

Each step says yes, no, or "look at this"; a step that cannot be taken ends the walk, because what follows
would only repeat it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from ostiary.config.schema import IssuerSpec
from ostiary.jwks.compile import compile_source, form_of, server_trust
from ostiary.jwks.keyset import KeySet
from ostiary.jwks.source import Document, FetchError
from ostiary.jwks.store import Store
from ostiary.jwks.web import HttpSource
from ostiary.pki.disk import Unusable

Verdict: TypeAlias = Literal["yes", "no", "look", "unknown"]
"""`no`: it is wrong. `unknown`: it cannot be found out from here. `look`: it works, and may not be what is meant."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at.

    Attributes:
        name: what it is about, in a word or two.
        verdict: how it stands.
        text: what was found.
        help: what to do about it, or "".
    """

    name: str
    verdict: Verdict
    text: str
    help: str = ""


class Probe:
    """Walks up to an issuer.

    Args:
        name: its name in the configuration.
        spec: its block, its preset applied.
        folder: the folder of the configuration file.
        state: where its last key set would be on disk.
        wall: epoch seconds.

    Attributes:
        document: what was fetched, once it was.
        keys: the keys in it, once they were read.
    """

    def __init__(
        self,
        name: str,
        spec: IssuerSpec,
        folder: Path,
        state: Path | None = None,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._spec = spec
        self._folder = folder
        self._state = state
        self._wall = wall
        self.document: Document | None = None
        self.keys = KeySet()

    async def walk(self) -> AsyncIterator[Step]:
        """Take the steps.

        Raises:
            ConfigError: the issuer could never be asked as it is configured.
        """
        source = compile_source(self._name, self._spec, self._folder)
        yield _configured(self._spec, source.origin)
        try:
            if isinstance(source, HttpSource):
                yield await self._reachable(source.origin)
                yield Step("key set", "yes", await source.url())
            self.document = await source.fetch(None)
        except (_EndOfWalk, FetchError) as end:
            yield end.step if isinstance(end, _EndOfWalk) else Step("key set", "no", str(end), _advice(str(end)))
        else:
            for step in self._judged(self.document):
                yield step
        finally:
            await source.aclose()
        if self._state is not None and self._spec.jwks_file is None:
            yield self._on_disk(source.origin)

    async def _reachable(self, url: str) -> Step:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        tls = server_trust(self._name, self._spec, self._folder) if parts.scheme == "https" else None
        return await reach(host, port, tls, self._spec.keys.timeout)

    def _judged(self, document: Document) -> list[Step]:
        content = document.content or b""
        allowed = frozenset[str](self._spec.algorithms)
        try:
            self.keys = KeySet.read(content, allowed, form_of(self._spec), self._wall())
        except ValueError as error:
            return [Step("keys", "no", f"{error} ({len(content)} octets)", "requests would end with 503")]
        steps = [Step("document", "yes", f"{len(content)} octets, {_age(document)}"), *_members(self.keys)]
        return [*steps, *_unsigned(self.keys, allowed), *self._clocks(document)]

    def _clocks(self, document: Document) -> list[Step]:
        if document.sent is None:
            return []
        apart = self._wall() - document.sent
        if abs(apart) < 2:  # noqa: PLR2004 - the Date field has seconds, and travels
            return [Step("clocks", "yes", "ours and the issuer's agree")]
        word = "ahead of" if apart > 0 else "behind"
        text = f"ours is {abs(apart):.0f} s {word} the issuer's; `leeway` forgives {self._spec.leeway:g} s"
        return [Step("clocks", "look" if abs(apart) <= self._spec.leeway else "no", text)]

    def _on_disk(self, origin: str) -> Step:
        assert self._state is not None  # noqa: S101 - asked by the caller
        store = Store(self._state, self._name, origin)
        try:
            copy = store.load()
        except Unusable as error:
            return Step("on disk", "look", f"{store.path}: {error}", "it will not be used")
        if copy is None:
            return Step("on disk", "look", "no copy yet", "a running gateway writes it after its first fetch")
        return Step("on disk", "yes", f"a copy, {self._wall() - copy.fetched:.0f} s old")


class _EndOfWalk(Exception):
    def __init__(self, step: Step) -> None:
        super().__init__(step.text)
        self.step = step


async def reach(host: str, port: int, tls: ssl.SSLContext | None, patience: float) -> Step:
    """Look the name up, connect, and shake hands.

    Raises:
        _EndOfWalk: with the step that cannot be taken.
    """
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(patience):
            _, writer = await asyncio.open_connection(host, port, ssl=tls)
    except socket.gaierror as error:
        raise _EndOfWalk(Step("name", "unknown", f"{host}: {error.strerror}", "look at DNS on this machine")) from error
    except ssl.SSLCertVerificationError as error:
        hint = "name its authority in `authorities`, if it is the right server"
        raise _EndOfWalk(Step("TLS", "no", f"{where}: {error.verify_message}", hint)) from error
    except ssl.SSLError as error:
        raise _EndOfWalk(Step("TLS", "no", f"{where}: {error.reason or error}")) from error
    except TimeoutError as error:
        raise _EndOfWalk(Step("connection", "unknown", f"{where}: no answer within {patience:g} s")) from error
    except OSError as error:
        raise _EndOfWalk(Step("connection", "unknown", f"{where}: {error.strerror or error}")) from error
    spoken = writer.get_extra_info("ssl_object")
    writer.close()
    return Step("connection", "yes", f"{where}, {spoken.version() if spoken else 'in clear, on this machine'}")


def _configured(spec: IssuerSpec, origin: str) -> Step:
    audience = (
        "not looked at" if spec.audience_unchecked else ", ".join((*spec.audiences, *"*" * spec.audience_wildcard))
    )
    pins = "".join(f"; {pin} {getattr(spec, pin)}" for pin in ("tenant", "environment") if getattr(spec, pin))
    names = " or ".join(spec.identifiers)
    text = f"iss {names}; aud {audience}{pins}; {', '.join(spec.algorithms)}; keys from {origin}"
    return Step("configured", "yes", text)


def _advice(why: str) -> str:
    if "metadata's issuer" in why:
        return "write `issuer` as the metadata has it, to the letter, if it is the right one"
    if " 404" in why or " 403" in why:
        return "is it the right URL? `jwks_url` says where keys are without discovery"
    if " 30" in why:
        return "redirects are not followed: give the place it leads to, if it is the issuer's"
    return ""


def _age(document: Document) -> str:
    fresh = "nothing said of its age" if document.lifetime is None else f"fresh for {document.lifetime:g} s"
    return f"{fresh}, {'with' if document.validator else 'without'} an entity tag"


def _members(keys: KeySet) -> list[Step]:
    good = [
        Step("key", "yes", f"{key.kid or 'without an id'}: {', '.join(sorted(key.algorithms))}")
        for key in sorted(keys.keys, key=lambda key: str(key.kid))
    ]
    return good + [
        Step("key", "look", f"{drop.kid or f'number {drop.position}'} is left out: {drop.why}") for drop in keys.dropped
    ]


def _unsigned(keys: KeySet, allowed: frozenset[str]) -> list[Step]:
    spare = allowed - {algorithm for key in keys.keys for algorithm in key.algorithms}
    if not spare:
        return []
    text = f"{', '.join(sorted(spare))} accepted, and no key is for it"
    return [Step("algorithms", "look", text, "take out of `algorithms` what is never used")]
