"""What the cases of `export_cases` need beside the world: certificates, and places where keys are published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.export_cases import BANK, OCTETS, RSA
from tests.support.export_policy import Keys, published
from tests.support.plugin import World
from tests.support.tokens import key_set

from ostiary.pki.files import write_identity


@contextmanager
def furnish_cases(made: World) -> Iterator[Keys]:
    """Put everything there, for as long as the block lasts."""
    for name, uris in (
        ("twice", ["spiffe://example.com/bank/a", "spiffe://example.com/bank/b"]),
        ("dotted", ["spiffe://example.com/bank/../x"]),
    ):
        identity = made.authority.issue_client(cn=name, uris=uris)
        write_identity(made.folder / f"{name}.pem", made.folder / f"{name}.key", identity)
    (made.folder / "jwks.json").write_bytes(key_set(BANK))
    with published(key_set(BANK, RSA, OCTETS)) as keys:
        yield keys
