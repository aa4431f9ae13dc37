"""Which files the demo makes, and where.

certs/dev/       a CA, a certificate for the server, one for a client
var/demo/        the vault, its master key, tokens, what the gateway said
var/demo.yaml    the configuration as it was started; its relative paths are those of config/demo.yaml
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

TEMPLATE: Final = "gateway.yaml"  # in a checkout this is config/demo.yaml


@dataclass(frozen=True, slots=True)
class Places:
    """The files below one folder."""

    folder: Path

    @property
    def certificates(self) -> Path:
        """The folder of CA, certificates and keys."""
        return self.folder / "certs" / "dev"

    @property
    def own(self) -> Path:
        """The folder of everything else."""
        return self.folder / "var" / "demo"

    @property
    def configuration(self) -> Path:
        """The configuration as it was started."""
        return self.folder / "var" / "demo.yaml"

    @property
    def log(self) -> Path:
        """What the gateway says beside its access log."""
        return self.own / "gateway.log"

    def token(self, name: str) -> Path:
        """Where a token is kept, for the lines that one can paste."""
        return self.own / f"{name}.jwt"

    def clear(self) -> None:
        """Make the folders; take away what an earlier demo left in its own."""
        for folder in (self.certificates, self.own):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in self.own.iterdir():
            file.unlink()


def template() -> str:
    """Return the configuration as it stands in config/demo.yaml."""
    return (files("ostiary.demo") / TEMPLATE).read_text(encoding="utf-8")


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for a moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


@contextmanager
def places(keep: Path | None) -> Iterator[Places]:
    """Give the files of a demo: below `keep`, in a checkout, or for as long as the block runs."""
    here = Path.cwd()
    if keep is not None:
        yield Places(keep.resolve())
    elif (here / "config" / "demo.yaml").is_file():
        yield Places(here)
    else:
        with tempfile.TemporaryDirectory(prefix="ostiary-demo-") as folder:
            yield Places(Path(folder))
