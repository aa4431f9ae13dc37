"""Arguments and options of a command, as people are shown them: in the help, the manual, the completions."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

_WORDS: Final = {int: "N", float: "N", Path: "FILE"}


def is_argument(parameter: Any) -> bool:
    """Whether it is known by its place."""
    return bool(parameter.param_type_name == "argument")


def words(parameter: Any) -> tuple[str, ...]:
    """Return the words that it takes, where it takes only certain ones."""
    annotation: Any = _annotation(parameter)
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    return tuple(str(one.value) for one in annotation) if hasattr(annotation, "__members__") else ()


def named(parameter: Any) -> str:
    """Return what stands for its value; brackets are around what may be left out."""
    if is_argument(parameter):
        name = str(parameter.metavar or parameter.name.upper().replace("_", "-"))
        name += "..." if parameter.nargs != 1 and not name.endswith("...") else ""
        return name if parameter.required or name.startswith("[") else f"[{name}]"
    return str(parameter.metavar or "|".join(words(parameter)) or _kind(parameter))


def _annotation(parameter: Any) -> Any:
    return getattr(getattr(parameter, "type_descriptor", None), "annotation", None)


def _kind(parameter: Any) -> str:
    annotation = _annotation(parameter)
    (element,) = get_args(annotation)[:1] or (annotation,)
    return _WORDS.get(element, str(parameter.name).rpartition("_")[2].upper())


def bounds(parameter: Any) -> str:
    """Return between what its numbers are, or nothing."""
    least, most = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if most is not None:
        return f"{least} to {most}"
    return f"at least {least}" if least is not None else ""


def plain_default(parameter: Any) -> str:
    """Return its default, or nothing where there is none that says anything."""
    default = parameter.default
    return "" if default is None or isinstance(default, bool) or callable(default) else str(default)
