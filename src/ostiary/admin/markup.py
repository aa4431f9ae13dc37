"""HTML, as far as one page needs it: whatever is no markup of ours is text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final


class Markup(str):
    """Text that is HTML already. Only `element` makes it."""

    __slots__ = ()


_EMPTY: Final = frozenset(("meta", "link"))  # elements that have no end tag


def element(tag: str, /, *content: str | Iterable[str], **attributes: str) -> Markup:
    """Return an element.

    Args:
        tag: its name; ours, never anybody else's.
        content: other elements, and texts, which are escaped.
        attributes: their values are escaped; `_` at the end of a name is left out, other ones are `-`.
    """
    said = "".join(f' {_name(key)}="{escape(value)}"' for key, value in attributes.items())
    if tag in _EMPTY:
        return Markup(f"<{tag}{said}>")
    return Markup(f"<{tag}{said}>{''.join(map(_text, _flat(content)))}</{tag}>")


def _flat(content: Iterable[str | Iterable[str]]) -> Iterable[str]:
    for one in content:
        if isinstance(one, str):
            yield one
        else:
            yield from one


def _text(one: str) -> str:
    return one if isinstance(one, Markup) else escape(one)


def _name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")
