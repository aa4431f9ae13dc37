"""How a configuration and what it points at lie on the disk. Nothing here uses the network."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from ostiary.config.listeners import ShownCertificateSpec
from ostiary.config.loaded import Loaded
from ostiary.config.values import FileRef, SecretRef
from ostiary.pki.diagnosis.finding import Finding

_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_ANY: Final = stat.S_IRWXG | stat.S_IRWXO
_AHEAD: Final = 60.0  # seconds by which the clock of another machine may have been ahead


def installed(loaded: Loaded, now: float) -> Iterator[Finding]:
    """Look at a configuration's files.

    Args:
        loaded: the configuration.
        now: seconds since the epoch.
    """
    for file in (loaded.path, *loaded.overlays):
        yield from _configuration(file, now)
    for file in dict.fromkeys(_secrets(loaded.spec, loaded.folder)):
        yield from _secret(file)
    if loaded.spec.state is not None:
        yield from _state(loaded.folder / loaded.spec.state)


def _configuration(file: Path, now: float) -> Iterator[Finding]:
    found = file.stat()
    if found.st_mode & _WRITE or file.resolve().parent.stat().st_mode & stat.S_IWOTH:
        yield Finding("D711", str(file), f"chmod go-w {file} {file.resolve().parent}")
    if found.st_mtime > now + _AHEAD:
        yield Finding("D714", str(file), "compare `date -u` with that of another machine")


def _secret(file: Path) -> Iterator[Finding]:
    try:
        mode = file.stat().st_mode
    except OSError:
        return  # what is not there is what `ostiary check` tells
    if mode & _ANY:
        yield Finding("D712", str(file), f"chmod 600 {file}", f"mode {stat.S_IMODE(mode):04o}")


def _state(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding("D713", str(folder), f"mkdir -m 700 -p {folder}", "it is not there yet")
    elif folder.stat().st_mode & _WRITE:
        yield Finding(
            "D713", str(folder), f"chmod 700 {folder}", "others can write there, so nothing in it is believed"
        )


def _secrets(spec: Any, folder: Path) -> Iterator[Path]:
    """Yield every file that a configuration names in which something secret is."""
    if isinstance(spec, ShownCertificateSpec):
        yield from (one.below(folder) for one in (spec.private_key, spec.pkcs12, spec.jks) if one is not None)
    for value in _inside(spec):
        if isinstance(value, SecretRef) and value.kind == "file":
            yield FileRef(value.name).below(folder)
        elif isinstance(value, BaseModel | dict | tuple):
            yield from _secrets(value, folder)


def _inside(spec: Any) -> Iterable[Any]:
    if isinstance(spec, BaseModel):
        return [getattr(spec, name) for name in type(spec).model_fields]
    return spec.values() if isinstance(spec, dict) else spec
