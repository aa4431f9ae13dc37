"""Does every header that is written have one owner, and can its text be filled in?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Final

from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.config.draft import Draft
from ostiary.config.identity import CustomSpec
from ostiary.config.nearest import nearest
from ostiary.config.problem import Path, Problem
from ostiary.config.schema import CookieSpec, InjectorSpec, QuerySpec
from ostiary.model import fold

PLACES: Final = (
    *(f"principal.{name}" for name in ("subject", "issuer", "method", "tenant", "environment", "claims.NAME")),
    "request.id",
)
GROUP: Final = "ostiary.injectors"
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
        case QuerySpec(name=name):
            return f"the parameter {name}"
        case CookieSpec(name=name):
            return f"the cookie {name}"
        case CustomSpec(name=name):
            return f"the headers of the plug-in {name}"
        case CertificateHeaderSpec(header=None, dialect=dialect):
            return f"the header of {dialect}"
        case other:
            header = str(getattr(other, "header", None) or getattr(other, "name", "Authorization"))
            return f"the header {fold(header.encode()).decode()}"


def templates(draft: Draft) -> Iterator[Problem]:
    """Find texts that cannot be filled in."""
    for index, route in draft.routes.items():
        for position, injector in enumerate(route.inject):
            where: Path = ("routes", index, "inject", position, injector.kind)
            for path, text in _texts(injector, where):
                if wrong := wrong_text(text):
                    yield _unfit(draft, path, *wrong)
                elif injector.identity is not None and "{request." in text:
                    message = "a token is about a caller, and is used for many requests"
                    yield draft.problem("C316", message, path)


def _texts(injector: InjectorSpec, path: Path) -> Iterator[tuple[Path, str]]:
    """Return the texts of an injector that are filled in."""
    text = getattr(injector.value, "value", None)
    if text is not None:
        yield (*path, "value"), text
    if injector.identity is not None:
        yield from (((*path, "claims", claim), text) for claim, text in injector.identity.claims.items())


def _unfit(draft: Draft, path: Path, message: str, name: str) -> Problem:
    meant = nearest(name, PLACES) if name else None
    suggestion = f"{{{meant}}}" if meant else None
    return draft.problem("C316", message, path, suggestion=suggestion, known=", ".join(PLACES))


def plugins(draft: Draft) -> Iterator[Problem]:
    """Find plug-ins that are not installed."""
    for index, route in draft.routes.items():
        for position, injector in enumerate(route.inject):
            if injector.custom is None:
                continue
            installed = sorted(entry_points(group=GROUP).names)
            if injector.custom.name not in installed:
                message = f"no plug-in {injector.custom.name!r} is installed"
                path: Path = ("routes", index, "inject", position, "custom", "name")
                meant = nearest(injector.custom.name, tuple(installed))
                yield draft.problem("C358", message, path, suggestion=meant, known=", ".join(installed) or "none")


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
