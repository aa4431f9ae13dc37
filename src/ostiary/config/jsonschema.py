"""The JSON Schema of the language (2020-12), for editors and other programs.

It accepts whatever `check` accepts of the shape; what a schema cannot say (references, files, dates)
remains with `check`.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from ostiary.config import values
from ostiary.config.schema import GatewaySpec, Spec
from ostiary.config.shape import bare, branches, field_shape, is_spec, item_shapes, metadata

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TIMES: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_SIZES: Final = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1))


def json_schema() -> dict[str, Any]:
    """Return the schema of a configuration file."""
    generated = GatewaySpec.model_json_schema()
    specs = {spec.__name__: spec for spec in all_specs()}
    for name, definition in generated["$defs"].items():
        _spell(definition, specs[name])
    _spell(generated, GatewaySpec)
    _tidy(generated)
    return {"$schema": DIALECT, **generated, "title": "Ostiary gateway configuration"}


def all_specs(spec: type[Spec] = GatewaySpec) -> list[type[Spec]]:
    """Return every block of the language, in the order in which a reader meets them."""
    found: dict[type[Spec], None] = {spec: None}
    for field in spec.model_fields.values():
        for inner in item_shapes(field_shape(field)):
            if is_spec(inner):
                found |= dict.fromkeys(all_specs(bare(inner)))
    return list(found)


def _spell(definition: dict[str, Any], spec: type[Spec]) -> None:
    """Write defaults as they stand in a file: durations and sizes with their unit."""
    for name, field in spec.model_fields.items():
        entry = definition["properties"][name]
        if "default" in entry:
            default = spelt(field)
            entry.pop("default") if default is None else entry.update(default=default)


def spelt(field: FieldInfo) -> Any:
    """Return the default of a field as it would stand in a file; None when it has none that can be written."""
    default = field.default
    if default is None or field.is_required() or field.default_factory is not None:
        return None
    if is_word(field, values.duration):
        return _with_unit(default, _TIMES) or f"{default * 1000:g}ms"
    if is_word(field, values.size):
        return _with_unit(default, _SIZES)
    if isinstance(default, values.SecretRef | values.FileRef):
        return str(default)
    return list(default) if isinstance(default, tuple) else default


def is_word(field: FieldInfo, parser: Any) -> bool:
    """Whether a field is read by one of the parsers of the small words."""
    return any(
        isinstance(item, BeforeValidator) and item.func is parser
        for branch in branches(field_shape(field))
        for item in metadata(branch)
    )


def _with_unit(number: float, units: tuple[tuple[str, int], ...]) -> str | None:
    if number < 1:
        return None
    exact = (f"{number // size:.0f}{unit}" for unit, size in units if number >= size and number % size == 0)
    return next(exact, None)


def _tidy(node: Any) -> None:
    """Take out what the language has not: empty values, names of any spelling, titles made from names."""
    if isinstance(node, list):
        for item in node:
            _tidy(item)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("title"), str):
        node.pop("title")
    if "patternProperties" in node:
        node["additionalProperties"] = False
    if any(option == {"type": "null"} for option in node.get("anyOf", ())):
        options = [option for option in node.pop("anyOf") if option != {"type": "null"}]
        node.update(options[0] | node if len(options) == 1 else {"anyOf": options})
    for item in node.values():
        _tidy(item)
