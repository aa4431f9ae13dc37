"""Everything outside of the file that it points at, read once: files and the environment."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ostiary.config.draft import Draft
from ostiary.config.problem import Path as FieldPath
from ostiary.config.problem import Problem
from ostiary.config.reading.references import LARGEST, references
from ostiary.config.values import FileRef

_PRIVATE: Final = frozenset(("private_key", "pkcs12", "jks", "decryption_keys"))


class Findings:
    """What the references of a file lead to.

    Attributes:
        draft: the file.
        now: seconds since the epoch.
        found: what was found, by the path of the reference.
    """

    def __init__(self, draft: Draft, now: float, environ: Mapping[str, str]) -> None:
        self.draft = draft
        self.now = now
        self.found: dict[FieldPath, bytes] = {}
        self._environ = environ

    def read(self) -> Iterator[Problem]:
        """Follow every reference; tell of those that lead nowhere, and of secrets that others can read."""
        for path, reference in references(self.draft):
            if isinstance(reference, FileRef):
                file = reference.below(self.draft.folder)
                yield from self._file(path, file, str(reference), private=not _PRIVATE.isdisjoint(path[-2:]))
            elif reference.kind == "file":
                yield from self._file(path, self.draft.folder / reference.name, str(reference), private=True)
                if not self.found.get(path, b"there").strip():
                    yield self.draft.problem("C508", f"{reference}: the file is empty", path)
            else:
                yield from self._variable(path, reference.name)

    def below(self, path: FieldPath) -> Iterator[tuple[FieldPath, bytes]]:
        """Return what was found below a path, in the order of the file."""
        return ((place, data) for place, data in self.found.items() if place[: len(path)] == path)

    def shown(self, path: FieldPath) -> str:
        """Return a reference as it was written."""
        return self.draft.tree.texts.get(path, "the file")

    def _variable(self, path: FieldPath, name: str) -> Iterator[Problem]:
        if value := self._environ.get(name):
            self.found[path] = value.encode()
        else:
            help_ = f"set {name} where `ostiary` is started"
            yield self.draft.problem("C507", f"the environment variable {name} is not set", path, help=help_)

    def _file(self, path: FieldPath, file: Path, shown: str, *, private: bool) -> Iterator[Problem]:
        try:
            mode = file.stat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # reading it may never end
                yield self.draft.problem("C501", f"{shown}: not a plain file", path)
                return
            with file.open("rb") as opened:
                data = opened.read(LARGEST + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "no name of a file"
            yield self.draft.problem("C501", f"{shown}: {why}", path, help=_seen_from(shown))
            return
        if len(data) > LARGEST:
            yield self.draft.problem("C501", f"{shown}: larger than {LARGEST >> 20} MiB", path)
            return
        self.found[path] = data
        if private and mode & 0o077:
            message = f"{shown} can be read by others on this machine (mode {stat.S_IMODE(mode):04o})"
            help_ = f"chmod 600 {shown.removeprefix('file:')}"
            yield self.draft.problem("C407", message, path, severity="warning", help=help_)


def _seen_from(shown: str) -> str:
    absolute = shown.removeprefix("file:").startswith("/")
    return "" if absolute else "a relative path counts from the folder of the configuration file"
