"""The command line, as tests type it: what a command is given, how it ends, what it says."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ostiary.cli.run import run


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The document that `--json` prints."""
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """The codes of the findings in a document that is a list of them."""
        return [finding["code"] for finding in self.document]


Run = Callable[..., Ran]


def runner(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs `ostiary NAME ARGUMENTS`, with `stdin` to read; `command` names another one for once."""

    def call(*arguments: str, stdin: str | bytes = b"", command: str = name) -> Ran:
        octets = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
        return Ran(run([command, *arguments]), *capsys.readouterr())

    return call
