"""The header fields of a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ostiary.errors import BadRequest
from ostiary.reasons import Reason

_JOINTS: Final = b"!#$%&'*+.^_`|~"
"""What a name may hold beside letters, digits and `-` (RFC 9110, section 5.6.2)."""

_FOLD: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" + _JOINTS, b"abcdefghijklmnopqrstuvwxyz" + b"-" * len(_JOINTS)
)


def fold(name: bytes) -> bytes:
    """Return the one spelling under which a header name is compared.

    Case is ignored (RFC 9110, section 5.1), and whatever is neither a letter nor a digit counts as `-`,
    because some upstreams cannot tell them apart: `X_Subject` and, to those that make variables of
    CGI in the old way, `X~Subject` are other spellings of `X-Subject`, and must not pass where that one does not.
    """
    return name.translate(_FOLD)


class Headers:
    """The header fields of a message, in order.

    `fields` holds triples (name as received, folded name, value). Look-ups take folded names.
    """

    __slots__ = ("fields",)

    def __init__(self, fields: list[tuple[bytes, bytes, bytes]] | None = None) -> None:
        self.fields = [] if fields is None else fields

    @classmethod
    def of(cls, pairs: Sequence[tuple[bytes, bytes]]) -> Headers:
        """Make headers from (name, value) pairs."""
        return cls([(name, fold(name), value) for name, value in pairs])

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return ((name, value) for name, _, value in self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def add(self, name: bytes, value: bytes) -> None:
        """Append a field."""
        self.fields.append((name, fold(name), value))

    def get(self, folded: bytes) -> bytes | None:
        """Return the first value of that name, or None."""
        for _, name, value in self.fields:
            if name == folded:
                return value
        return None

    def all(self, folded: bytes) -> list[bytes]:
        """Return every value of that name, in order."""
        return [value for _, name, value in self.fields if name == folded]

    def only(self, folded: bytes) -> bytes | None:
        """Return the value of a field that may stand once, or None when it is absent.

        Raises:
            BadRequest: the field is repeated, in whatever spelling: that is read in two ways.
        """
        found: bytes | None = None
        for _, name, value in self.fields:
            if name == folded:
                if found is not None:
                    raise BadRequest(f"{name.decode()} is repeated", reason=Reason.REQUEST_AMBIGUOUS)
                found = value
        return found
