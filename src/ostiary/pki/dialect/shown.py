"""What a header shows, or why it shows nothing."""

from __future__ import annotations

from dataclasses import dataclass, field


class NotUnderstood(Exception):
    """A header that is there, and is not what its dialect writes. Never to be taken for "no certificate"."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate, as a header shows it.

    Attributes:
        leaf: the certificate, as DER.
        chain: what was shown with it, nearest first, as DER.
    """

    leaf: bytes
    chain: tuple[bytes, ...] = field(default=())
