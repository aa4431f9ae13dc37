"""What the schemas of documents are written with."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
WHOLE: Final[Schema] = {"type": "integer"}
NUMBER: Final[Schema] = {"type": "number"}
YES_NO: Final[Schema] = {"type": "boolean"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
ANYTHING: Final[Schema] = {"type": "object"}


def word(*allowed: str) -> Schema:
    """One of these words."""
    return {"enum": list(allowed)}


def perhaps(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def several(schema: Schema) -> Schema:
    """A list of those; empty where there are none."""
    return {"type": "array", "items": schema}


def either(*schemas: Schema) -> Schema:
    """One of those."""
    return {"anyOf": list(schemas)}


def block(always: dict[str, Schema], **sometimes: Schema) -> Schema:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**always, **sometimes},
        "required": list(always),
        "additionalProperties": False,
    }
