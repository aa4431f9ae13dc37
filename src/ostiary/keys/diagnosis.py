"""What `ostiary doctor` finds wrong with our keys: does one sign, for how long yet, and do others find its public half?

Rings in local vaults are read. Who keeps the others knows their versions, and `ostiary serve` says what it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx2

from ostiary.config.keys import LocalKeySpec
from ostiary.config.loaded import Loaded
from ostiary.errors import ConfigError
from ostiary.keys.compile import local_ring
from ostiary.keys.publication import JWKS
from ostiary.keys.state import state
from ostiary.keys.version import KeyVersion, published
from ostiary.pki.diagnosis.finding import Finding
from ostiary.sealed.errors import SecretError

SOON: Final = 7 * 86400.0
"""Seconds before its end at which a key is spoken of."""
_PATIENCE: Final = 5.0


def kept(loaded: Loaded, now: float) -> Iterator[Finding]:
    """Look at the rings in local vaults. Nothing here uses the network.

    Args:
        loaded: the configuration.
        now: seconds since the epoch.
    """
    for alias, spec in _local(loaded).items():
        try:
            versions = _read(loaded, alias, spec)
        except (SecretError, ConfigError) as error:
            yield Finding("D716", f"keys > {alias}", f"ostiary keys generate {alias}", str(error))
            continue
        known = state(versions, now, spec.keep, _pin(spec))
        if known.version is None:
            waits = "" if known.turn is None else "one waits for its time"
            yield Finding("D716", f"keys > {alias}", f"ostiary keys rotate --now {alias}", waits)
        elif known.ends is not None and known.ends < now + SOON:
            yield Finding("D717", f"keys > {alias}", f"ostiary keys rotate {alias}", f"in {_span(known.ends - now)}")


def found_by_others(loaded: Loaded, now: float) -> Iterator[Finding]:
    """Look where others look for our keys. This uses the network.

    Args:
        loaded: the configuration.
        now: seconds since the epoch.
    """
    spec = loaded.spec.publication
    if spec is None:
        return
    url = spec.issuer.rstrip("/") + JWKS
    there = _fetched(url)
    if isinstance(there, str):
        yield Finding("D611", "publication > issuer", f"curl -v {url}", there)
        return
    ours = _published(loaded, now)
    if missing := sorted(kid for kid in ours if kid not in there):
        yield Finding("D612", "publication > issuer", f"compare `ostiary keys jwks` with {url}", ", ".join(missing))


def _local(loaded: Loaded) -> dict[str, LocalKeySpec]:
    return {alias: spec for alias, spec in loaded.spec.keys.items() if isinstance(spec, LocalKeySpec)}


def _pin(spec: LocalKeySpec) -> str | None:
    return None if spec.version is None else str(spec.version)


def _read(loaded: Loaded, alias: str, spec: LocalKeySpec) -> list[KeyVersion]:
    """Return the versions of a ring, or raise SecretError or ConfigError."""
    ring = local_ring(alias, spec, loaded.spec.vaults, loaded.folder)
    return [one.version for one in ring.read()[0]]


def _published(loaded: Loaded, now: float) -> set[str]:
    """Return the ids that must be in the key set, as far as they are known here."""
    spec, wanted = loaded.spec.publication, set[str]()
    for alias, key in _local(loaded).items():
        if spec is None or alias not in spec.keys:
            continue
        try:
            versions = _read(loaded, alias, key)
        except (SecretError, ConfigError):
            continue  # `kept` tells that
        wanted |= {one.kid for one in published(versions, now, key.keep, _pin(key))}
    return wanted


def _fetched(url: str) -> set[str] | str:
    """Return the ids of a key set, or what there is in its place.

    Who answers is not verified: what he says is compared with what is known here, and believed in nothing.
    """
    try:
        with httpx2.Client(verify=False, timeout=_PATIENCE, trust_env=False) as client:
            answer = client.get(url)
        if answer.status_code != httpx2.codes.OK:
            return f"the answer is {answer.status_code}"
        return _ids(answer.json())
    except httpx2.HTTPError as error:
        return f"no answer: {type(error).__name__}"
    except ValueError:
        return "the answer is not a key set"


def _ids(document: Any) -> set[str]:
    keys = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(keys, list):
        raise ValueError("no key set")  # noqa: TRY004 - like whatever else is not one
    return {str(key.get("kid")) for key in keys if isinstance(key, Mapping)}


def _span(seconds: float) -> str:
    return f"{seconds / 86400:.0f} d" if seconds >= 2 * 86400 else f"{seconds / 3600:.0f} h"
