"""From the octets of one stored secret to the fields of a record.

    value   the octets are the secret              -> {"secret": ...}
    json    an object (RFC 8259)                   -> its texts and numbers, as they are written
    yaml    the same, in YAML
    dotenv  NAME=value lines; nothing is expanded  -> their names and values

What cannot be read is an error that may pass: a file may be half written. The errors say what is wrong
with the form, and never what was in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ostiary.model import Secret
from ostiary.vault.errors import Unavailable

Format = Literal["value", "json", "yaml", "dotenv"]
Fields = Mapping[str, Secret]

SECRET: Final = "secret"  # noqa: S105 - the name of the field, when what is stored is one value
_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*)")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def fields_of(octets: bytes, form: Format) -> Fields:
    """Return the fields that octets of that form hold.

    Raises:
        Unavailable: they are not of that form.
    """
    return _READERS[form](octets)


def without_newline(octets: bytes) -> bytes:
    """Return octets without the one newline that editors leave at the end of a file."""
    return octets.removesuffix(b"\n").removesuffix(b"\r")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of a JSON object.

    Raises:
        ValueError: a name is there twice, and programs would disagree on which counts.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _value(octets: bytes) -> Fields:
    return {SECRET: Secret(octets)}


def _json(octets: bytes) -> Fields:
    try:
        return _texts(json.loads(octets, object_pairs_hook=unique, parse_int=str, parse_float=str))
    except (ValueError, RecursionError):
        pass
    raise Unavailable("what is stored is not a JSON object with each name once")  # its text may hold a secret


def _yaml(octets: bytes) -> Fields:
    try:
        return _texts(YAML(typ="base", pure=True).load(octets))  # every scalar is text: 0123 stays 0123
    except (YAMLError, ValueError, RecursionError):
        pass
    raise Unavailable("what is stored is not a block of YAML with each key once")


def _texts(value: object) -> Fields:
    if not isinstance(value, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - one of the forms that a text can have
    return {name: Secret(text) for name, text in value.items() if isinstance(name, str) and isinstance(text, str)}


def _dotenv(octets: bytes) -> Fields:
    found: dict[str, Secret] = {}
    for number, line in _lines(octets):
        match = _LINE.fullmatch(line)
        text = None if match is None else _unquoted(match[2])
        if match is None or text is None:
            raise Unavailable(f"line {number} of what is stored is not NAME=value")
        if match[1] in found:
            raise Unavailable(f"line {number} of what is stored gives a name for the second time")
        found[match[1]] = Secret(text)
    return found


def _lines(octets: bytes) -> Iterator[tuple[int, str]]:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise Unavailable("what is stored is not UTF-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if (stripped := line.strip()) and not stripped.startswith("#"):
            yield number, stripped


def _unquoted(value: str) -> str | None:
    """Return what a value stands for, or None when its quotes do not close where it ends."""
    if not value.startswith(("'", '"')):
        return value
    quote, inner = value[0], value[1:-1]
    if len(value) == 1 or value[-1] != quote:
        return None
    if quote == "'":
        return inner if quote not in inner else None
    if not re.fullmatch(r'(?:[^"\\]|\\.)*', inner):
        return None
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), inner)


_READERS: Final[dict[Format, Callable[[bytes], Fields]]] = {
    "value": _value,
    "json": _json,
    "yaml": _yaml,
    "dotenv": _dotenv,
}


_KEY: Final = os.urandom(16)


def marked(fields: Fields) -> str:
    """Return a name for a version, for vaults that have none.

    It is a keyed digest: equal for equal fields within this process, and of no use to anybody who would
    guess what is in them.
    """
    digest = hashlib.blake2b(key=_KEY, digest_size=6)
    for name in sorted(fields):
        value = fields[name].reveal()
        digest.update(b"%d:%b%d:%b" % (len(name.encode()), name.encode(), len(value), value))
    return f"unnamed-{digest.hexdigest()}"
