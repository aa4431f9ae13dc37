"""What routes are made of: everything that a file names, compiled. Nothing is started."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ostiary.authn.compile import Around
from ostiary.authn.memory import Memory
from ostiary.config.keys import KeySpec
from ostiary.config.loaded import Loaded
from ostiary.config.oauth import CertificateClientSpec, TokenSpec
from ostiary.config.schema import GatewaySpec
from ostiary.config.vaults import CredentialSpec, VaultSpec
from ostiary.gateway import Part
from ostiary.inject import EachCredential, Tools, compile_each, withheld
from ostiary.jwks import Issuer, compile_issuer, state_folder
from ostiary.keys import Ring, Shown, compile_keys, compile_shown
from ostiary.model import CredentialSource
from ostiary.pki.identity import issued
from ostiary.shared import Shared, compile_shared
from ostiary.upstream import AnyPool, compile_upstream
from ostiary.upstream.tls import Showing
from ostiary.vault import Vault, compile_vaults
from ostiary.vault.shown import ShownIdentity


@dataclass(frozen=True, slots=True)
class Stock:
    """Everything that a file names, by its name there.

    Attributes:
        loaded: the file.
        issuers: whose tokens count.
        vaults: where secrets live.
        credentials: those that are the same for all callers.
        each: those of which each caller has another one.
        keys: what we sign with.
        shown: the certificates that go with keys.
        tools: what injectors are made with.
        upstreams: the protected side.
        around: what authenticators are made with.
        shared: what several gateways know together, or None.
    """

    loaded: Loaded
    issuers: Mapping[str, Issuer]
    vaults: Mapping[str, Vault]
    credentials: Mapping[str, CredentialSource]
    each: Mapping[str, EachCredential]
    keys: Mapping[str, Ring]
    shown: Mapping[str, Shown]
    tools: Tools
    upstreams: Mapping[str, AnyPool]
    around: Around
    shared: Shared | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """What has a lifetime, in the order in which it starts."""
        shared = {} if self.shared is None else {part.name: part for part in self.shared.parts}
        several: tuple[Mapping[str, Part], ...] = (
            self.each,
            self.vaults,
            shared,
            self.keys,
            self.issuers,
            self.upstreams,
            self.tools.made,
        )
        return tuple(part for one in several for part in one.values())


def lay_in(
    loaded: Loaded,
    clock: Callable[[], float],
    sources: Mapping[str, CredentialSource] | None,
    memory: Memory | None,
) -> Stock:
    """Compile everything that a file names; the arguments are those of `compile_gateway`.

    Raises:
        ConfigError: something cannot work as configured.
    """
    spec, folder, real = loaded.spec, loaded.folder, sources is None
    state = state_folder(spec.state, folder)
    issuers = {name: compile_issuer(name, issuer, folder, state) for name, issuer in spec.issuers.items()}
    vaults, credentials = compile_vaults(spec.vaults, _fixed(spec), folder) if sources is None else ({}, sources)
    keys = compile_rings(spec.keys, spec.vaults, vaults, folder, clock) if real else {}
    shown = compile_shown(keys, spec.keys) if real else {}
    showing: dict[str, Showing] | None = {**shown, **_issued(spec, vaults)} if real else None
    tools = Tools(credentials, folder, _origins(spec), keys or withheld(spec.keys), showing)
    shared = (
        compile_shared(spec.shared, credentials, folder, clock, state) if spec.shared is not None and real else None
    )
    return Stock(
        loaded,
        issuers,
        vaults,
        credentials,
        _each(spec, vaults),
        keys,
        shown,
        tools,
        {name: compile_upstream(name, one, folder, showing) for name, one in spec.upstreams.items()},
        Around(
            issuers, credentials, folder, clock, memory, tools.keys, None if shared is None else shared.marks, showing
        ),
        shared,
    )


def compile_rings(
    keys: Mapping[str, KeySpec],
    specs: Mapping[str, VaultSpec],
    vaults: Mapping[str, Vault],
    folder: Path,
    clock: Callable[[], float] = time.time,
) -> dict[str, Ring]:
    """Return the keys, with those who are asked for some of them: servers and clouds that a vault is logged in to.

    Raises:
        ConfigError: a key can never work as configured.
    """
    servers = {name: vault.server for name, vault in vaults.items() if vault.server is not None}
    logins = {name: vault.login for name, vault in vaults.items() if vault.login is not None}
    return compile_keys(keys, specs, folder, servers=servers, logins=logins, clock=clock)


def _issued(spec: GatewaySpec, vaults: Mapping[str, Vault]) -> dict[str, ShownIdentity]:
    """Return the certificates that vaults issue for upstreams, and for issuers that are asked for tokens."""
    wanted = {one.tls.credential for one in spec.upstreams.values() if one.tls.credential is not None}
    wanted |= {one.credential for one in _clients(spec) if one.credential is not None}
    found = {alias: spec.credentials[alias] for alias in wanted}
    return {issued(alias): ShownIdentity(vaults[one.vault].identity(alias, one)) for alias, one in found.items()}


def _clients(spec: GatewaySpec) -> Iterator[CertificateClientSpec]:
    """Return how the gateway proves itself by certificates where it asks for tokens, or about them."""
    for route in spec.routes:
        proofs = (one.value.client for one in route.inject if isinstance(one.value, TokenSpec))
        several = route.authenticate.any or route.authenticate.all or (route.authenticate,)
        judges = (one.introspection.client for one in several if one.introspection is not None)
        yield from (one.certificate for one in (*proofs, *judges) if one.certificate is not None)


def _fixed(spec: GatewaySpec) -> dict[str, CredentialSpec]:
    """Return the credentials that are the same for all callers."""
    return {alias: one for alias, one in spec.credentials.items() if not one.for_each}


def _each(spec: GatewaySpec, vaults: Mapping[str, Vault]) -> dict[str, EachCredential]:
    """Return the credentials of which each caller has another one."""
    return {
        alias: compile_each(alias, one.path or alias, vaults[one.vault].members(alias, one))
        for alias, one in spec.credentials.items()
        if one.for_each and vaults
    }


def _origins(spec: GatewaySpec) -> dict[str, str]:
    """Return what the file says of each credential: what was obtained with one is of no use to another."""
    return {
        alias: one.model_dump_json() + spec.vaults[one.vault].model_dump_json()
        for alias, one in spec.credentials.items()
    }
