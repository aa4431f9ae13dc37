"""What pydantic said, brought back to the document: one fault for one mistake.

Pydantic complains for every alternative of a place, and again for whatever follows from a mistake:
a misspelt key is an unknown key and a missing one. Here each mistake is left with one complaint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import ErrorDetails

from ostiary.config.nearest import nearest
from ostiary.config.problem import Path
from ostiary.config.reading.tree import Tree
from ostiary.config.shape import Shape, bare, choose, field_shape, is_spec, look, shape_at

_KEY: Final = "[key]"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that pydantic said.

    Attributes:
        path: where in the document.
        kind: pydantic's word for it.
        context: what belongs to it.
        labels: which alternatives of the place it speaks of.
    """

    path: Path
    kind: str
    context: dict[str, Any]
    labels: tuple[str, ...]

    @property
    def of_key(self) -> bool:
        """Whether it is about the key at that path, not about its value."""
        return _KEY in self.labels


def faults(details: list[ErrorDetails], tree: Tree) -> list[Fault]:
    """Return what pydantic said, one for each mistake."""
    meant = [fault for fault in (_fault(detail, tree.data) for detail in details) if _is_meant(fault, tree.data)]
    first: dict[tuple[Path, bool], Fault] = {}
    for fault in meant:
        first.setdefault((fault.path, fault.of_key), fault)
    said = list(first.values())
    return [fault for fault in said if not _refused_before(fault, tree) and not _follows(fault, said, tree)]


def _fault(detail: ErrorDetails, data: Any) -> Fault:
    """Return an error with the path that it has in the document; other steps are labels of alternatives."""
    path: list[str | int] = []
    labels: list[str] = []
    for step in detail["loc"]:
        below = look(data, (step,))
        if below is not None or (isinstance(data, dict) and step in data):
            path.append(step)
            data = below
        elif detail["type"] == "missing" and step == detail["loc"][-1]:
            path.append(step)
        else:
            labels.append(str(step))
    return Fault(tuple(path), detail["type"], detail.get("ctx", {}), tuple(labels))


def _is_meant(fault: Fault, data: Any) -> bool:
    """Whether the alternative that complains is the one that the value was meant for: one word, or a list or block."""
    if fault.kind == "too_short" and look(data, fault.path):
        return False  # it says so of a list whose items are all wrong
    for_word = any(label.startswith(("constrained-str", "str", "literal[")) for label in fault.labels)
    return not (for_word and isinstance(look(data, fault.path), list | dict))


def _refused_before(fault: Fault, tree: Tree) -> bool:
    """Whether the tree has told it already, or it follows from what the tree has told."""
    path = fault.path
    for refused in tree.refused:
        inside = path[: len(refused)] == refused
        outside = fault.kind not in ("missing", "extra_forbidden") and refused[:-1] == path
        left_out = fault.kind == "missing" and refused[:-1] == path[:-1] and refused not in tree.values
        if inside or outside or left_out:
            return True
    return False


def _follows(fault: Fault, said: list[Fault], tree: Tree) -> bool:
    """Whether a key is missing only because it is misspelt, or stands a level too high or too low."""
    unknown = (other.path for other in said if other.kind == "extra_forbidden")
    return fault.kind == "missing" and any(_is_home(path, fault.path, tree) for path in unknown)


def _is_home(unknown: Path, missing: Path, tree: Tree) -> bool:
    if unknown[:-1] == missing[:-1]:
        return guess(unknown, tree) == missing[-1]
    near = unknown[:-2] == missing[:-1] or unknown[:-1] == missing[:-2]
    return near and unknown[-1] == missing[-1]


def shape_of(path: Path, tree: Tree) -> Shape | None:
    """Return the type of a place in the document, None where the language has no such place."""
    return shape_at(path, tree.data)


def block_of(path: Path, tree: Tree) -> Any:
    """Return the spec of the block at a path, or None."""
    shape = shape_of(path, tree)
    chosen = choose(shape, look(tree.data, path)) if shape is not None else None
    return bare(chosen) if chosen is not None and is_spec(chosen) else None


def guess(path: Path, tree: Tree) -> str | None:
    """Return the key that an unknown one was probably meant to be: one that is not there yet."""
    block = block_of(path[:-1], tree)
    present = look(tree.data, path[:-1])
    if block is None or not isinstance(present, dict):
        return None
    return nearest(str(path[-1]), [key for key in block.model_fields if key not in present])


def shape_of_field(block: Any, key: str) -> Shape | None:
    """Return the type of a key of a block, or None."""
    return field_shape(block.model_fields[key]) if block is not None and key in block.model_fields else None
