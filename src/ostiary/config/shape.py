"""Which block of the language stands where in a document: for messages, for stars, and for the reference.

The specs know this already; here it is asked of them, so that it is said once.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from ostiary.config import values
from ostiary.config.problem import Path
from ostiary.config.schema import GatewaySpec, Spec

Shape = Any
"""The type of a place: what a field of a spec is annotated with."""


def field_shape(field: FieldInfo) -> Shape:
    """Return the whole type of a field, its metadata included."""
    shape: Shape = field.annotation
    for item in field.metadata:
        shape = Annotated[shape, item]
    return shape


def origin(shape: Shape) -> Any:
    """Return what a generic type is made from: tuple, dict, Union, ..."""
    return get_origin(shape)


def bare(shape: Shape) -> Shape:
    """Return a type without its metadata."""
    return bare(get_args(shape)[0]) if origin(shape) is Annotated else shape


def metadata(shape: Shape) -> tuple[Any, ...]:
    """Return the metadata of a type."""
    return shape.__metadata__ if origin(shape) is Annotated else ()


def branches(shape: Shape) -> tuple[Shape, ...]:
    """Return the alternatives of a type, `None` excluded."""
    inner = bare(shape)
    if origin(inner) in (Union, types.UnionType):
        return tuple(branch for part in get_args(inner) if part is not type(None) for branch in branches(part))
    return (shape,)


def is_spec(shape: Shape) -> bool:
    """Whether a type is a block of the language."""
    return isinstance(bare(shape), type) and issubclass(bare(shape), Spec)


def is_secret(shape: Shape) -> bool:
    """Whether a type is a reference to a secret, so that a literal in its place is a secret."""
    return shape is not None and any(
        isinstance(item, BeforeValidator) and item.func is values.secret_ref
        for branch in branches(shape)
        for item in metadata(branch)
    )


def item_shapes(shape: Shape) -> Iterator[Shape]:
    """Return every type that a place may hold, inside of lists and blocks of names too."""
    for branch in branches(shape):
        inner = bare(branch)
        if origin(inner) is tuple:
            yield from item_shapes(get_args(inner)[0])
        elif origin(inner) is dict:
            yield from item_shapes(get_args(inner)[1])
        else:
            yield branch


def choose(shape: Shape, value: Any) -> Shape | None:
    """Return the alternative that a value was probably meant for."""
    fitting = [branch for branch in branches(shape) if _fits(branch, value)]
    if len(fitting) > 1 and isinstance(value, dict):
        return next((branch for branch in fitting if _has_type(branch, value.get("type"))), None)
    return fitting[0] if fitting else None


def _fits(shape: Shape, value: Any) -> bool:
    made_from = origin(bare(shape))
    if isinstance(value, dict):
        return is_spec(shape) or made_from is dict
    if isinstance(value, list):
        return made_from is tuple
    return not is_spec(shape) and made_from not in (dict, tuple)


def _has_type(shape: Shape, wanted: Any) -> bool:
    field = bare(shape).model_fields.get("type")
    return field is not None and wanted in get_args(field.annotation)


def words_of(shape: Shape) -> tuple[str, ...]:
    """Return the words that a place allows, where it allows only certain ones."""
    literals = (bare(branch) for branch in branches(shape) if origin(bare(branch)) is Literal)
    return tuple(str(word) for literal in literals for word in get_args(literal))


def below(shape: Shape, data: Any, step: str | int) -> Shape | None:
    """Return the type of what stands under a key or position of some data, None where there is no such place."""
    chosen = choose(shape, data)
    inner = bare(chosen) if chosen is not None else None
    if isinstance(data, list):
        return get_args(inner)[0] if inner is not None else None
    if not isinstance(data, dict) or inner is None:
        return None
    if is_spec(inner):
        return field_shape(inner.model_fields[step]) if step in inner.model_fields else None
    return get_args(inner)[1]


def shape_at(path: Path, data: Any) -> Shape | None:
    """Return the type of a place in a document, None where the language has no such place."""
    shape: Shape | None = GatewaySpec
    for step in path:
        shape = below(shape, data, step) if shape is not None else None
        data = look(data, (step,))
    return shape


def look(data: Any, path: Path) -> Any:
    """Return what stands at a path of a document, or None."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def places(data: Any, shape: Shape = GatewaySpec, path: Path = ()) -> Iterator[tuple[Path, Shape]]:
    """Walk a document beside the language: every path that the language knows, with its type."""
    yield path, shape
    steps = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for step in steps:
        inner = below(shape, data, step)
        if inner is not None:
            yield from places(data[step], inner, (*path, step))
