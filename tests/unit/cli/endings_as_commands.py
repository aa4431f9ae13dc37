"""A module that commands can be found in; the test puts them there."""

from __future__ import annotations

from collections.abc import Callable

from ostiary.cli.frame import Json


def with_json(function: Callable[[], object]) -> Callable[..., object]:
    def command(*, as_json: Json = False) -> None:
        function()

    return command
