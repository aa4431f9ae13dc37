"""What is revoked, as values: tokens, everything that a subject was given before a moment, certificates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from ostiary.model import Certificate, Principal
from ostiary.reasons import Reason

Kind: TypeAlias = Literal["token", "subject", "certificate", "serial"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
REASONS: Final[Mapping[Kind, Reason]] = {
    "token": Reason.TOKEN_REVOKED,
    "subject": Reason.SUBJECT_REVOKED,
    "certificate": Reason.CERTIFICATE_REVOKED,
    "serial": Reason.CERTIFICATE_REVOKED,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is revoked.

    Attributes:
        kind: what it is.
        mark: the keyed digest of its name, which says nobody who it is.
        made: when it was revoked, epoch seconds.
        until: when nothing of it can count any more, epoch seconds.
        before: of a subject: what was issued before this moment does not count, epoch seconds; None: nothing does.
        note: what the operator has written beside it.
    """

    kind: Kind
    mark: str
    made: float
    until: float
    before: float | None = None
    note: str = ""

    @property
    def id(self) -> str:
        """By which it is called."""
        return f"{self.kind}-{self.mark[:16]}"

    def written(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))


def read_entry(text: bytes) -> Entry:
    """Return what was written.

    Raises:
        ValueError: it is none.
    """
    said = json.loads(text)
    try:
        entry = Entry(**said)
        times = [entry.made, entry.until, 0.0 if entry.before is None else entry.before]
        sound = entry.kind in KINDS and isinstance(entry.mark, str) and isinstance(entry.note, str)
    except TypeError as error:
        raise ValueError("not an entry") from error
    if not sound or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in times):
        raise ValueError("not an entry")
    return entry


def token_name(issuer: str, identifier: str) -> bytes:
    """Return the name of a token: its `iss` and its `jti`."""
    return f"{issuer}\0{identifier}".encode("utf-8", "surrogatepass")


def subject_name(issuer: str, subject: str) -> bytes:
    """Return the name of a subject: who vouches for it (`iss`, or an authority's name, RFC 4514), and its own."""
    return f"{issuer}\0{subject}".encode("utf-8", "surrogatepass")


def serial_name(issuer: str, serial: int) -> bytes:
    """Return the name of a certificate by its issuer (RFC 4514) and its serial number."""
    return f"{issuer}\0{serial:x}".encode()


def names_of(principal: Principal, certificate: Certificate | None) -> Iterator[tuple[Kind, bytes, Any]]:
    """Return under which names somebody could be revoked: kind, name, and when the evidence was issued.

    Args:
        principal: who was proven, with the others of an `all:`.
        certificate: the certificate of the connection, whether it proves somebody or not.
    """
    for one in (principal, *principal.others.values()):
        claims = one.claims
        issuer, issued = claims.get("iss"), claims.get("iat")
        if isinstance(issuer, str) and isinstance(identifier := claims.get("jti"), str):
            yield "token", token_name(issuer, identifier), issued
        yield "subject", subject_name(issuer if isinstance(issuer, str) else one.issuer, one.subject), issued
    for shown in {id(one): one for one in (principal.certificate, certificate) if one is not None}.values():
        yield "certificate", shown.thumbprint.encode(), None
        yield "serial", serial_name(shown.issuer, shown.serial), None


def refuses(entry: Entry, issued: Any) -> bool:
    """Whether an entry is about evidence of that age. What does not say when it was issued is as old as can be."""
    if entry.before is None or isinstance(issued, bool) or not isinstance(issued, int | float):
        return True
    return not issued >= entry.before
