"""Text with names in braces, filled in from the ticket and the request.

    {principal.subject} {principal.issuer} {principal.method} {principal.tenant} {principal.environment}
    {principal.claims.NAME}     a claim of the verified token, by its exact name, at the top level
    {request.id}

What is filled in was chosen by whoever the caller is, so it is never trusted to be harmless: what is
missing, empty, a list, an object, or has a control character is refused, and the writer encodes the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any, Final

from ostiary.errors import ConfigError, Forbidden
from ostiary.model import Outbound
from ostiary.reasons import Reason

Look = Callable[[Outbound], Any]

_CLAIM: Final = "principal.claims."
_PLACES: Final[dict[str, Look]] = {
    "principal.subject": lambda outbound: outbound.permit.principal.subject,
    "principal.issuer": lambda outbound: outbound.permit.principal.issuer,
    "principal.method": lambda outbound: outbound.permit.principal.method,
    "principal.tenant": lambda outbound: outbound.permit.principal.tenant,
    "principal.environment": lambda outbound: outbound.permit.principal.environment,
    "request.id": lambda outbound: outbound.request.id,
}
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # CTL (RFC 5234, appendix B.1), and lone surrogates
_PARTS: Final = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")


@dataclass(frozen=True, slots=True)
class Place:
    """A name in braces, and how to look it up."""

    name: str
    look: Look

    def text(self, outbound: Outbound) -> str:
        """Return what it stands for.

        Raises:
            Forbidden: nothing that can be passed on safely (reason `injection.unsafe`).
        """
        value = _text(self.look(outbound))
        if not value:
            raise unsafe(f"{{{self.name}}} is missing, empty, or not a single value")
        if _UNSAFE.search(value):
            raise unsafe(f"{{{self.name}}} has a control character or half a character in it")
        return value


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and places, in order."""

    parts: tuple[str | Place, ...]

    def fill(self, outbound: Outbound, encode: Callable[[str], str]) -> str:
        """Return the text with every place filled in; `encode` makes a value fit for where it goes.

        Raises:
            Forbidden: a value cannot be passed on safely (reason `injection.unsafe`).
        """
        return "".join(part if isinstance(part, str) else encode(part.text(outbound)) for part in self.parts)


def compile_template(text: str) -> Template:
    """Return a template.

    Raises:
        ConfigError: an unknown name, a brace without its other half, or a literal that is not visible ASCII.
    """
    parts: list[str | Place] = []
    for name, literal, brace in _PARTS.findall(text):
        if brace:
            raise ConfigError(f"{text!r}: a brace without its other half; names are written {{principal.subject}}")
        parts.append(_literal(literal) if literal else _place(name))
    return Template(tuple(parts))


def unsafe(why: str) -> Forbidden:
    """Return the refusal to pass something on. The text names the place, never the value."""
    return Forbidden(why, reason=Reason.INJECTION_UNSAFE)


def _literal(text: str) -> str:
    if not re.fullmatch(r"[ -~]*", text):
        raise ConfigError(f"{text!r}: only visible ASCII and spaces can be written")
    return text


def _place(name: str) -> Place:
    if name in _PLACES:
        return Place(name, _PLACES[name])
    claim = name.removeprefix(_CLAIM)
    if claim and name.startswith(_CLAIM):
        return Place(name, lambda outbound: outbound.permit.principal.claims.get(claim))
    known = [*_PLACES, f"{_CLAIM}NAME"]
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {{{close[0]}}}?" if close else ""
    raise ConfigError(f"{{{name}}} is not known{hint} There are: {', '.join(known)}")


def _text(value: Any) -> str:
    """Return a single value as text: strings as they are, numbers and booleans as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return json.dumps(value)
    return ""
