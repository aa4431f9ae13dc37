"""Does every header that is written have one owner, and can its text be filled in?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.config.draft import Draft
from ostiary.config.nearest import nearest
from ostiary.config.oauth import TokenSpec
from ostiary.config.problem import Problem
from ostiary.config.schema import CookieSpec, HeaderSpec, InjectorSpec, QuerySpec
from ostiary.model import fold

PLACES: Final = (
    *(f"principal.{name}" for name in ("subject", "issuer", "method", "tenant", "environment", "claims.NAME")),
    "request.id",
)
_CLAIM: Final = re.compile(r"principal\.claims\.(.+)", re.DOTALL)
_PARTS: Final = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")


def owners(draft: Draft) -> Iterator[Problem]:
    """Find headers and parameters that two injectors of a route write."""
    for index, route in draft.routes.items():
        first: dict[str, int] = {}
        for position, injector in enumerate(route.inject):
            if first.setdefault(_written(injector), position) != position:
                other = first[_written(injector)]
                line = draft.tree.line(("routes", index, "inject", other))
                message = f"a second injector writes {_written(injector)}"
                yield draft.problem("C313", message, ("routes", index, "inject", position), first=line)


def _written(injector: InjectorSpec) -> str:
    """Return what an injector writes, in the one spelling under which it is compared."""
    match injector.value:
        case HeaderSpec(name=name):
            return f"the header {fold(name.encode()).decode()}"
        case CertificateHeaderSpec(header=str() as name) | TokenSpec(header=name):
            return f"the header {fold(name.encode()).decode()}"
        case CertificateHeaderSpec(dialect=dialect):
            return f"the header of {dialect}"
        case QuerySpec(name=name):
            return f"the parameter {name}"
        case CookieSpec(name=name):
            return f"the cookie {name}"
    return "the header authorization"


def templates(draft: Draft) -> Iterator[Problem]:
    """Find texts that cannot be filled in."""
    for index, route in draft.routes.items():
        for position, injector in enumerate(route.inject):
            text = getattr(injector.value, "value", None)
            path = ("routes", index, "inject", position, injector.kind, "value")
            if text is not None and (wrong := wrong_text(text)):
                message, name = wrong
                meant = nearest(name, PLACES) if name else None
                suggestion = f"{{{meant}}}" if meant else None
                known = ", ".join(PLACES)
                yield draft.problem("C316", message, path, suggestion=suggestion, known=known)


def wrong_text(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a text, and the name in it that is not known, or None."""
    for name, literal, brace in _PARTS.findall(text):
        if brace:
            return "a brace without its other half", ""
        if literal and not re.fullmatch(r"[ -~]*", literal):
            return "only visible ASCII and spaces can be written into a header or a query", ""
        if not literal and name not in PLACES and not _CLAIM.fullmatch(name):
            return f"{{{name}}} is not known", name
    return None
