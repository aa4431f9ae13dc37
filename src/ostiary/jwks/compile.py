"""Specs -> issuers."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from ostiary.config.presets import resolve
from ostiary.config.schema import IssuerSpec
from ostiary.config.values import Refused
from ostiary.errors import ConfigError
from ostiary.jwks.discovery import Discovery, discoverable
from ostiary.jwks.file import FileSource
from ostiary.jwks.formats import Form
from ostiary.jwks.issuers import Issuer
from ostiary.jwks.source import Source
from ostiary.jwks.store import Store
from ostiary.jwks.web import HttpSource
from ostiary.pki.server_trust import server_trust as trusting


def compile_issuer(name: str, spec: IssuerSpec, folder: Path, state: Path | None = None) -> Issuer:
    """Return the issuer that a block of the configuration describes. It does nothing until it is started.

    Args:
        name: its name in the configuration.
        spec: the block.
        folder: the folder of the configuration file.
        state: where its last good key set is kept; nowhere by default.

    Raises:
        ConfigError: its preset does not fit, or its keys could never be fetched.
    """
    try:
        spec = resolve(spec)
    except Refused as error:
        raise ConfigError(f"issuers.{name}: {error}") from error
    source = compile_source(name, spec, folder)
    form = form_of(spec)
    kept = None if state is None or spec.jwks_file is not None else Store(state, name, source.origin)
    return Issuer(name, spec, source, form=form, store=kept)


def state_folder(configured: str | None, folder: Path) -> Path | None:
    """Return where key sets are kept: as configured, or where systemd says (`StateDirectory=`), or nowhere."""
    if configured is not None:
        return folder / configured
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else None


def form_of(spec: IssuerSpec) -> Form:
    """Return what the document of an issuer may be."""
    if spec.jwks_file is not None:
        return "any"
    return "jwks" if spec.certificates_url is None else "certificates"


def compile_source(name: str, spec: IssuerSpec, folder: Path) -> Source:
    """Return where the keys of an issuer come from, its preset applied.

    Raises:
        ConfigError: they could never be fetched.
    """
    if spec.jwks_file is not None:
        return FileSource(spec.jwks_file.below(folder))
    place = spec.jwks_url or spec.certificates_url or _discovery(name, spec)
    return HttpSource(place, spec.keys.timeout, server_trust(name, spec, folder))


def _discovery(name: str, spec: IssuerSpec) -> Discovery:
    issuer = spec.issuer or ""
    try:
        discoverable(issuer)
    except ValueError as error:
        raise ConfigError(f"issuers.{name}: `issuer` cannot be discovered, give `jwks_url`: {error}") from error
    return Discovery(issuer, spec.discovery)


def server_trust(name: str, spec: IssuerSpec, folder: Path) -> ssl.SSLContext:
    """Return what an issuer's server is verified with.

    Raises:
        ConfigError: the authorities cannot be read.
    """
    return trusting(spec.authorities, folder, f"issuers.{name}.authorities")
