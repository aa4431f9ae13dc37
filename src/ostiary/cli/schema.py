"""`ostiary schema`: the JSON Schema of the configuration, for editors."""

from __future__ import annotations

from ostiary.cli.frame import Json, emit


def schema(*, as_json: Json = False) -> None:  # noqa: ARG001 - it is JSON in any case
    """Print the JSON Schema (2020-12) of the configuration.

    An editor with YAML support completes and checks a file that begins with
    `# yaml-language-server: $schema=schema.json`.
    """
    from ostiary.config.jsonschema import json_schema

    emit(json_schema())
