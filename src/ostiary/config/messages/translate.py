"""From a fault to a problem: our codes, our words, and what was probably meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ostiary.config import vaults
from ostiary.config.messages.consequences import NOTES
from ostiary.config.messages.faults import Fault, block_of, guess, shape_of, shape_of_field
from ostiary.config.messages.nouns import LATER, NOUNS, found, range_of, wanted
from ostiary.config.messages.suggestions import suggested
from ostiary.config.nearest import nearest
from ostiary.config.problem import Mark, Path, Problem
from ostiary.config.reading.tree import Tree, at
from ostiary.config.shape import Shape, bare, field_shape, is_spec, look, words_of
from ostiary.config.values import Refused

Facts = tuple[tuple[str, str], ...]
_OF_BLOCKS: Final = frozenset(
    (
        *("C102", "C113", "C310", "C335", "C336", "C341", "C342", "C347", "C348", "C394", "C395"),
        *(f"C30{number}" for number in range(1, 10)),
    )
)
_LONGEST: Final = 60
_OF_CREDENTIALS: Final = frozenset({"id", "user", "username", "secret", "password", "token"})
_SYMMETRIC: Final = "one secret signs and verifies, so whoever verifies could sign; issuers have RS256 or ES256 as well"
_UNSPOKEN: Final = {
    **dict.fromkeys(("HS256", "HS384", "HS512"), _SYMMETRIC),
    "none": "nobody has signed such a token: anybody can write one",
}
"""Algorithms (RFC 7518, section 3.1) that are left out on purpose, and why."""


def translate(fault: Fault, tree: Tree, hidden: frozenset[Path]) -> Problem:
    """Return a fault as a problem. Values at the hidden paths are not shown."""
    problem = _TELLERS.get(fault.kind, _wrong_kind)(fault, tree, hidden)
    path = problem.path or fault.path
    return replace(problem, path=path, at=at(path, tree.data))


def _unknown(fault: Fault, tree: Tree, _: frozenset[Path]) -> Problem:
    key, mark = str(fault.path[-1]), tree.keys[fault.path]
    block = block_of(fault.path[:-1], tree)
    noun = NOUNS.get(block, "this block")
    if key in LATER.get(block, {}):
        facts = (("help", "take it out; this version has nothing in its place"),)
        return Problem("C111", f"{LATER[block][key]} ({key!r} in {noun}): not yet available", mark, facts=facts)
    meant = guess(fault.path, tree)
    return Problem("C101", f"unknown key {key!r} in {noun}", mark, suggestion=meant, facts=_about(key, block, meant))


def _about(key: str, block: Any, meant: str | None) -> Facts:
    """Return what else there is to say of an unknown key."""
    note = (("note", NOTES[meant or key]),) if (meant or key) in NOTES else ()
    if meant or block is None:
        return note
    inner = [name for name, field in block.model_fields.items() if _has_key(field_shape(field), key)]
    if inner:
        return (*note, ("help", f"{key!r} belongs into `{inner[0]}`"))
    if key in _OF_CREDENTIALS and "credential" in block.model_fields:
        return (*note, ("help", "`credential` names an entry of `credentials`; `ostiary vault put` stores what it is"))
    return (*note, ("allowed", ", ".join(block.model_fields)))


def _has_key(shape: Shape, key: str) -> bool:
    return is_spec(shape) and key in bare(shape).model_fields


def _missing(fault: Fault, tree: Tree, _: frozenset[Path]) -> Problem:
    key, outer = str(fault.path[-1]), fault.path[:-1]
    block = block_of(outer, tree)
    shape = shape_of_field(block, key)
    facts = (("allowed", wanted(shape)),) if shape is not None else ()
    return Problem("C102", f"{key!r} is missing in {NOUNS.get(block, 'this block')}", _place(tree, outer), facts=facts)


def _place(tree: Tree, path: Path) -> Mark | None:
    """Return where a block is pointed at: its key, the beginning of an item, the top of the file."""
    return tree.mark(path) if path else Mark(1, 1)


def _refused(fault: Fault, tree: Tree, hidden: frozenset[Path]) -> Problem:
    error = fault.context.get("error")
    code = error.code if isinstance(error, Refused) else "C104"
    value = look(tree.data, fault.path)
    mark = tree.values.get(fault.path)
    if code in _OF_BLOCKS:
        here = f"; here is {', '.join(value) or 'none'}" if code == "C113" and isinstance(value, dict) else ""
        return Problem(code, f"{error}{here}", _place(tree, fault.path))
    if code == "C123":
        note = "a secret in this file is known to everybody who can read it, and to every copy"
        remark = "literal secrets are not accepted, use env: or file:"
        return Problem(code, str(error), mark, remark=remark, facts=(("note", note),))
    if fault.path in hidden:
        return Problem(code, str(error), mark)
    text = tree.texts.get(fault.path)
    return Problem(code, f"{_shown(value, text)}: {error}", mark, suggestion=suggested(code, text or ""))


def _shown(value: Any, text: str | None) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else value[:_LONGEST] + "...")
    return text if text is not None else found(value)


def _word(fault: Fault, tree: Tree, hidden: frozenset[Path]) -> Problem:
    value, text = look(tree.data, fault.path), tree.texts.get(fault.path)
    if text is None or fault.path in hidden:
        return _wrong_kind(fault, tree, hidden)
    words = words_of(shape_of(fault.path, tree))
    meant = nearest(text, words)
    if text in words and not isinstance(value, str):
        meant = f'"{text}"'
    facts: Facts = (("allowed", ", ".join(words)),)
    if text in _UNSPOKEN and "ES256" in words:
        meant, facts = None, (*facts, ("note", _UNSPOKEN[text]))
    message = f"{_shown(value, text)} is not a word that {_name_of(fault.path)} allows"
    return Problem("C107", message, tree.values[fault.path], suggestion=meant, facts=facts)


def _name_of(path: Path) -> str:
    """Return the key at, or closest above, a path."""
    return next((repr(step) for step in reversed(path) if isinstance(step, str)), "this place")


def _vault_type(fault: Fault, tree: Tree, _: frozenset[Path]) -> Problem:
    path = (*fault.path, "type")
    value, mark = look(tree.data, path), tree.values.get(path)
    facts = (("allowed", ", ".join(vaults.TYPES)),)
    if value in vaults.LATER:
        return Problem("C111", f"vaults of type {value!r}: not yet available", mark, path, facts=facts)
    if (why := vaults.INSTALLED.broken.get(str(value))) is not None:
        return Problem("C561", f"vaults of type {value!r} cannot be used: {why}", mark, path, facts=facts)
    message = f"{_shown(value, tree.texts.get(path))} is not a type of vault"
    return Problem("C107", message, mark, path, suggestion=nearest(str(value), vaults.TYPES), facts=facts)


def _no_vault_type(fault: Fault, tree: Tree, _: frozenset[Path]) -> Problem:
    value = look(tree.data, fault.path)
    keys = list(value) if isinstance(value, dict) else []
    facts = (("allowed", ", ".join(vaults.TYPES)),)
    if typo := next((key for key in keys if nearest(key, ("type",))), None):
        path = (*fault.path, typo)
        return Problem("C101", f"unknown key {typo!r} in a vault", tree.keys[path], path, suggestion="type")
    return Problem("C102", "'type' is missing in a vault", _place(tree, fault.path), facts=facts)


def _too_few(fault: Fault, tree: Tree, _: frozenset[Path]) -> Problem:
    name = _name_of(fault.path)
    note = NOTES.get(name.strip("'"))
    facts = (("note", note),) if note else ()
    return Problem("C114", f"{name} holds nothing, and at least one is needed", _place(tree, fault.path), facts=facts)


def _length(fault: Fault, tree: Tree, _: frozenset[Path]) -> Problem:
    text = "an empty text" if fault.kind == "string_too_short" else "a text of more than 1024 characters"
    return Problem("C133", f"{text} is not accepted in {_name_of(fault.path)}", _mark(fault, tree))


def _mark(fault: Fault, tree: Tree) -> Mark | None:
    return tree.keys.get(fault.path) if fault.of_key else tree.values.get(fault.path)


def _range(fault: Fault, tree: Tree, _: frozenset[Path]) -> Problem:
    bounds = range_of(shape_of(fault.path, tree))
    message = f"{_name_of(fault.path)} is {tree.texts.get(fault.path)}, and goes {bounds}"
    return Problem("C132", message, _mark(fault, tree))


def _name(fault: Fault, tree: Tree, _: frozenset[Path]) -> Problem:
    text = str(fault.path[-1]) if fault.of_key else str(look(tree.data, fault.path))
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_.-") else "-" for letter in text)
    facts = (("allowed", "small letters and digits, with - _ . between them; at most 64"),)
    meant = plain.lower().strip("-_.")[:64] or None
    return Problem("C131", f"{_shown(text, text)} is not a name", _mark(fault, tree), suggestion=meant, facts=facts)


def _wrong_kind(fault: Fault, tree: Tree, hidden: frozenset[Path]) -> Problem:
    shape, value = shape_of(fault.path, tree), look(tree.data, fault.path)
    name = _name_of(fault.path) if not isinstance(fault.path[-1:], int) else "this item"
    words = wanted(shape) if shape is not None else "something else"
    message = f"{name} is {found(value)}, but {words} is wanted" if fault.path else "the file is not a block of keys"
    text = tree.texts.get(fault.path)
    meant = _as_kind(text, words) if text is not None and fault.path not in hidden else None
    return Problem("C104", message, tree.values.get(fault.path) or _place(tree, fault.path), suggestion=meant)


def _as_kind(text: str, words: str) -> str | None:
    """Return a scalar as the kind of value that is wanted, where that is only a matter of writing."""
    if words == "a list":
        return f"[{text}]"
    if words == "a whole number":
        return text if text.isdecimal() else None
    return f'"{text}"' if words.startswith("text") else None


_TELLERS: Final[dict[str, Callable[[Fault, Tree, frozenset[Path]], Problem]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "value_error": _refused,
    "literal_error": _word,
    "union_tag_invalid": _vault_type,
    "union_tag_not_found": _no_vault_type,
    "too_short": _too_few,
    "string_too_short": _length,
    "string_too_long": _length,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "string_pattern_mismatch": _name,
}
